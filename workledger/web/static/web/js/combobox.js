// One of many by search: options stand in the list, or come from data-url as {"items": [{"value", "label", "hint"}]}.
const PAUSE_MS = 150;
const timers = new WeakMap();
const all = new WeakMap();

const partsOf = (box) => ({
  input: box.querySelector('[role="combobox"]'),
  list: box.querySelector('[role="listbox"]'),
  value: box.querySelector("[data-combobox-value]"),
});

function option(item, index, listId) {
  const element = document.createElement("span");
  element.className = "option";
  element.id = `${listId}-${index}`;
  element.setAttribute("role", "option");
  element.dataset.value = item.value;
  const word = Object.assign(document.createElement("span"), { textContent: item.label });
  const hint = Object.assign(document.createElement("small"), { textContent: item.hint ?? "" });
  element.append(word, hint);
  return element;
}

function fill(box, items) {
  const { input, list } = partsOf(box);
  list.replaceChildren(...items.map((item, index) => option(item, index, list.id)));
  if (!items.length) list.append(Object.assign(document.createElement("span"), { className: "option-none", textContent: "Nothing found. Try fewer letters." }));
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  choose(box, 0);
}

async function find(box) {
  const { input, list } = partsOf(box);
  const words = input.value.trim().toLowerCase();
  if (box.dataset.url) {
    const address = new URL(box.dataset.url, location.href);
    address.searchParams.set("q", words);
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok && input.value.trim().toLowerCase() === words) fill(box, (await answer.json()).items);
    } catch {
      fill(box, []);
    }
    return;
  }
  if (!all.has(box)) {
    all.set(box, [...list.querySelectorAll(".option")].map((each) => ({ value: each.dataset.value, label: each.firstElementChild.textContent, hint: each.lastElementChild.textContent })));
  }
  fill(box, all.get(box).filter((item) => `${item.label} ${item.hint}`.toLowerCase().includes(words)).slice(0, 50));
}

function choose(box, index) {
  const { input, list } = partsOf(box);
  const options = [...list.querySelectorAll(".option")];
  options.forEach((each, at) => each.setAttribute("aria-selected", String(at === index)));
  const chosen = options[index];
  if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

function close(box) {
  const { input, list } = partsOf(box);
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function take(box, chosen) {
  const { input, value } = partsOf(box);
  input.value = chosen.firstElementChild.textContent;
  if (value) value.value = chosen.dataset.value;
  close(box);
  box.dispatchEvent(new CustomEvent("combobox:take", { bubbles: true, detail: { value: chosen.dataset.value, label: input.value } }));
}

document.addEventListener("input", (event) => {
  const box = event.target.closest?.("[data-combobox]");
  if (!box) return;
  const { value } = partsOf(box);
  if (value) value.value = "";
  clearTimeout(timers.get(box));
  timers.set(box, setTimeout(() => find(box), PAUSE_MS));
});
document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("[data-combobox]");
  if (!box) return;
  const { list } = partsOf(box);
  const options = [...list.querySelectorAll(".option")];
  const now = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) find(box);
    else choose(box, (now + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
  } else if (event.key === "Enter" && !list.hidden && options[now]) {
    event.preventDefault();
    take(box, options[now]);
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    close(box);
  }
});
document.addEventListener("mousedown", (event) => {
  const chosen = event.target.closest?.("[data-combobox] .option");
  if (!chosen) return;
  event.preventDefault();
  take(chosen.closest("[data-combobox]"), chosen);
});
document.addEventListener("focusin", (event) => {
  const box = event.target.matches?.('[role="combobox"]') ? event.target.closest("[data-combobox]") : null;
  if (box) event.target.select();
});
document.addEventListener("focusout", (event) => {
  const box = event.target.closest?.("[data-combobox]");
  if (!box || box.contains(event.relatedTarget)) return;
  close(box);
  const { input, value } = partsOf(box);
  if (value && !value.value && input.value) input.value = "";
});
