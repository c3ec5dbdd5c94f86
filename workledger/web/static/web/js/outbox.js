// Changes wait here until the server has taken them: kept on the device, sent one by one, again when the connection is back.
// Each change has a key of its own, so sending it twice does it once. One storage item a place, so that tabs do not overwrite each other.
import { forget, keep, recall } from "./storage.js";
import { csrfToken } from "./requests.js";

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 60000;

export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function stored(prefix) {
  const found = new Map();
  try {
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith(prefix)) found.set(name.slice(prefix.length), JSON.parse(localStorage.getItem(name)));
    }
  } catch {
    // Storage is switched off: what this page holds is all there is.
  }
  return found;
}

export class Outbox {
  // report(place, state, detail) is told 'saving', 'saved' with the answer, 'offline', or 'refused' with the problems.
  constructor(prefix, report) {
    this.prefix = prefix;
    this.report = report;
    this.waiting = stored(prefix);
    this.sending = false;
    this.pause = FIRST_PAUSE_MS;
    window.addEventListener("online", () => this.send());
  }

  put(place, url, body) {
    const change = { url, body: { ...body, key: newKey() } };
    this.waiting.delete(place);
    this.waiting.set(place, change);
    keep(this.prefix + place, JSON.stringify(change));
    this.report(place, "saving");
    this.send();
  }

  drop(place) {
    this.waiting.delete(place);
    forget(this.prefix + place);
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    try {
      while (this.waiting.size) {
        const [place, change] = this.waiting.entries().next().value;
        if (!(await this.sendOne(place, change))) return this.later();
        this.pause = FIRST_PAUSE_MS;
      }
    } finally {
      this.sending = false;
    }
  }

  async sendOne(place, change) {
    let answer;
    try {
      answer = await fetch(change.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
        body: JSON.stringify(change.body),
      });
    } catch {
      return false;
    }
    const json = answer.headers.get("Content-Type")?.includes("json") ? await answer.json().catch(() => null) : null;
    const current = () => this.waiting.get(place) === change;
    if (answer.ok && json) {
      if (current()) {
        this.drop(place);
        this.report(place, "saved", json);
      }
      return true;
    }
    if (json?.problems && answer.status >= 400 && answer.status < 500) {
      if (current()) {
        this.drop(place);
        this.report(place, "refused", json.problems);
      }
      return true;
    }
    return false;
  }

  later() {
    for (const place of this.waiting.keys()) this.report(place, "offline");
    this.timer = setTimeout(() => this.send(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }
}
