// Keys, mouse and touch on a report; goes from report to report without leaving the page, so that
// what is not saved yet stays in its memory.

import {Clock} from "./clock.js";
import {Desk} from "./desk.js";
import {Queue} from "./queue.js";
import {searchList} from "./search.js";

const ANSWERS = {1: "1", 2: "2", 3: "3", 4: "0", " ": "0"};
// Keyboards whose upper row gives digits only with Shift are read by place.
const DIGIT = /^(?:Digit|Numpad)([1-4])$/;
// An Enter that comes sooner after a report appeared was meant for the one before it.
const SOONEST = 400;
const KEYS = {
  u: "undo", "/": "search", "?": "help", m: "mark", c: "comment", f: "flag",
  p: "previous", n: "following", Enter: "submit",
};

export class Reader {
  #session;
  #queue;
  #clock = new Clock();
  #channel = new BroadcastChannel("lingula-review");
  #desk = null;
  #ahead = null;
  #last = null;
  #loading = false;
  #appeared = -Infinity;

  constructor(session, send) {
    this.#session = session;
    addEventListener("pagehide", () => this.#desk?.keepComment());  // Before the queue's own.
    this.#queue = new Queue(session, (news) => this.#hear(news));
    document.addEventListener("keydown", (event) => this.#press(event));
    document.addEventListener("click", (event) => {
      const asked = event.target.closest("[data-do]")?.dataset.do;
      if (asked) this.#act(asked, event);
    });
    addEventListener("popstate", () => this.#open(location.pathname, false));
    addEventListener("online", () => this.#lookAhead());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#desk?.keepComment();
    });
    this.#channel.addEventListener("message", ({data}) => this.#otherTab(data));
    searchList(document.getElementById("search-words"), document.getElementById("search-found"),
      send, (report) => this.#leaveDialog(() => this.#open(`/read/${report}`)));
    history.replaceState(null, "", this.#main.dataset.path);
    this.#begin();
  }

  get #main() {
    return document.getElementById("main");
  }

  #begin(focus = true, observation = undefined) {
    const {view} = this.#main.dataset;
    this.#ahead = null;
    this.#desk = null;
    if (view !== "report" && view !== "dispute") return;
    this.#desk = new Desk(this.#main, this.#queue, this.#clock, (text) => this.#say(text));
    this.#desk.go(this.#desk.rows.find((row) => row.name === observation), false);
    if (focus) this.#desk.current?.focus();
    this.#lookAhead();
  }

  #say(text) {
    document.getElementById("said").textContent = text;
  }

  #hear(news) {
    const mark = document.getElementById("saved");
    const trouble = document.getElementById("trouble");
    if (news.refused) {
      trouble.textContent = `Not saved: ${news.refused}. The report is loaded again.`;
      this.#open(this.#main.dataset.path, false);
    } else if (news.trouble) {
      trouble.textContent = `Not saved yet (${news.waiting}): ${news.trouble}. Trying again.`;
    } else if (!news.waiting && !trouble.textContent.startsWith("Not saved:")) {
      trouble.textContent = "";
    }
    mark.dataset.state = news.waiting ? (trouble.textContent ? "trouble" : "saving") : "saved";
    mark.textContent = news.waiting ? `Saving ${news.waiting}` : "Saved";
    if (news.saved) {
      const reports = [...new Set(news.saved.map((item) => item.report))];
      this.#channel.postMessage({person: this.#session.person, reports});
    }
  }

  /** The same person answered in another tab: show what they answered there. */
  #otherTab({person, reports}) {
    const typing = document.activeElement?.matches("textarea, input[type=search]");
    if (person !== this.#session.person || this.#queue.size || typing || !this.#desk) return;
    if (reports.includes(this.#desk.report)) this.#open(this.#main.dataset.path, false, false);
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const {target} = event;
    const key = (!event.shiftKey && DIGIT.exec(event.code)?.[1]) || event.key;
    if (this.#desk?.cursor) {
      if (this.#desk.cursor.press(event)) event.preventDefault();
      return;
    }
    if (key === "Escape") {
      this.#desk?.current?.focus();
      return;
    }
    const typing = target.matches("textarea, input:not([type=radio])");
    const own = key === "Enter" && target.closest("button, a, summary");
    if (typing || own || !document.getElementById("keys-on")?.checked) return;
    if (target.closest(".flags") && (key.startsWith("Arrow") || key in ANSWERS)) return;
    if (this.#handle(key, event)) event.preventDefault();
  }

  #handle(key, event) {
    if (this.#loading) return key in ANSWERS || key in KEYS;
    const desk = this.#desk;
    if (key in ANSWERS && desk?.current) {
      if (key === " " && event.target.closest("button, a")) return false;
      const answered = !event.repeat && desk.answer(desk.current, ANSWERS[key], event.timeStamp);
      if (answered) desk.step(1);
      this.#appeared = -Infinity;
      return true;
    }
    if (desk && (key === "ArrowDown" || key === "ArrowUp")) {
      desk.step(key === "ArrowDown" ? 1 : -1);
      return true;
    }
    if (!(key in KEYS) || event.repeat) return false;
    return this.#act(KEYS[key], event);
  }

  /** What a key or button asks for; true if it was done here. */
  #act(asked, event) {
    const desk = this.#desk;
    if (asked === "close") event.target.closest("dialog").close();
    else if (asked === "help") document.getElementById("help").showModal();
    else if (asked === "undo") this.#undo();
    else if (desk === null || this.#loading) return false;
    else if (asked === "search" && !desk.disputed) document.getElementById("search").showModal();
    else if (asked === "mark") desk.mark();
    else if (asked === "comment") desk.focusComment();
    else if (asked === "flag") desk.focusFlag();
    else if (asked === "submit") this.#submit();
    else if (asked === "previous" || asked === "following") this.#neighbour(asked);
    else return false;
    return true;
  }

  #neighbour(which) {
    const report = this.#main.dataset[which];
    if (!report) return;
    this.#open(`/read/${report}`);
  }

  #undo() {
    if (this.#loading) return;
    if (this.#desk?.undo()) return;
    if (this.#last === null) {
      this.#say("There is nothing to undo");
      return;
    }
    const {desk, taken, report} = this.#last;
    const path = desk.disputed ? `/adjudicate/${report}` : `/read/${report}`;
    this.#last = null;
    desk.reopen(taken);
    this.#say("Opened again");
    this.#open(path);
  }

  #after(desk) {
    return `/${desk.disputed ? "adjudicate" : "read"}/after/${desk.report}`;
  }

  #submit() {
    if (performance.now() - this.#appeared < SOONEST) return;
    const done = this.#desk.submit();
    if (done === null) return;
    const path = this.#after(this.#desk);
    this.#last = done;
    this.#say("");
    if (this.#ahead) this.#swap(this.#ahead, true);
    else this.#open(path);
  }

  /** Fetches the next report while this one is read: a network that drops does not stop a reader. */
  async #lookAhead() {
    const desk = this.#desk;
    if (desk === null || this.#ahead) return;
    await this.#queue.drained();
    if (this.#desk !== desk) return;
    try {
      const page = await this.#fetch(this.#after(desk));
      // Another page (all is done) must be made once everything is saved.
      if (this.#desk === desk && page.getElementById("main").dataset.report) this.#ahead = page;
    } catch {
      // It is asked for again when it is needed.
    }
  }

  async #fetch(path) {
    const answer = await fetch(path, {
      headers: {Accept: "text/html"},
      signal: AbortSignal.timeout(15000),
    });
    if (answer.status >= 500 || answer.status === 429) throw new Error("no page");
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  /** Shows another report once everything is saved; tries until the network is back. */
  async #open(path, push = true, focus = true) {
    if (this.#loading) return;
    this.#desk?.keepComment();
    this.#loading = true;
    if (this.#queue.size) this.#say("The next report comes when your answers are saved");
    await this.#queue.drained();
    for (;;) {
      try {
        const page = await this.#fetch(path);
        this.#loading = false;
        this.#swap(page, push, focus);
        return;
      } catch {
        this.#say("No answer from the server; trying again");
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  #swap(page, push, focus = true) {
    const fresh = page.getElementById("main");
    const path = fresh.dataset.path;
    document.title = page.title;
    const here = focus ? undefined : this.#desk?.current?.name;
    this.#main.replaceWith(document.adoptNode(fresh));
    if (focus) this.#appeared = performance.now();
    if (path && push) history.pushState(null, "", path);
    if (document.getElementById("said").textContent.startsWith("No answer")) this.#say("");
    this.#begin(focus, here);
    if (focus && (this.#desk === null || !this.#desk.current)) this.#main.focus();
    if (focus) scrollTo(0, 0);
  }

  #leaveDialog(then) {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    then();
  }
}
