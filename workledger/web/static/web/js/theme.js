// Light, dark or as the system, remembered on this device.
import { forget, keep, recall } from "./storage.js";

const KEY = "workledger.theme";

function show() {
  const theme = recall(KEY) ?? "auto";
  for (const choice of document.querySelectorAll("[data-theme-set]")) {
    choice.setAttribute("aria-checked", String(choice.dataset.themeSet === theme));
  }
}

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-theme-set]")?.dataset.themeSet;
  if (!theme) return;
  if (theme === "auto") {
    forget(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    keep(KEY, theme);
    document.documentElement.dataset.theme = theme;
  }
  show();
  document.dispatchEvent(new CustomEvent("themechange"));
});
show();
