// One report and its observations: every answer, mark, comment and flag becomes a judgement.

import {Cursor} from "./cursor.js";
import {newId} from "./queue.js";
import {Row, contradiction, showCurrent} from "./rows.js";
import {selectedSpan} from "./words.js";

const PAUSE = 600;

export class Desk {
  #main;
  #queue;
  #clock;
  #tell;
  #undo = [];
  #warned = "";
  #typed = 0;
  cursor = null;

  /** @param tell called with a sentence for the reader. */
  constructor(main, queue, clock, tell) {
    this.#main = main;
    this.#queue = queue;
    this.#clock = clock;
    this.#tell = tell;
    this.report = Number(main.dataset.report);
    this.disputed = main.dataset.view === "dispute";
    this.blind = main.dataset.blind === "yes";
    this.rows = [...main.querySelectorAll(".row")].map((element) => new Row(element));
    this.current = this.rows.find((row) => !row.answer) ?? this.rows[0];
    this.#comment = main.querySelector("#comment");
    this.#kept = this.#comment.value;
    this.#flag = main.querySelector("input[name=flag]:checked").value;
    this.#listen();
    for (const row of this.rows) this.#list(row);
    showCurrent(this.rows, this.current);
  }

  #comment;
  #kept;
  #flag;

  #listen() {
    for (const row of this.rows) {
      row.element.addEventListener("focusin", () => this.go(row, false));
      row.element.addEventListener("pointerdown", () => this.go(row, false));
      row.element.addEventListener("change", (event) => {
        this.answer(row, event.target.value, event.timeStamp);
      });
    }
    this.#comment.addEventListener("input", () => {
      clearTimeout(this.#typed);
      this.#typed = setTimeout(() => this.keepComment(), PAUSE);
    });
    this.#comment.addEventListener("blur", () => this.keepComment());
    for (const radio of this.#main.querySelectorAll("input[name=flag]")) {
      radio.addEventListener("change", () => this.#setFlag(radio.value));
    }
  }

  #add(kind, value, observation = null, pressed = performance.now()) {
    this.#queue.add({
      id: newId(),
      report: this.report,
      kind,
      observation,
      value,
      proposals: this.#main.dataset.proposals,
      seconds: this.#clock.take(),
    }, pressed);
    this.#warned = "";
    this.#tell("");
  }

  /** Makes a row the current one. */
  go(row, focus = true) {
    if (row === undefined) return;
    if (row !== this.current) {
      this.current = row;
      showCurrent(this.rows, row);
    }
    if (focus) row.focus();
  }

  step(by) {
    const at = this.rows.indexOf(this.current) + by;
    this.go(this.rows[Math.max(0, Math.min(this.rows.length - 1, at))]);
  }

  /** Answers a row; false if it cannot take that answer. */
  answer(row, value, pressed) {
    if (!row.permits(value)) {
      this.#tell(`${row.name} cannot take this answer`);
      return false;
    }
    this.#undo.push({row, before: row.answer});
    row.show(value);
    this.#add("label", value, row.name, pressed);
    return true;
  }

  /** Marks the selected words, or starts the word cursor. */
  mark() {
    const span = selectedSpan();
    if (span) {
      getSelection().removeAllRanges();
      this.toggle(this.current, span);
      return;
    }
    document.getElementById("report").focus();
    this.cursor = new Cursor((found) => {
      this.cursor = null;
      this.#tell("");
      if (found) this.toggle(this.current, found);
      this.current?.focus();
    }, this.#tell);
  }

  /** Adds a span to a row's marks, or takes it away if it is there. */
  toggle(row, span) {
    if (row === undefined) return;
    const without = row.marks.filter((other) => other !== span);
    this.#undo.push({row, marks: row.marks});
    this.#setMarks(row, without.length < row.marks.length ? without : [...row.marks, span]);
  }

  #setMarks(row, marks) {
    row.marks = marks;
    this.#add("mark", marks.join(" "), row.name);
    this.#list(row);
    showCurrent(this.rows, this.current);
  }

  #list(row) {
    row.list((span) => this.toggle(row, span));
  }

  #setFlag(value) {
    this.#undo.push({flag: this.#flag});
    this.#flag = value;
    this.#add("flag", value);
  }

  /** Saves the comment if it changed. */
  keepComment() {
    clearTimeout(this.#typed);
    const value = this.#comment.value.toWellFormed?.() ?? this.#comment.value;
    if (value === this.#kept) return;
    this.#kept = value;
    this.#add("comment", value);
  }

  focusComment() {
    this.#comment.focus();
  }

  focusFlag() {
    this.#main.querySelector("input[name=flag]:checked").focus();
  }

  /** Takes back the last answer, mark or flag of this report; false if there is none. */
  undo() {
    const last = this.#undo.pop();
    if (last === undefined) return false;
    if (last.marks) {
      this.#setMarks(last.row, last.marks);
    } else if (last.row) {
      last.row.show(last.before);
      this.#add("undo", last.before, last.row.name);
      this.go(last.row);
    } else {
      this.#flag = last.flag;
      this.#main.querySelector(`input[name=flag][value="${last.flag}"]`).checked = true;
      this.#add("flag", last.flag);
    }
    return true;
  }

  /** What submitting did, so that it can be undone; null if it must wait, which was told. */
  submit() {
    this.keepComment();
    const open = this.#flag ? [] : this.rows.filter((row) => !row.answer);
    if (this.disputed && open.length) {
      this.#tell(`${open[0].name} is not decided yet`);
      this.go(open[0]);
      return null;
    }
    const doubt = this.#doubt(open);
    if (doubt && this.#warned !== doubt) {
      this.#tell(`${doubt}. Enter again submits it all the same`);
      this.#warned = doubt;
      return null;
    }
    for (const row of open) {
      row.show(row.effective);
      this.#add("label", row.answer, row.name);
    }
    this.#add("submit", "1");
    return {report: this.report, taken: open.map((row) => row.name), desk: this};
  }

  #doubt(open) {
    if (this.#flag) return "";
    if (this.blind && open.length && open.length === this.rows.length) {
      return "Nothing is answered: all would be blank";
    }
    return this.disputed ? "" : contradiction(this.rows);
  }

  /** Opens a report again that was just submitted from here. */
  reopen(taken) {
    this.#add("submit", "0");
    for (const name of taken) this.#add("undo", "", name);
  }
}
