// The rail: folded to icons on a desk, a sheet on a phone.
import { forget, keep } from "./storage.js";

const root = document.documentElement;

function open(opened) {
  root.toggleAttribute("data-rail-open", opened);
  const toggle = document.querySelector("[data-rail-toggle]");
  toggle?.setAttribute("aria-expanded", String(opened));
  if (opened) document.querySelector(".rail-nav .rail-link")?.focus();
  else toggle?.focus();
}

function label() {
  const word = document.querySelector("[data-rail-fold] .rail-word");
  const narrow = root.dataset.rail === "narrow";
  document.querySelector("[data-rail-fold]")?.setAttribute("title", narrow ? "Expand" : "Collapse");
  if (word) word.textContent = narrow ? "Expand" : "Collapse";
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-rail-fold]")) {
    if (root.dataset.rail === "narrow") {
      delete root.dataset.rail;
      forget("workledger.rail");
    } else {
      root.dataset.rail = "narrow";
      keep("workledger.rail", "narrow");
    }
    label();
  } else if (event.target.closest("[data-rail-toggle]")) {
    open(!root.hasAttribute("data-rail-open"));
  } else if (event.target.closest("[data-rail-close]")) {
    open(false);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root.hasAttribute("data-rail-open")) open(false);
});
label();
