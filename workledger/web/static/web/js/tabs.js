// Tabs wider than their place scroll: the page's own one is brought into view.
function show(scope) {
  for (const tab of scope.querySelectorAll?.('.tabs > [aria-current="page"]') ?? []) {
    const bar = tab.parentElement;
    if (tab.offsetLeft + tab.offsetWidth > bar.clientWidth) bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - 16;
  }
}

document.addEventListener("htmx:load", (event) => show(event.target));
show(document);
