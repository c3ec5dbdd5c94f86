// Filters stand in the address: a choice sends the form, words after a pause; empty ones are left out of the address.
const PAUSE_MS = 350;
let timer = 0;

function send(form) {
  const address = new URL(form.action || location.href, location.href);
  const kept = new URLSearchParams(location.search);
  for (const name of new Set([...form.elements].map((control) => control.name).filter(Boolean))) kept.delete(name);
  for (const [name, value] of new FormData(form)) if (value) kept.append(name, value);
  kept.delete("cursor");
  address.search = kept;
  location.assign(address);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-filters]");
  if (form && event.target.type !== "search") send(form);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-filters]");
  if (!form || event.target.type !== "search") return;
  clearTimeout(timer);
  timer = setTimeout(() => send(form), PAUSE_MS);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-filters]")) return;
  event.preventDefault();
  clearTimeout(timer);
  send(event.target);
});
