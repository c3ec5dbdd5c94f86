// What happened, in a sentence, with Undo where the act has an inverse. Pages send it by an HX-Trigger header `toast`.
const STAY_MS = 6000;

function settle(element) {
  let timer = setTimeout(() => element.remove(), STAY_MS);
  const hold = () => clearTimeout(timer);
  const release = () => { timer = setTimeout(() => element.remove(), STAY_MS / 2); };
  for (const [begin, end] of [["pointerenter", "pointerleave"], ["focusin", "focusout"]]) {
    element.addEventListener(begin, hold);
    element.addEventListener(end, release);
  }
}

export function toast({ message, tone = "good", undo = "" }) {
  const region = document.getElementById("toasts");
  const blank = document.getElementById("toast-blank");
  if (!region || !blank) return;
  const element = blank.content.firstElementChild.cloneNode(true);
  element.dataset.tone = tone;
  element.querySelector("p").textContent = message;
  if (undo) element.querySelector("[data-toast-close]").before(undoForm(undo));
  region.append(element);
  if (tone !== "bad") settle(element);
}

function undoForm(address) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  const token = document.createElement("input");
  token.type = "hidden";
  token.name = "csrfmiddlewaretoken";
  token.value = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const button = document.createElement("button");
  button.className = "button button-quiet toast-undo";
  button.textContent = "Undo";
  form.append(token, button);
  return form;
}

document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest(".toast").remove());
document.addEventListener("toast", (event) => toast(event.detail));
document.querySelectorAll("#toasts > .toast:not([data-tone=bad])").forEach(settle);
