// Lists that are typed row by row: add, remove and move rows without losing what was typed. The server counts rows in the
// order of the page, so that a new row needs only a number no other has.
let next = 1000;

const rowsOf = (place) => [...place.querySelector("[data-rows-list]").children];

function tell(place, words) {
  place.querySelector("[data-rows-said]").textContent = words;
  place.dispatchEvent(new CustomEvent("rows-changed", { bubbles: true }));
  place.dispatchEvent(new Event("input", { bubbles: true })); // the form has changes
}

function add(place, after = null) {
  const made = place.querySelector("template[data-rows-new]").content.cloneNode(true).firstElementChild;
  next += 1;
  for (const each of [made, ...made.querySelectorAll("*")]) {
    for (const { name, value } of [...each.attributes]) {
      if (value.includes(".new.")) each.setAttribute(name, value.replaceAll(".new.", `.${next}.`));
    }
  }
  if (after) after.after(made);
  else place.querySelector("[data-rows-list]").append(made);
  made.querySelector("input, select")?.focus();
  tell(place, `Added row ${rowsOf(place).indexOf(made) + 1} of ${rowsOf(place).length}.`);
}

function remove(place, row) {
  const beside = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (beside?.querySelector("[data-row-remove]") ?? place.querySelector("[data-rows-add]")).focus();
  tell(place, "Removed the row.");
}

function move(place, row, step, focused) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (step < 0) other.before(row);
  else other.after(row);
  focused.focus();
  tell(place, `Moved to row ${rowsOf(place).indexOf(row) + 1} of ${rowsOf(place).length}.`);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-rows-add], [data-row-remove], [data-row-move]");
  if (!button) return;
  const place = button.closest("[data-typed-rows]");
  const row = button.closest("[data-typed-row]");
  if (button.matches("[data-rows-add]")) add(place);
  else if (button.matches("[data-row-remove]")) remove(place, row);
  else move(place, row, Number(button.dataset.rowMove), button);
});
document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-typed-row]");
  if (!row || event.ctrlKey || event.metaKey) return;
  const place = row.closest("[data-typed-rows]");
  if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    add(place, row);
  } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    move(place, row, event.key === "ArrowUp" ? -1 : 1, event.target);
  }
});
