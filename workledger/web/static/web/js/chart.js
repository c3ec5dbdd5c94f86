// The table behind a chart is one key away: T on the chart, or its button.
function turn(chart) {
  const table = chart.dataset.view !== "table";
  chart.dataset.view = table ? "table" : "plot";
  chart.querySelector("[data-chart-word]").textContent = table ? "Chart" : "Table";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-chart-toggle]");
  if (button) turn(button.closest("[data-chart]"));
});
document.addEventListener("keydown", (event) => {
  const chart = event.target.closest?.("[data-chart]");
  if (!chart || event.key.toLowerCase() !== "t" || event.ctrlKey || event.metaKey || event.target.matches("input, textarea, select")) return;
  turn(chart);
});
