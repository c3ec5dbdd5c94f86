// The week grid. Cells are typed into and saved as typed; arrows and Enter move; N opens the note; nothing typed is lost.
import { readHours, showHours } from "./hours.js";
import { NotePopover } from "./note.js";
import { Outbox } from "./outbox.js";

const PAUSE_MS = 900;
const FRESH_MS = 1500;
const inputOf = (cell) => cell.querySelector("input");
const placeOf = (cell) => `${cell.dataset.line}|${cell.dataset.date}`;

class TimeGrid {
  constructor(root) {
    this.root = root;
    this.mark = root.dataset.mark || ".";
    this.message = root.querySelector("[data-grid-message]");
    this.timers = new Map();
    this.note = new NotePopover(root.querySelector("[data-note-popover]"), (cell, words) => this.keepNote(cell, words));
    this.outbox = new Outbox(`workledger.week.${root.dataset.owner ?? ""}.`, (...told) => this.told(...told));
    this.listen();
    this.showDay(root.querySelector("[data-day-pick][data-today]") ?? root.querySelector("[data-day-pick]"));
    this.restore();
  }

  cells() { return [...this.root.querySelectorAll("[data-cell]")]; }
  cellAt(place) { return this.cells().find((cell) => placeOf(cell) === place); }

  listen() {
    const { root } = this;
    root.addEventListener("focusin", (event) => this.entered(event.target.closest("[data-cell]"), event.target));
    root.addEventListener("input", (event) => this.typed(event.target.closest("[data-cell]")));
    root.addEventListener("change", (event) => this.leave(event.target.closest("[data-cell]")));
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("click", (event) => {
      const noteButton = event.target.closest("[data-note-open]");
      if (noteButton) this.note.open(noteButton.closest("[data-cell]"), noteButton);
      const day = event.target.closest("[data-day-pick]");
      if (day) this.showDay(day);
    });
    root.addEventListener("combobox:take", (event) => this.addRow(event.detail, event.target));
    window.addEventListener("pagehide", () => this.keepTyped());
  }

  entered(cell, target) {
    if (!cell || target !== inputOf(cell)) return;
    target.select();
    this.say(cell);
  }

  // --- saving ---------------------------------------------------------------------------------------------------
  typed(cell) {
    if (!cell || cell.dataset.locked) return;
    clearTimeout(this.timers.get(cell));
    const seconds = readHours(inputOf(cell).value);
    if (!Number.isNaN(seconds)) this.timers.set(cell, setTimeout(() => this.save(cell), PAUSE_MS));
  }

  leave(cell) {
    if (!cell || cell.dataset.locked) return;
    if (Number.isNaN(readHours(inputOf(cell).value))) {
      clearTimeout(this.timers.get(cell));
      this.outbox.drop(placeOf(cell));
      cell.dataset.typo = "";
      this.state(cell, "refused", `“${inputOf(cell).value}” is not understood. Write hours as 1.5, 1:30 or 90m; a day has 24.`);
      return;
    }
    this.save(cell);
    this.show(cell);
  }

  save(cell) {
    clearTimeout(this.timers.get(cell));
    const seconds = readHours(inputOf(cell).value);
    const before = cell.dataset.seconds ? Number(cell.dataset.seconds) : null;
    const typo = "typo" in cell.dataset;
    delete cell.dataset.typo;
    if ((seconds || null) === (before || null)) {
      if (typo) this.state(cell, "saved");
      return;
    }
    cell.dataset.seconds = seconds ?? "";
    this.put(cell);
  }

  // A note goes with the hours that stand in its cell, saved or not: the outbox sends it behind a save that is under way.
  keepNote(cell, words) {
    if ((cell.dataset.note ?? "") === words) return;
    cell.dataset.note = words;
    const seconds = this.isTyped(cell) ? readHours(inputOf(cell).value) : null;
    if (seconds) cell.dataset.seconds = seconds;
    if (cell.dataset.seconds) this.put(cell);
    else this.state(cell, cell.dataset.state ?? "", "The note is kept once the cell has hours.");
  }

  keepTyped() {
    const cell = document.activeElement?.closest("[data-cell]");
    if (cell && this.isTyped(cell) && !Number.isNaN(readHours(inputOf(cell).value))) this.save(cell);
  }

  put(cell) {
    clearTimeout(this.timers.get(cell));
    const seconds = cell.dataset.seconds ? Number(cell.dataset.seconds) : null;
    this.outbox.put(placeOf(cell), cell.dataset.url ?? this.root.dataset.url, {
      task_id: Number(cell.dataset.line),
      date: cell.dataset.date,
      hours: seconds ? String(Number((seconds / 3600).toFixed(6))) : null,
      note: cell.dataset.note ?? "",
    });
  }

  told(place, state, detail) {
    const cell = this.cellAt(place);
    if (cell) {
      if (state === "saved") {
        cell.dataset.seconds = detail.seconds || "";
        cell.dataset.fresh = "";
        setTimeout(() => delete cell.dataset.fresh, FRESH_MS);
        if (document.activeElement !== inputOf(cell)) this.show(cell);
      }
      this.state(cell, state, state === "refused" ? detail.map((problem) => problem.message).join(" ") : "");
    }
    this.overall();
  }

  state(cell, state, message = "") {
    cell.dataset.state = state;
    cell.dataset.message = message;
    this.total();
    inputOf(cell).toggleAttribute("aria-invalid", state === "refused");
    if (state === "refused" || cell.contains(document.activeElement)) this.say(cell);
    this.overall();
  }

  restore() {
    for (const [place, change] of this.outbox.waiting) {
      const cell = this.cellAt(place);
      if (!cell) continue;
      cell.dataset.seconds = change.body.hours ? Math.round(Number(change.body.hours) * 3600) : "";
      cell.dataset.note = change.body.note ?? "";
      this.show(cell);
      this.state(cell, "offline");
    }
    this.total();
    this.overall();
    this.outbox.send();
  }

  // --- showing --------------------------------------------------------------------------------------------------
  shown(cell) { return cell.dataset.seconds ? showHours(Number(cell.dataset.seconds), this.mark) : ""; }
  isTyped(cell) { return !cell.dataset.locked && inputOf(cell).value !== this.shown(cell); }
  show(cell) { inputOf(cell).value = this.shown(cell); }

  total() {
    const sums = { row: new Map(), day: new Map(), week: 0 };
    for (const cell of this.cells()) {
      const seconds = cell.dataset.state === "refused" ? 0 : Number(cell.dataset.seconds || 0);
      sums.row.set(cell.dataset.line, (sums.row.get(cell.dataset.line) ?? 0) + seconds);
      sums.day.set(cell.dataset.date, (sums.day.get(cell.dataset.date) ?? 0) + seconds);
      sums.week += seconds;
    }
    const write = (element, seconds) => { element.textContent = seconds ? showHours(seconds, this.mark) : "–"; };
    for (const each of this.root.querySelectorAll("[data-row-total]")) write(each, sums.row.get(each.dataset.rowTotal));
    for (const each of this.root.querySelectorAll("[data-day-total]")) write(each, sums.day.get(each.dataset.dayTotal));
    for (const each of this.root.querySelectorAll("[data-week-total]")) write(each, sums.week);
  }

  say(cell) {
    const words = cell.dataset.locked || cell.dataset.message
      || (cell.dataset.state === "offline" ? "Kept on this device. It is sent when the connection is back." : "")
      || (cell.dataset.note ? `Note: ${cell.dataset.note}` : "");
    this.message.textContent = words;
    this.message.dataset.tone = cell.dataset.state === "refused" ? "bad" : cell.dataset.state === "offline" ? "warn" : "";
  }

  overall() {
    const place = this.root.querySelector("[data-grid-state]");
    if (!place) return;
    const count = (state) => this.cells().filter((cell) => cell.dataset.state === state).length;
    const [offline, saving, refused] = ["offline", "saving", "refused"].map(count);
    const waiting = Math.max(this.outbox?.waiting.size ?? 0, offline);
    const changes = waiting === 1 ? "1 change" : `${waiting} changes`;
    place.dataset.state = refused ? "refused" : offline ? "offline" : saving ? "saving" : "saved";
    place.textContent = refused ? `${refused} not saved` : offline ? `Offline: ${changes} kept on this device` : saving ? "Saving…" : "All saved";
  }

  showDay(button) {
    if (!button) return;
    for (const each of this.root.querySelectorAll("[data-day-pick]")) each.setAttribute("aria-pressed", String(each === button));
    for (const each of this.root.querySelectorAll("[data-date], [data-day-total]")) {
      each.toggleAttribute("data-shown-day", (each.dataset.date ?? each.dataset.dayTotal) === button.dataset.dayPick);
    }
  }

  // --- moving ---------------------------------------------------------------------------------------------------
  key(event) {
    const cell = event.target.closest("[data-cell]");
    const input = event.target;
    if (!cell || input !== inputOf(cell)) return;
    const { key, shiftKey, altKey, ctrlKey, metaKey } = event;
    if (altKey || ctrlKey || metaKey) return;
    const whole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
    const at = { ArrowLeft: whole || input.selectionEnd === 0, ArrowRight: whole || input.selectionStart === input.value.length };
    if (key === "Enter") this.step(cell, shiftKey ? -1 : 1, 0);
    else if (key === "ArrowUp" || key === "ArrowDown") this.step(cell, key === "ArrowUp" ? -1 : 1, 0);
    else if (at[key] && !shiftKey) this.step(cell, 0, key === "ArrowLeft" ? -1 : 1);
    else if (key === "Escape") { this.show(cell); input.select(); }
    else if (key.toLowerCase() === "n" && !cell.dataset.locked) this.note.open(cell, input);
    else return;
    event.preventDefault();
  }

  step(cell, rows, columns) {
    const lines = [...this.root.querySelectorAll("tbody tr")].filter((row) => row.querySelector("[data-cell]"));
    const row = lines[lines.indexOf(cell.parentElement) + rows];
    const column = [...cell.parentElement.querySelectorAll("[data-cell]")].indexOf(cell) + columns;
    const next = row?.querySelectorAll("[data-cell]")[column];
    if (next) inputOf(next).focus();
    else if (rows) this.leave(cell);
  }

  addRow({ value, label }, box) {
    const search = box.querySelector('[role="combobox"]');
    let row = this.root.querySelector(`tr[data-row="${CSS.escape(value)}"]`);
    if (!row) {
      row = this.root.querySelector("[data-row-blank]").content.firstElementChild.cloneNode(true);
      row.dataset.row = value;
      const hint = [...box.querySelectorAll(".option")].find((option) => option.dataset.value === value)?.lastElementChild.textContent ?? "";
      row.querySelector("[data-row-task]").textContent = label;
      row.querySelector("[data-row-project]").textContent = hint;
      row.querySelector("[data-row-total]").dataset.rowTotal = value;
      for (const cell of row.querySelectorAll("[data-cell]")) {
        cell.dataset.line = value;
        inputOf(cell).setAttribute("aria-label", `${label}, ${inputOf(cell).getAttribute("aria-label")}`);
      }
      this.root.querySelector("tbody[data-rows]").append(row);
      this.showDay(this.root.querySelector('[data-day-pick][aria-pressed="true"]'));
      this.total();
    }
    search.value = "";
    inputOf(row.querySelector("[data-cell][data-today]") ?? row.querySelector("[data-cell]")).focus();
  }
}

const grids = new WeakSet();
function arm(scope) {
  for (const root of scope.querySelectorAll?.("[data-timegrid]") ?? []) {
    if (grids.has(root)) continue;
    grids.add(root);
    new TimeGrid(root);
  }
}
document.addEventListener("htmx:load", (event) => arm(event.target));
arm(document);
