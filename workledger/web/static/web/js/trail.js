// Every figure opens: a click or Enter on a.figure loads its trail into the panel; Esc closes and the focus returns.
// With a modifier key, or without scripts, the link opens as a page.
const panel = document.getElementById("trail");
let opener = null;
let visited = [];
let wanted = 0;

function fill(templateId) {
  panel.replaceChildren(document.getElementById(templateId).content.cloneNode(true));
}

function mark(figure) {
  document.querySelectorAll('.figure[aria-expanded="true"]').forEach((open) => open.removeAttribute("aria-expanded"));
  figure?.setAttribute("aria-expanded", "true");
}

async function show(address) {
  const turn = ++wanted;
  panel.hidden = false;
  const slow = setTimeout(() => fill("trail-loading"), panel.childElementCount ? 200 : 0);
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Target": "trail" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    if (turn !== wanted) return;
    clearTimeout(slow);
    panel.innerHTML = text;
    window.htmx?.process(panel);
  } catch {
    if (turn !== wanted) return;
    clearTimeout(slow);
    fill("trail-failed");
    panel.querySelector("[data-trail-page]")?.setAttribute("href", address);
  }
  panel.scrollTop = 0;
  const back = panel.querySelector("[data-trail-back]");
  if (back) back.hidden = visited.length < 2;
  panel.querySelector("[data-trail-title]")?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("trail:shown", { detail: { address } }));
}

function close() {
  if (!panel || panel.hidden) return;
  wanted += 1;
  panel.hidden = true;
  panel.replaceChildren();
  visited = [];
  mark(null);
  if (opener?.isConnected) opener.focus();
  opener = null;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-trail-close]")) return close();
  if (event.target.closest("[data-trail-back]")) {
    visited.pop();
    return void show(visited.at(-1));
  }
  const figure = event.target.closest("a.figure[href]");
  if (!figure || !panel || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const inside = panel.contains(figure);
  if (!inside && figure === opener) return close();
  if (!inside) {
    opener = figure;
    visited = [];
    mark(figure);
  }
  const address = figure.getAttribute("href"); // in a drawing, .href is no text
  visited.push(address);
  show(address);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]:not([data-shown]), [popover]:popover-open")) return;
  close();
});
