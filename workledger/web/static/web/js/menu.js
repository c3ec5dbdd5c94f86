// Menus are popovers; this places them by their button and moves among their items with the arrow keys.
const MARGIN = 8;

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const room = document.documentElement.clientWidth - MARGIN;
  const left = at.left + width > room ? at.right - width : at.left;
  const below = at.bottom + 4;
  const top = below + height > window.innerHeight - MARGIN && at.top > height ? at.top - height - 4 : below;
  menu.style.left = `${Math.max(MARGIN, Math.min(left, room - width))}px`;
  menu.style.top = `${Math.max(MARGIN, top)}px`;
}

export const buttonOf = (menu) => document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!(menu instanceof HTMLElement) || !menu.classList.contains("menu")) return;
  const button = buttonOf(menu);
  button?.setAttribute("aria-expanded", String(event.newState === "open"));
  if (event.newState !== "open" || !button) return;
  place(menu, button);
  menu.querySelector(".menu-item:not(:disabled)")?.focus({ preventScroll: true });
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu:popover-open");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const items = [...menu.querySelectorAll(".menu-item:not(:disabled)")];
  const now = items.indexOf(document.activeElement);
  const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 }[event.key];
  items.at(next % items.length)?.focus();
  event.preventDefault();
});
document.addEventListener("scroll", (event) => {
  const open = document.querySelector(".menu:popover-open");
  if (open && !open.contains(event.target)) open.hidePopover();
}, { capture: true, passive: true });
