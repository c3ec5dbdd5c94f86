// A table wider than its place scrolls inside it, with head and first column standing; arrow keys move among rows, Enter opens.
const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => measure(target)));

function measure(place) {
  const table = place.firstElementChild;
  place.toggleAttribute("data-wide", table.scrollWidth > place.clientWidth + 1);
  if (place.hasAttribute("data-wide")) place.tabIndex = 0;
  else place.removeAttribute("tabindex");
}

function arm(scope) {
  for (const place of scope.querySelectorAll?.(".table-scroll") ?? []) watch.observe(place);
  for (const body of scope.querySelectorAll?.("table.data tbody") ?? []) {
    const first = body.querySelector("tr:not(.group, .subtotal)");
    if (first && !body.parentElement.querySelector("tbody tr[tabindex]")) first.tabIndex = 0;
  }
}

const rowsOf = (table) => [...table.querySelectorAll("tbody tr:not(.group, .subtotal)")].filter((row) => row.offsetParent);

function moveTo(row, from) {
  from?.removeAttribute("tabindex");
  row.tabIndex = 0;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const row = event.target;
  if (!(row instanceof HTMLTableRowElement) || !row.closest("table.data")) return;
  const rows = rowsOf(row.closest("table"));
  const now = rows.indexOf(row);
  const next = { ArrowDown: now + 1, j: now + 1, ArrowUp: now - 1, k: now - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (next !== undefined && rows[next]) {
    moveTo(rows[next], row);
    event.preventDefault();
  } else if (event.key === "Enter") {
    row.querySelector("[data-open], th[scope=row] a, a.doc")?.click();
    event.preventDefault();
  }
});
document.addEventListener("htmx:load", (event) => arm(event.target));
arm(document);
