// Judgements that are not on the server's disk yet. They live in this page's memory alone (never in
// the browser's storage: they stand beside a patient's text), and go in order, each until the
// server has said that it has it. A judgement's id is made here, so that one sent twice counts once.

const LONGEST_WAIT = 5000;
const AT_ONCE = 200;
const PATIENCE = 15000;
const ANOTHER = "another person has entered in this browser: open a new link of yours; this page " +
  "keeps what is not saved";

/** 32 random hexadecimal digits. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Queue {
  #waiting = [];
  #sending = false;
  #failures = 0;
  #timer = 0;
  #tell;
  #session;

  /**
   * @param session {person, csrf, page}: who this page belongs to.
   * @param tell called with {waiting, trouble, refused, saved} whenever something changes.
   */
  constructor(session, tell) {
    this.#session = session;
    this.#tell = tell;
    addEventListener("online", () => this.hurry());
    addEventListener("focus", () => this.hurry());
    document.addEventListener("visibilitychange", () => this.hurry());
    addEventListener("beforeunload", (event) => {
      if (this.#waiting.length) event.preventDefault();
    });
    addEventListener("pagehide", () => this.#sendLast());
  }

  get size() {
    return this.#waiting.length;
  }

  /** Takes a judgement; `pressed` is when its key was, in performance's time. */
  add(judgement, pressed = performance.now()) {
    this.#waiting.push({judgement, pressed});
    this.#tell({waiting: this.size});
    if (!this.#timer) this.#send();
  }

  /** Resolves when nothing waits. */
  async drained() {
    while (this.size) await new Promise((resolve) => setTimeout(resolve, 25));
  }

  /** Does not wait longer for the next try. */
  hurry() {
    if (!this.size || this.#sending) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#send();
  }

  async #send() {
    if (this.#sending || !this.size) return;
    this.#sending = true;
    // After a refusal they go one by one, so that one that is wrong holds up no other.
    const sent = this.#waiting.slice(0, this.alone ? 1 : AT_ONCE);
    let wait = 0;
    try {
      const answer = await this.#post(sent);
      if (answer.ok) {
        const saved = new Set((await answer.json()).saved);
        this.#forget(sent, saved);
        this.#failures = 0;
        this.alone = false;
      } else {
        wait = await this.#unanswered(answer, sent);
      }
    } catch {
      // No network, no server, or no answer in time: the same ids are sent again.
      wait = this.#later("no answer from the server");
    }
    this.#sending = false;
    if (!this.size) return;
    if (wait) {
      this.#timer = setTimeout(() => { this.#timer = 0; this.#send(); }, wait);
    } else {
      this.#send();
    }
  }

  #post(sent) {
    return fetch("/judgements", {
      method: "POST",
      headers: {"Content-Type": "application/json", "X-CSRF-Token": this.#session.csrf},
      body: this.#body(sent),
      signal: AbortSignal.timeout(PATIENCE),
    });
  }

  #body(sent) {
    const {person, page} = this.#session;
    return JSON.stringify({person, page, judgements: sent.map((item) => item.judgement)});
  }

  #forget(sent, saved) {
    const now = performance.now();
    this.#waiting = this.#waiting.filter((item) => !saved.has(item.judgement.id));
    if (performance.getEntriesByName("saved").length > 1000) performance.clearMeasures("saved");
    for (const item of sent) {
      if (saved.has(item.judgement.id)) {
        performance.measure("saved", {start: item.pressed, end: now});
      }
    }
    this.#tell({waiting: this.size, saved: sent.map((item) => item.judgement)});
  }

  /** What to do about an answer that is none; gives the milliseconds to wait. */
  async #unanswered(answer, sent) {
    if (answer.status === 401) {
      return this.#later("your session has ended: open a new link of yours in another tab; " +
        "this page keeps what is not saved");
    }
    if (answer.status === 403) {
      const same = await this.#renew();
      return this.#later(same ? "the session is being renewed" : ANOTHER);
    }
    if (answer.status === 409) {
      return this.#later(ANOTHER);
    }
    if (answer.status === 422) {
      if (sent.length > 1) {
        this.alone = true;
        return 0;
      }
      const {error} = await answer.json();
      this.#waiting.shift();
      this.#tell({waiting: this.size, refused: error.message, judgement: sent[0].judgement});
      return 0;
    }
    if (answer.status === 429) {
      return Math.max(1, Number(answer.headers.get("Retry-After")) || 1) * 1000;
    }
    return this.#later("the server could not save");
  }

  /** Takes the session's new token, if the same person has entered again; says whether it is they. */
  async #renew() {
    const answer = await fetch("/session");
    if (!answer.ok) return true;
    const {person, csrf} = await answer.json();
    if (person !== this.#session.person) return false;
    this.#session.csrf = csrf;
    return true;
  }

  #later(trouble) {
    this.#failures += 1;
    this.#tell({waiting: this.size, trouble});
    return Math.min(LONGEST_WAIT, 250 * 2 ** this.#failures);
  }

  /** The page goes away: what waits is handed to the browser, as far as it takes that. */
  #sendLast() {
    if (!this.size) return;
    const body = this.#body(this.#waiting.slice(0, AT_ONCE));
    if (body.length > 60000) return;
    fetch("/judgements", {
      method: "POST",
      keepalive: true,
      headers: {"Content-Type": "application/json", "X-CSRF-Token": this.#session.csrf},
      body,
    }).catch(() => {});
  }
}
