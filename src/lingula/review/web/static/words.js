// Places in the report. Offsets count code points of the text as it was given; each line of the
// page carries the offset of its first.

const WORD = /[\p{L}\p{N}\p{M}'’.-]*[\p{L}\p{N}\p{M}]/gu;

function points(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function lineOf(node) {
  const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  return element?.closest("#report > p[data-start]") ?? null;
}

/** Offset of a place of the document in the report's text, or null outside of it. */
export function offsetOf(node, at) {
  const line = lineOf(node);
  if (line === null) return null;
  const before = document.createRange();
  before.setStart(line, 0);
  before.setEnd(node, at);
  return Number(line.dataset.start) + points(before.toString());
}

/** The selected words as "start-end", or "" where nothing of the report is selected. */
export function selectedSpan() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return "";
  const range = selection.getRangeAt(0);
  const report = document.getElementById("report");
  if (!report?.contains(range.commonAncestorContainer)) return "";
  const lines = [...report.querySelectorAll("p[data-start]")].filter((p) => range.intersectsNode(p));
  if (!lines.length) return "";
  const last = lines[lines.length - 1];
  const start = offsetOf(range.startContainer, range.startOffset) ?? Number(lines[0].dataset.start);
  const end = offsetOf(range.endContainer, range.endOffset) ??
    Number(last.dataset.start) + points(last.textContent);
  return start < end ? `${start}-${end}` : "";
}

/** Ranges of the document, one a line, for a span of the text. */
export function rangesOf(span) {
  const [start, end] = span.split("-").map(Number);
  const found = [];
  for (const line of document.querySelectorAll("#report > p[data-start]")) {
    const first = Number(line.dataset.start);
    if (first >= end) break;
    const length = points(line.textContent);
    if (first + length <= start) continue;
    const range = document.createRange();
    range.setStart(...place(line, Math.max(0, start - first)));
    range.setEnd(...place(line, Math.min(length, end - first)));
    found.push(range);
  }
  return found;
}

function place(line, offset) {
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  let left = offset, node = null;
  while (walker.nextNode()) {
    node = walker.currentNode;
    let units = 0;
    for (const character of node.data) {
      if (left === 0) return [node, units];
      units += character.length;
      left -= 1;
    }
    if (left === 0) return [node, units];
  }
  return node === null ? [line, 0] : [node, node.data.length];
}

/** The words of a span as they stand in the report. */
export function textOf(span) {
  return rangesOf(span).map((range) => range.toString().trim()).join(" ");
}

/** All words of the report, as [start, end] of the text; made when a reader first asks for one. */
export function allWords() {
  const found = [];
  for (const line of document.querySelectorAll("#report > p[data-start]")) {
    const text = line.textContent, first = Number(line.dataset.start);
    let units = 0, count = 0;
    for (const word of text.matchAll(WORD)) {
      count += points(text.slice(units, word.index));
      units = word.index;
      found.push([first + count, first + count + points(word[0])]);
    }
  }
  return found;
}

/** Draws spans over the report without changing it; browsers that cannot draw list them all the same. */
export function draw(name, spans) {
  if (!globalThis.Highlight || !CSS.highlights) return;
  const ranges = spans.flatMap(rangesOf);
  if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
  else CSS.highlights.delete(name);
}
