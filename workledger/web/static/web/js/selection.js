// Rows are picked with their box, with space on a focused row, with shift for a run, all by the head; the bar offers what can be done.
let last = null;

const picksOf = (table) => [...table.querySelectorAll("[data-pick]:not(:disabled)")];

function show(table) {
  const picks = picksOf(table);
  const chosen = picks.filter((pick) => pick.checked);
  for (const pick of picks) pick.closest("tr").setAttribute("aria-selected", String(pick.checked));
  const all = table.querySelector("[data-pick-all]");
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === picks.length;
    all.indeterminate = chosen.length > 0 && chosen.length < picks.length;
  }
  const bar = table.closest("form")?.querySelector("[data-selection-bar]");
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  bar.querySelector("[data-selection-count]").textContent = `${chosen.length} selected`;
}

function pick(table, box, checked, run) {
  const picks = picksOf(table);
  const [from, to] = [picks.indexOf(run ? last : box), picks.indexOf(box)].sort((a, b) => a - b);
  for (const each of picks.slice(Math.max(from, 0), to + 1)) each.checked = checked;
  last = box;
  show(table);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-pick], [data-pick-all]");
  const table = (box ?? event.target).closest?.("table[data-select]");
  if (box?.matches("[data-pick-all]")) {
    for (const each of picksOf(table)) each.checked = box.checked;
    show(table);
  } else if (box) {
    pick(table, box, box.checked, event.shiftKey && last && table.contains(last));
  } else if (event.target.closest("[data-selection-clear]")) {
    const cleared = event.target.closest("form").querySelector("table[data-select]");
    for (const each of picksOf(cleared)) each.checked = false;
    show(cleared);
  }
});
document.addEventListener("keydown", (event) => {
  const row = event.target;
  if (event.key !== " " || !(row instanceof HTMLTableRowElement)) return;
  const box = row.querySelector("[data-pick]:not(:disabled)");
  if (!box) return;
  event.preventDefault();
  pick(row.closest("table"), box, !box.checked, event.shiftKey && last);
});
document.querySelectorAll("table[data-select]").forEach(show);
