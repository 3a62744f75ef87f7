"""Debian's Chromium without a window: screenshots, console lines, and what a probe script sees."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')

#: Holds the page in a frame, for a window is never narrower than 500 pixels, and keeps what the
#: probe inside sends.
FRAME = """<!doctype html>
<script>
addEventListener("message", (event) => {{
  document.documentElement.setAttribute("data-seen", event.data);
}});
</script>
<iframe src="{name}" style="width:{width}px; height:{height}px; border:0"></iframe>
"""
#: Runs inside the page and sends what it saw to the frame around it.
PROBE = """
<script>
const parse = (text) => {
  const m = text.match(/[\\d.]+/g).map(Number);
  const scale = text.startsWith("color(") ? 255 : 1;
  return {r: m[0] * scale, g: m[1] * scale, b: m[2] * scale, a: m.length > 3 ? m[3] : 1};
};
const over = (top, under) => ({
  r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a),
  b: top.b * top.a + under.b * (1 - top.a), a: 1});
const grounds = new Map([[null, {r: 255, g: 255, b: 255, a: 1}]]);
const ground = (element) => {
  if (!grounds.has(element)) {
    const top = parse(getComputedStyle(element).backgroundColor);
    grounds.set(element, over(top, ground(element.parentElement)));
  }
  return grounds.get(element);
};
const luminance = (c) => [c.r, c.g, c.b].map((v) => v / 255)
  .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const broken = (node) => {
  const found = [];
  for (const word of node.data.matchAll(/[A-Za-z]{2,24}/g)) {
    const range = document.createRange();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
    const around = node.data.slice(0, word.index + word[0].length).match(/\\S+$/)[0];
    if (tops.size > 1 && around.length <= 24) found.push(word[0]);
  }
  return found;
};
const look = () => {
  const seen = {};
  seen.dark = matchMedia("(prefers-color-scheme: dark)").matches;
  seen.title = document.title;
  seen.width = innerWidth;
  seen.scroll = document.documentElement.scrollWidth;
  seen.requests = performance.getEntriesByType("resource").map((entry) => entry.name)
    .filter((name) => !name.startsWith("data:"));
  seen.clipped = [];
  for (const element of document.body.querySelectorAll("*")) {
    const flow = getComputedStyle(element).overflowX;
    if (flow === "visible" || element.scrollWidth <= element.clientWidth + 1) continue;
    const hint = element.previousElementSibling;
    const told = element.matches(".scroll") && hint.matches(".hint") && hint.offsetHeight > 0;
    if (!told) seen.clipped.push(element.className + ": " + element.textContent.slice(0, 40));
  }
  seen.hints = [...document.querySelectorAll(".hint")].filter((x) => x.offsetHeight > 0).length;
  seen.texts = 0;
  seen.faint = [];
  seen.broken = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("script, style, title")) continue;
    if (!element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const under = ground(element);
    const ink = parse(element.closest("svg") ? style.fill : style.color);
    const [a, b] = [luminance(over(ink, under)), luminance(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    seen.texts += 1;
    if (ratio < 4.5) seen.faint.push([walker.currentNode.data.trim().slice(0, 30), ratio]);
    if (!element.closest("svg")) seen.broken.push(...broken(walker.currentNode));
  }
  seen.numbers = document.querySelectorAll("details.numbers table").length;
  seen.drawings = document.querySelectorAll(".curve, .bars, .stack").length;
  seen.sorted = {};
  [...document.querySelectorAll("table.sortable")].forEach((table, number) => {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const keys = () => [...table.tBodies[0].rows].map((row) => row.cells[column].dataset.key);
      const before = keys().sort();
      head.querySelector("button").click();
      const first = keys(), said = head.getAttribute("aria-sort");
      head.querySelector("button").click();
      const second = keys(), then = head.getAttribute("aria-sort");
      const same = JSON.stringify(before) === JSON.stringify(keys().sort());
      seen.sorted[`${number}: ${head.textContent}`] = {first, said, second, then, same};
    });
  });
  parent.postMessage(JSON.stringify(seen), "*");
};
addEventListener("load", () => {
  document.querySelectorAll("details").forEach((item) => { item.open = true; });
  setTimeout(look, 300);
});
</script>
"""


@dataclass(frozen=True)
class Visit:
    """What a visit left: the console's lines and the page's tree."""

    console: tuple[str, ...]
    tree: str


def _command(profile: Path, width: int, height: int, *, dark: bool = False) -> list[str]:
    assert CHROMIUM is not None
    return [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--enable-logging=stderr",
        "--virtual-time-budget=2000",
        f"--user-data-dir={profile}",
        f"--window-size={width},{height}",
        *(["--blink-settings=preferredColorScheme=0"] if dark else []),
    ]


def visit(page: Path, profile: Path, width: int, height: int, *, dark: bool = False) -> Visit:
    """Open a page for its tree and its console."""
    done = _run([*_command(profile, width, height, dark=dark), "--dump-dom", page.as_uri()])
    return Visit(tuple(x for x in done.stderr.splitlines() if "CONSOLE" in x), done.stdout)


def photograph(page: Path, profile: Path, width: int, height: int) -> Path:
    """A picture of the page's top at a width that a window need not have."""
    frame = page.with_name(f"{page.stem}-{width}-frame.html")
    frame.write_text(FRAME.format(name=page.name, width=width, height=height), encoding="utf-8")
    picture = page.with_name(f"{page.stem}-{width}.png")
    _run([*_command(profile, width + 20, height), f"--screenshot={picture}", frame.as_uri()])
    return picture


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def probe(page: Path, profile: Path, width: int, height: int, *, dark: bool = False) -> Any:
    """What the probe script sees in a copy of the page that lets it run."""
    text = page.read_text(encoding="utf-8")
    copy = page.with_name(f"{page.stem}-probe.html")
    without, removed = POLICY.subn("", text)
    assert removed == 1
    copy.write_text(without.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    frame = page.with_name(f"{page.stem}-frame.html")
    frame.write_text(FRAME.format(name=copy.name, width=width, height=height), encoding="utf-8")
    seen = visit(frame, profile, width + 100, height, dark=dark)
    found = re.search(r'data-seen="([^"]*)"', seen.tree)
    assert found is not None, f"the probe did not run: {seen.console}"
    return json.loads(unescape(found[1]))
