// The WIP workbench: letters act on the chosen rows, or on the row one stands on; the bar says what the chosen rows come to.
const hours = (seconds) => new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(seconds / 3600);
const money = (amount, currency) => new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency }).format(amount);

function sum(bench) {
  const place = bench.querySelector("[data-selection-sums]");
  if (!place) return;
  const amounts = new Map();
  let seconds = 0;
  for (const pick of bench.querySelectorAll("[data-pick]:checked")) {
    const { amount, currency, seconds: worked } = pick.closest("tr").dataset;
    amounts.set(currency, (amounts.get(currency) ?? 0) + Number(amount));
    seconds += Number(worked);
  }
  place.textContent = [...[...amounts].map(([currency, amount]) => money(amount, currency)), seconds ? `${hours(seconds)} h` : ""].filter(Boolean).join(" · ");
}

function act(bench, row, key) {
  const button = bench.querySelector(`[data-selection-bar] [aria-keyshortcuts="${key}"]`);
  if (!button) return false;
  const box = row.querySelector("[data-pick]:not(:disabled)");
  if (box && !bench.querySelector("[data-pick]:checked")) box.click();
  button.form.requestSubmit(button);
  return true;
}

document.addEventListener("keydown", (event) => {
  const bench = event.target.closest?.("[data-workbench]");
  const row = event.target.closest?.("tbody tr");
  if (!bench || !row || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  const key = event.key.toLowerCase();
  if (key === "x") row.querySelector("[data-pick]:not(:disabled)")?.click();
  else if (event.shiftKey || !act(bench, row, key)) return;
  event.preventDefault();
});
// After selection.js has set the boxes.
for (const kind of ["click", "keydown"]) {
  document.addEventListener(kind, (event) => {
    const bench = event.target.closest?.("[data-workbench]");
    if (bench) setTimeout(() => sum(bench));
  });
}
document.querySelectorAll("[data-workbench]").forEach(sum);
