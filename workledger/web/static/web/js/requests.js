// The CSRF token for htmx and fetch, and words for requests that fail.
import { toast } from "./toast.js";

export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
document.addEventListener("htmx:sendError", () => {
  toast({ message: "No connection. Nothing was changed; try again when you are back online.", tone: "warn" });
});
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const message =
    status === 403 ? "You may not do this, or your sign-in has ended. Reload the page and try again."
    : status === 404 ? "This is no longer here. Reload the page."
    : "That did not work and nothing was changed. Try again in a moment.";
  toast({ message, tone: "bad" });
});
