// The observations beside a report: answers, and words marked as their reason.

import {draw, textOf} from "./words.js";

export class Row {
  constructor(element) {
    this.element = element;
    this.name = element.dataset.observation;
    this.radios = [...element.querySelectorAll("input[type=radio]")];
    this.marks = element.dataset.marks ? element.dataset.marks.split(" ") : [];
  }

  get answer() {
    return this.element.dataset.answer;
  }

  get proposal() {
    return this.element.dataset.proposal;
  }

  /** What submitting now would make of it. */
  get effective() {
    return this.answer || this.proposal || "0";
  }

  permits(value) {
    return this.radios.some((radio) => radio.value === value && !radio.disabled);
  }

  show(value) {
    this.element.dataset.answer = value;
    for (const radio of this.radios) radio.checked = radio.value === value;
  }

  focus() {
    const target = this.radios.find((radio) => radio.checked) ??
      this.radios.find((radio) => !radio.disabled);
    target?.focus({preventScroll: true});
    this.element.scrollIntoView({block: "nearest"});
  }

  /** Lists the marked words; `remove` takes one away. */
  list(remove) {
    const items = this.marks.map((span) => {
      const item = document.createElement("li");
      const words = textOf(span);
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "×";
      button.setAttribute("aria-label", `Remove the mark on “${words.slice(0, 60)}”`);
      button.addEventListener("click", () => remove(span));
      item.append(`“${words.slice(0, 120)}” `, button);
      return item;
    });
    this.element.querySelector(".reasons").replaceChildren(...items);
  }
}

/** Makes one row the current one: its mentions and marks stand out in the report. */
export function showCurrent(rows, current) {
  for (const row of rows) row.element.classList.toggle("here", row === current);
  for (const mark of document.querySelectorAll("#report mark")) {
    const here = current !== undefined && mark.dataset.of.split("|").includes(current.name);
    mark.classList.toggle("here", here);
  }
  const about = document.getElementById("reason-for");
  if (about && current) about.textContent = current.name;
  draw("reason", current ? current.marks : []);
  draw("other-reason", rows.filter((row) => row !== current).flatMap((row) => row.marks));
}

/** A sentence where the labels as they stand cannot all be true, else an empty text. */
export function contradiction(rows) {
  const nothing = rows.find((row) => row.name === "No Finding");
  if (nothing?.effective !== "1") return "";
  const found = rows.find((row) => row !== nothing && row.name !== "Support Devices" &&
    ["1", "3"].includes(row.effective));
  return found ? `No Finding is positive beside ${found.name}` : "";
}
