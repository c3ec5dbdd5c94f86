// What people type for a day: fri, +2w, 31.3., today. A hint only; the server reads the same text with inputs.parse_date.
const DAYS = ["su|so|sun|sunday|sonntag", "mo|mon|monday|montag", "tu|di|tue|tuesday|dienstag", "we|mi|wed|wednesday|mittwoch", "th|do|thu|thursday|donnerstag", "fr|fri|friday|freitag", "sa|sat|saturday|samstag"];
const WORDS = { today: 0, heute: 0, tomorrow: 1, morgen: 1, yesterday: -1, gestern: -1 };

const shift = (day, days) => new Date(day.getFullYear(), day.getMonth(), day.getDate() + days);

function addMonths(day, count) {
  const first = new Date(day.getFullYear(), day.getMonth() + count, 1);
  const last = new Date(first.getFullYear(), first.getMonth() + 1, 0).getDate();
  return new Date(first.getFullYear(), first.getMonth(), Math.min(day.getDate(), last));
}

function exact(year, month, date) {
  const day = new Date(year, month - 1, date);
  return day.getMonth() === month - 1 && day.getDate() === date ? day : null;
}

function nearest(month, date, today) {
  const found = [-1, 0, 1].map((step) => exact(today.getFullYear() + step, month, date)).filter(Boolean);
  return found.sort((a, b) => Math.abs(a - today) - Math.abs(b - today))[0] ?? null;
}

export function readDay(text, today) {
  const written = text.trim().toLowerCase().replace(/\s+/g, " ");
  if (written in WORDS) return shift(today, WORDS[written]);
  if (written === "eom") return new Date(today.getFullYear(), today.getMonth() + 1, 0);
  let match = written.match(/^([+-]) ?(\d{1,4}) ?([dwmy]?)$/);
  if (match) {
    const count = Number(match[1] + match[2]);
    if (match[3] === "m" || match[3] === "y") return addMonths(today, count * (match[3] === "y" ? 12 : 1));
    return shift(today, count * (match[3] === "w" ? 7 : 1));
  }
  match = written.match(/^(?:(last|next) )?([a-z]+)\.?$/);
  const weekday = match ? DAYS.findIndex((names) => names.split("|").includes(match[2])) : -1;
  if (weekday >= 0) {
    const ahead = (weekday - today.getDay() + 7) % 7;
    if (match[1] === "last") return shift(today, ahead ? ahead - 7 : -7);
    return shift(today, match[1] === "next" && !ahead ? 7 : ahead);
  }
  match = written.match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/);
  if (match) return exact(Number(match[1]), Number(match[2]), Number(match[3]));
  match = written.match(/^(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2})?)?$/);
  if (!match) return null;
  const [date, month] = [Number(match[1]), Number(match[3])];
  return match[4] ? exact(Number(match[4]) + (match[4].length === 2 ? 2000 : 0), month, date) : nearest(month, date, today);
}

export function describeDay(day, language) {
  return day.toLocaleDateString(language || undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}
