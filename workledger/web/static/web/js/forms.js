// Forms: Ctrl-Enter sends, a second press does not send twice, leaving with changes asks, the first problem has the focus.
const changed = new Set();

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("form");
  if (form?.method !== "post") return;
  event.preventDefault();
  form.requestSubmit();
});
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form.form");
  if (form) changed.add(form);
});
document.addEventListener("submit", (event) => {
  changed.delete(event.target);
  const button = event.submitter ?? event.target.querySelector('[type="submit"]');
  if (event.defaultPrevented || event.target.method !== "post" || !button) return;
  if (button.getAttribute("aria-busy") === "true") event.preventDefault();
  button.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll('.button[aria-busy="true"]:not([data-shown])').forEach((button) => button.removeAttribute("aria-busy"));
});
window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});
document.querySelector("[data-focus]")?.focus();
