// The column chooser: heads with data-col can be chosen away; the choice is kept on this device by the table's id.
import { keep, recall } from "./storage.js";

const keyOf = (block) => `workledger.columns.${block.dataset.table}`;
const hiddenOf = (block) => new Set((recall(keyOf(block)) ?? "").split(",").filter(Boolean));

function apply(block) {
  const hidden = hiddenOf(block);
  const heads = [...block.querySelectorAll("thead tr:last-child > *")];
  const gone = heads.map((head) => hidden.has(head.dataset.col ?? ""));
  for (const row of block.querySelectorAll("tr")) {
    let at = 0;
    for (const cell of row.cells) {
      const span = Number(cell.dataset.span ?? cell.colSpan);
      if (span > 1) {
        cell.dataset.span = span;
        cell.colSpan = Math.max(1, span - gone.slice(at, at + span).filter(Boolean).length);
      } else {
        cell.hidden = gone[at] ?? false;
      }
      at += span;
    }
  }
}

function arm(scope) {
  for (const list of scope.querySelectorAll?.("[data-columns-list]:empty") ?? []) {
    const block = list.closest("[data-table]");
    for (const head of block.querySelectorAll("thead [data-col]")) {
      const item = document.createElement("label");
      item.className = "menu-item";
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: !hiddenOf(block).has(head.dataset.col) });
      box.dataset.column = head.dataset.col;
      item.append(box, head.textContent.trim());
      list.append(item);
    }
    apply(block);
  }
}

document.addEventListener("change", (event) => {
  const box = event.target.closest?.("[data-column]");
  if (!box) return;
  const block = box.closest("[data-table]");
  const hidden = hiddenOf(block);
  if (box.checked) hidden.delete(box.dataset.column);
  else hidden.add(box.dataset.column);
  keep(keyOf(block), [...hidden].join(","));
  apply(block);
});
document.addEventListener("htmx:load", (event) => arm(event.target));
arm(document);
