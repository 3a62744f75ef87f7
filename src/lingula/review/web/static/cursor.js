// Marking words with the keyboard alone: a cursor that goes from word to word of the report.

import {allWords, draw, textOf} from "./words.js";

export class Cursor {
  #words;
  #at = 0;
  #from = 0;
  #done;
  #say;

  /**
   * @param done called with "start-end", or with "" when the reader leaves without a mark.
   * @param say tells a screen reader where the cursor is.
   */
  constructor(done, say) {
    this.#words = allWords();
    this.#done = done;
    this.#say = say;
    this.#show();
  }

  get #span() {
    if (!this.#words.length) return "";
    const [a, b] = [Math.min(this.#at, this.#from), Math.max(this.#at, this.#from)];
    return `${this.#words[a][0]}-${this.#words[b][1]}`;
  }

  #show() {
    if (!this.#words.length) {
      this.#say("There are no words to mark");
      return;
    }
    draw("cursor", [this.#span]);
    this.#say(textOf(this.#span));
  }

  /** Whether a key was the cursor's. */
  press(event) {
    const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8};
    if (event.key in steps) {
      const last = this.#words.length - 1;
      this.#at = Math.max(0, Math.min(last, this.#at + steps[event.key]));
      if (!event.shiftKey) this.#from = this.#at;
      this.#show();
      return true;
    }
    if (event.key === "Enter" || event.key === "Escape") {
      draw("cursor", []);
      this.#done(event.key === "Enter" ? this.#span : "");
      return true;
    }
    return false;
  }
}
