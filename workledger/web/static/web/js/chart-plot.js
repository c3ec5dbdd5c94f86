// Draws a chart once it is near the view: the library is loaded with the first one.
// The policy allows no eval, so expressions are interpreted. A mark with an address opens its trail.
const NEAR = "200px";
let library = null;

function load() {
  library ??= import("./vega.js").then(() => window.vegaEmbed);
  return library;
}

function openTrail(chart, href) {
  const figure = Object.assign(document.createElement("a"), { href, className: "figure", hidden: true });
  chart.append(figure);
  figure.click();
  figure.remove();
}

// data-chart is '#id' of a JSON element on the page, or an address.
async function specOf(place) {
  if (place.startsWith("#")) return JSON.parse(document.getElementById(place.slice(1)).textContent);
  const answer = await fetch(place, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// To a screen reader the plot is one picture named by its question: the figures, each a link, stand in the table behind it.
function asPicture(plot) {
  plot.setAttribute("role", "img");
  plot.removeAttribute("aria-roledescription");
  plot.querySelector("svg").setAttribute("aria-hidden", "true");
}

async function draw(chart) {
  const plot = chart.querySelector("[data-chart-plot]");
  try {
    const [embed, spec] = await Promise.all([load(), specOf(chart.dataset.chart)]);
    const { view } = await embed(plot, spec, { ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: false });
    view.addEventListener("click", (_, mark) => mark?.datum?.href && openTrail(chart, mark.datum.href));
    asPicture(plot);
    plot.dataset.drawn = "";
  } catch {
    chart.dataset.view = "table";
    chart.querySelector("[data-chart-toggle]")?.setAttribute("hidden", "");
  }
}

const watch = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      draw(target);
    }
  },
  { rootMargin: NEAR },
);

function find(within) {
  for (const chart of within.querySelectorAll('[data-chart]:not([data-chart=""])')) {
    if (!chart.dataset.seen) watch.observe(chart);
    chart.dataset.seen = "yes";
  }
}

find(document);
document.addEventListener("htmx:load", (event) => find(event.target));
