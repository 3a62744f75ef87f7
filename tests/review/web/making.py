"""Small reviews for the tests of the pages, and a server of its own process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import lingula
from lingula.labels import Evidence
from lingula.review.records import Chosen, NewReport, Person, Plan, Review, Span
from lingula.review.store import Store
from lingula.schemas import load_schema

#: Our own sentences.
TEXTS = (
    "FINDINGS: Small left pleural effusion. No pneumothorax. The heart is mildly enlarged.\n\n"
    "IMPRESSION: Possible pneumonia at the right base.",
    "FINDINGS: The lungs are clear. No effusion or pneumothorax. IMPRESSION: Normal chest.",
    "FINDINGS: Endotracheal tube in place. Bibasilar atelectasis. Mild edema cannot be excluded.",
    "IMPRESSION: Old healed fracture of the left sixth rib. No consolidation.",
)
EVERYBODY = (
    ("quinta", "reader"), ("bruno", "reader"), ("cora", "adjudicator"), ("mia", "manager"),
)  # fmt: skip


def span(item: Evidence) -> Span:
    return Span(
        item.observation, int(item.label), item.start, item.end,
        item.cue_start, item.cue_end, item.rule,
    )  # fmt: skip


def make_store(
    path: Path | str,
    texts: Sequence[str] = TEXTS,
    *,
    blind: bool = False,
    people: Sequence[tuple[str, str]] = EVERYBODY,
    practice: int = 0,
    only: Mapping[str, Sequence[int]] | None = None,
) -> Store:
    """A review in which every reader reads every report, or ``only`` some, in the table's order."""
    labeler = lingula.load("rules")
    labels = labeler.label(list(texts), evidence=True)
    assert labels.evidence is not None
    reports = [
        NewReport(
            f"report-{n}", text, "", tuple(int(c) for c in labels.classes[n]),
            tuple(span(item) for item in labels.evidence[n] if item.phrase),
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip
    store = Store(path, create=True)

    def plan(count: int, persons: tuple[Person, ...]) -> Plan:
        chosen = tuple(
            Chosen(n, 1.0, "practice" if n <= practice else "random") for n in range(1, count + 1)
        )
        whole = tuple(range(1, count + 1))
        readers = {
            p.id: tuple((only or {}).get(p.name, whole)) for p in persons if p.role == "reader"
        }
        return Plan(chosen, readers)

    review = Review(
        "Chest study", load_schema("chexpert14"), blind, 2, "random", practice, "rules",
        labeler.sha256, 0, datetime.now(timezone.utc),
    )  # fmt: skip
    store.fill(review, reports, people, plan)
    return store


SERVE = """
import sys
from lingula.review.store import Store
from lingula.review.web.running import Place, serve
from lingula.review.web.links import new_link
from lingula.web.log_lines import log_to_stderr
log_to_stderr(requests=True)
with Store(sys.argv[1]) as store:
    def started(url):
        for person in store.people() if "--links" in sys.argv else ():
            print("link", person.name, new_link(store, url, person))
        print("serving on", url, flush=True)
    serve(store, Place(port=int(sys.argv[2])), started)
"""


@dataclass
class Site:
    """A running server."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    links: dict[str, str]

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        """A test that failed leaves no server behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")


def start(database: Path | str, folder: Path, port: int = 0, *, links: bool = True) -> Site:
    """Serve a review; ``links`` makes one for everybody."""
    log = folder / "review.log"
    more = ["--links"] if links else []
    with log.open("ab") as stream:
        at = stream.tell()
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(database), str(port), *more],
            stdout=stream, stderr=stream, cwd=folder,
        )  # fmt: skip
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        said = log.read_text(encoding="utf-8")[at:]
        found = re.search(r"serving on (http://\S+)", said)
        if found:
            made = dict(re.findall(r"^link (\S+) (\S+)$", said, re.MULTILINE))
            return Site(process, found[1], log, made)
        time.sleep(0.02)
    process.kill()
    raise AssertionError(log.read_text(encoding="utf-8"))
