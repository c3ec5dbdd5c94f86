// Ctrl-K: the pages of the rail at once, and what the search address finds after a pause.
const PAUSE_MS = 120;
const palette = document.getElementById("palette");
const input = palette?.querySelector("input");
const list = palette?.querySelector(".palette-list");
const pages = list ? [...list.children] : [];
let timer = 0;

const options = () => [...list.querySelectorAll(".palette-option")];

function choose(index) {
  const all = options();
  all.forEach((each, at) => {
    each.id = `palette-option-${at}`;
    each.setAttribute("aria-selected", String(at === index));
  });
  if (all[index]) input.setAttribute("aria-activedescendant", all[index].id);
  else input.removeAttribute("aria-activedescendant");
  all[index]?.scrollIntoView({ block: "nearest" });
}

function link(item) {
  const element = document.createElement("a");
  element.className = "palette-option";
  element.setAttribute("role", "option");
  element.tabIndex = -1;
  element.href = item.url;
  element.append(
    Object.assign(document.createElement("span"), { textContent: item.label }),
    Object.assign(document.createElement("small"), { textContent: item.hint ?? "" }),
  );
  return element;
}

function group(found) {
  const label = Object.assign(document.createElement("p"), { className: "palette-group", textContent: found.label });
  return [label, ...found.items.map(link)];
}

async function find() {
  const words = input.value.trim();
  const near = pages.filter((page) => page.textContent.toLowerCase().includes(words.toLowerCase()));
  list.replaceChildren(...near);
  choose(0);
  if (!palette.dataset.url || !words) return;
  const address = new URL(palette.dataset.url, location.href);
  address.searchParams.set("q", words);
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok || input.value.trim() !== words) return;
    const { groups } = await answer.json();
    list.append(...groups.flatMap(group));
  } catch {
    // Offline: the pages of the rail remain.
  }
  if (!list.children.length) list.append(Object.assign(document.createElement("p"), { className: "palette-none", textContent: `Nothing is called “${words}”.` }));
  choose(0);
}

function open() {
  if (palette.open) return;
  palette.showModal();
  input.value = "";
  find();
}

if (palette) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
    else if (event.target === palette) palette.close();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const now = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") choose((now + 1) % all.length);
    else if (event.key === "ArrowUp") choose((now - 1 + all.length) % all.length);
    else if (event.key === "Enter") all[now]?.click();
    else return;
    event.preventDefault();
  });
}
