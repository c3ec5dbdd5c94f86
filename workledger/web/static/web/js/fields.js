// Hours, dates and files: what was typed is shown as it was understood. The server understands by the same rules and decides.
import { describeDay, readDay } from "./days.js";
import { readHours, showHours } from "./hours.js";

const echoOf = (input) => document.getElementById(input.getAttribute("aria-describedby"))?.querySelector("[data-echo]");

function say(input) {
  const echo = echoOf(input);
  if (!echo) return;
  const text = input.value.trim();
  if (input.matches("[data-hours]")) {
    const seconds = readHours(text);
    echo.textContent = text && seconds !== null && !Number.isNaN(seconds) ? `${showHours(seconds)} hours` : "";
  } else {
    const day = readDay(text, new Date());
    echo.textContent = day ? describeDay(day, document.documentElement.lang) : "";
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-hours], [data-date]")) say(event.target);
});
document.addEventListener("change", (event) => {
  const place = event.target.closest?.("[data-file]");
  if (!place) return;
  const names = [...event.target.files].map((file) => file.name).join(", ");
  place.querySelector("[data-file-words]").textContent = names || "Choose a file or drop it here";
});
for (const [kind, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(kind, (event) => event.target.closest?.("[data-file]")?.toggleAttribute("data-over", over));
}
