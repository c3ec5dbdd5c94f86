// The note of a cell, in a popover beside it; leaving it keeps what was written, Esc as well, and so does leaving the page.
export class NotePopover {
  constructor(element, keep) {
    this.element = element;
    this.keep = keep;
    this.cell = null;
    if (!element) return;
    this.words = element.querySelector("textarea");
    // Kept as it closes, not after: 'toggle' comes later, and only once when another cell's note is opened meanwhile.
    element.addEventListener("beforetoggle", (event) => event.newState === "closed" && this.keepWords());
    element.addEventListener("toggle", (event) => event.newState === "closed" && this.closed());
    window.addEventListener("pagehide", () => this.keepWords());
    element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) element.hidePopover();
      event.stopPropagation();
    });
    element.querySelector("[data-note-done]").addEventListener("click", () => element.hidePopover());
  }

  open(cell, from) {
    if (!this.element) return;
    if (this.element.matches(":popover-open")) this.element.hidePopover();
    this.cell = cell;
    this.from = from;
    this.words.value = cell.dataset.note ?? "";
    this.words.readOnly = Boolean(cell.dataset.locked);
    this.element.querySelector("[data-note-of]").textContent = cell.querySelector("input").getAttribute("aria-label");
    this.element.showPopover();
    const at = cell.getBoundingClientRect();
    const { width, height } = this.element.getBoundingClientRect();
    const below = at.bottom + 4 + height < window.innerHeight;
    this.element.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
    this.element.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
    this.words.focus();
  }

  keepWords() {
    if (this.cell && !this.cell.dataset.locked) this.keep(this.cell, this.words.value.trim());
  }

  closed() {
    const { cell, from } = this;
    this.cell = null;
    if (cell) (from?.isConnected ? from : cell.querySelector("input")).focus();
  }
}
