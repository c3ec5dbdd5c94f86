// What people type for hours, as seconds: 1.5, 1,5, 1:30, 90m, 1h 30m. null is empty, NaN is not understood.
// The same rules as inputs.parse_hours.
const CLOCK = /^(\d{0,3}):([0-5]?\d)$/;
const DECIMAL = /^(\d+(?:[.,]\d*)?|[.,]\d+)$/;
const UNITS = /^(?:(\d+(?:[.,]\d+)?|[.,]\d+)h)?(?:(\d+(?:[.,]\d+)?)(?:m|min)?)?$/;
const LIMIT = 24 * 3600;

const number = (text) => Number((text || "0").replace(",", "."));

export function readHours(text) {
  const written = text.replace(/\s+/g, "").toLowerCase();
  if (!written) return null;
  let seconds = NaN;
  let match = written.match(CLOCK);
  if (match) seconds = Number(match[1] || 0) * 3600 + Number(match[2]) * 60;
  else if (DECIMAL.test(written)) seconds = number(written) * 3600;
  else if (/[hm]/.test(written) && (match = written.match(UNITS))) seconds = number(match[1]) * 3600 + number(match[2]) * 60;
  seconds = Math.round(seconds);
  return seconds > LIMIT ? NaN : seconds;
}

export function showHours(seconds, mark = ".") {
  if (seconds === null || Number.isNaN(seconds)) return "";
  return (Math.round(seconds / 36) / 100).toFixed(2).replace(".", mark);
}
