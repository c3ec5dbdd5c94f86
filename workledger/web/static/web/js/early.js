// Runs before the first paint: theme and width of the rail as they were left.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("workledger.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("workledger.rail") === "narrow") root.dataset.rail = "narrow";
  } catch {
    // Storage is switched off: the system's theme and the wide rail stand.
  }
})();
