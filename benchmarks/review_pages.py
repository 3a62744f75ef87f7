"""Readers at a review: through a real browser by the keyboard, and under a server that is killed.

    python benchmarks/review_pages.py keys  [--reports 1000]
    python benchmarks/review_pages.py kills [--readers 20] [--kills 50] [--database ADDRESS]

``keys``: one reader in Chromium presses 14 keys and Enter for each report, at most so many keys a
second as --rate says; prints how long it took from a key until the server had it on its disk, and
compares every label of the export with the keys. ``kills``: readers send judgements over HTTP, each
until it is acknowledged, while the server is killed with SIGKILL at random moments and started
again; then every acknowledged judgement must be in the database once, each current label must be
the last acknowledged one, and the database must be sound. The database is a new SQLite file, or the
empty PostgreSQL database at ADDRESS.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from lingula.review.folder import open_review
from lingula.review.web.links import new_link
from lingula.schemas import load_schema

SENTENCES = (
    "No pneumothorax.", "Small left pleural effusion.", "The heart is enlarged.",
    "Mild edema cannot be excluded.", "Old rib fracture.", "Endotracheal tube in place.",
    "Bibasilar atelectasis.", "No focal consolidation.",
)  # fmt: skip
NAMES = load_schema("chexpert14").names
#: Observations that take all four labels.
FREE = NAMES[1:]
LINGULA = (sys.executable, "-m", "lingula")


def make_review(folder: Path, reports: int, readers: Sequence[str], database: str | None) -> Path:
    """A blind review of made-up reports, each for every reader."""
    rng = random.Random(0)
    table = folder / "reports.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["study_id", "report"])
        for number in range(reports):
            writer.writerow([f"s{number}", " ".join(rng.sample(SENTENCES, 3))])
    made = folder / "made.review"
    more = ["--database", database] if database else []
    subprocess.run(
        [*LINGULA, "review", str(table), "--readers", ",".join(readers), "--blind", "--no-serve",
         "--quiet", "--labeler", "rules", "-o", str(made), *more],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return made


def serve(review: Path, port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
    """A server of its own process, and its address."""
    log = review.parent / "serve.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*LINGULA, "review", str(review), "--port", str(port), "--quiet"],
            stdout=stream, stderr=stream,
        )  # fmt: skip
    until = time.monotonic() + 600
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"serving on (http://\S+)", log.read_text(encoding="utf-8"))
        if found:
            return process, found[1]
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(log.read_text(encoding="utf-8"))


@dataclass
class Reader:
    """One reader who sends judgements over HTTP, each until it is acknowledged."""

    name: str
    person: int
    client: httpx.Client
    reports: int
    rng: random.Random
    acknowledged: list[str] = field(default_factory=list)
    last: dict[tuple[int, str], str] = field(default_factory=dict)
    resent: int = 0

    def work(self, ending: threading.Event) -> None:
        while not ending.is_set():
            judgements = [self._judgement() for _ in range(self.rng.randint(1, 4))]
            self._send(judgements)
            time.sleep(self.rng.uniform(0, 0.03))

    def _judgement(self) -> dict[str, Any]:
        return {
            "id": uuid.UUID(int=self.rng.getrandbits(128)).hex,
            "report": self.rng.randint(1, self.reports),
            "kind": "label",
            "observation": self.rng.choice(FREE),
            "value": str(self.rng.randint(0, 3)),
        }

    def _send(self, judgements: list[dict[str, Any]]) -> None:
        body = {"person": self.person, "judgements": judgements}
        while True:
            try:
                answer = self.client.post("/judgements", json=body)
                if answer.status_code == 200:
                    break
                if answer.status_code not in (429, 503):
                    raise RuntimeError(answer.text)
            except httpx.TransportError:
                pass
            self.resent += 1
            time.sleep(0.05)
        saved = answer.json()["saved"]
        assert saved == [item["id"] for item in judgements]
        self.acknowledged += saved
        for item in judgements:
            self.last[item["report"], item["observation"]] = item["value"]


def enter(url: str, link: str) -> tuple[httpx.Client, int]:
    """A client with a session."""
    client = httpx.Client(base_url=url, timeout=30, trust_env=False)
    answer = client.post("/enter", json={"token": link.partition("#")[2]})
    answer.raise_for_status()
    session = client.get("/session").json()
    client.headers["X-CSRF-Token"] = session["csrf"]
    return client, session["person"]


def storm(
    folder: Path, *, readers: int, kills: int, reports: int = 50, database: str | None = None
) -> dict[str, Any]:
    """Kill a server under its readers; figures of what became of their judgements.

    Raises:
        AssertionError: If an acknowledged judgement is lost or doubled, or the database is damaged.
    """
    names = [f"reader{number}" for number in range(readers)]
    review = make_review(folder, reports, names, database)
    process, url = serve(review)
    with open_review(review, database) as store:
        links = [
            new_link(store, url, person) for person in store.people() if person.role == "reader"
        ]
    crowd = [
        Reader(name, person, client, reports, random.Random(at))
        for at, name in enumerate(names)
        for client, person in [enter(url, links[at])]
    ]
    ending = threading.Event()
    threads = [threading.Thread(target=one.work, args=[ending], daemon=True) for one in crowd]
    for thread in threads:
        thread.start()
    rng, port = random.Random(1), int(url.rpartition(":")[2])
    try:
        for _ in range(kills):
            time.sleep(rng.uniform(0.05, 1.5))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process, _ = serve(review, port)
        time.sleep(1)
    finally:
        ending.set()
        for thread in threads:
            thread.join(60)
        for one in crowd:
            one.client.close()
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
    assert status == 0
    assert not any(thread.is_alive() for thread in threads)
    check(review, crowd, database)
    return {
        "acknowledged": sum(len(one.acknowledged) for one in crowd),
        "sent again": sum(one.resent for one in crowd),
        "kills": kills,
    }


def check(review: Path, crowd: Sequence[Reader], database: str | None) -> None:
    """Hold the database against what was acknowledged."""
    if database is None:
        with closing(sqlite3.connect(review / "review.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with open_review(review, database) as store:
        kept: list[str] = [row.id for row in store.trail()]
        assert sorted(kept) == sorted(item for one in crowd for item in one.acknowledged)
        people = {person.name: person for person in store.people()}
        for one in crowd:
            found: dict[tuple[int, str], str] = {}
            for report in range(1, one.reports + 1):
                view = store.report(people[one.name], report)
                assert view is not None
                found |= {(report, name): str(value) for name, value in view.answers.items()}
            assert found == one.last


def keys(folder: Path, reports: int, rate: float) -> dict[str, Any]:
    """One reader in Chromium answers every cell of every report by the keyboard."""
    from playwright.sync_api import sync_playwright

    review = make_review(folder, reports, ["reader"], None)
    process, url = serve(review)
    with open_review(review) as store:
        link = new_link(store, url, store.people()[0])
        order = store.people()[0]
        names = []
        view = store.next_report(order)
        while view is not None and len(names) < reports:
            names.append(view.name)
            following = store.following_report(order, view.report_id)
            view = None if following is None else store.report(order, following)
    rng = random.Random(2)
    pressed: dict[str, str] = {}
    waits: list[float] = []
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    began = time.perf_counter()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(link)
        page.click("#enter")
        for name in names:
            page.wait_for_selector(f"h1 >> text='{name}'")
            answers = rng.choice("14") + "".join(rng.choice("1234") for _ in FREE)
            pressed[name] = answers
            for key in answers:
                started = time.perf_counter()
                page.keyboard.press(key)
                time.sleep(max(0.0, 1 / rate - (time.perf_counter() - started)))
            page.wait_for_selector("#saved[data-state='saved']")
            # No Finding beside a finding is asked about: the second Enter says that it is meant.
            page.keyboard.press("Enter")
            if "Enter again" in page.inner_text("#said"):
                page.keyboard.press("Enter")
            waits += page.evaluate(
                "performance.getEntriesByName('saved').map((item) => item.duration)"
            )
            page.evaluate("performance.clearMeasures('saved')")
        page.wait_for_selector("main[data-view='finished']")
        browser.close()
    seconds = time.perf_counter() - began
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    cells = compare_export(review, pressed)
    p50, p99 = np.percentile(waits, [50, 99])
    return {
        "reports": reports, "cells of the export, all as pressed": cells,
        "judgements timed": len(waits), "ms from key to saved, median": round(float(p50), 1),
        "ms from key to saved, p99": round(float(p99), 1), "seconds": round(seconds, 1),
    }  # fmt: skip


def compare_export(review: Path, pressed: dict[str, str]) -> int:
    """How many cells an export has, each of which must be as it was pressed."""
    output = review.parent / "expert.csv"
    subprocess.run(
        [*LINGULA, "review", "export", str(review), "-o", str(output)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    values = {"1": "1", "2": "0", "3": "-1", "4": ""}
    cells = 0
    with output.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            answers = pressed[row["id"]]
            for name, key in zip(NAMES, answers, strict=True):
                assert row[name].removesuffix(".0") == values[key], (row["id"], name)
                cells += 1
    assert cells == 14 * len(pressed)
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["keys", "kills"])
    parser.add_argument("--reports", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=12, help="keys a second at most")
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--database", help="an empty PostgreSQL database")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "keys":
            figures = keys(Path(folder), given.reports, given.rate)
        else:
            figures = storm(
                Path(folder), readers=given.readers, kills=given.kills, database=given.database
            )
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
