"""How fast a review of many reports answers: the next report, the agreement page, an export.

    python benchmarks/review_scale.py [--reports 200000] [--read 20000] [--database ADDRESS]

The reports are made up and their labels drawn, as many as asked for; three readers have read the
first ``--read`` of theirs, answering one cell of each and taking the others as proposed. Then each
reader asks for next reports and submits them. Times are of the store, without HTTP.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from lingula.review.agreement import agreement
from lingula.review.assignment import plan
from lingula.review.export.exporting import Wish, export
from lingula.review.records import Chosen, Judgement, NewReport, Person, Plan, Review, Span
from lingula.review.store import Store
from lingula.review.store.engine import database_url, open_engine, writing
from lingula.review.store.tables import JUDGEMENT
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14")
SENTENCES = (
    "The lungs are clear. ",
    "No pneumothorax. ",
    "Small left pleural effusion, not changed. ",
    "Possible pneumonia in the right lower lobe. ",
    "Mild pulmonary edema. ",
    "Heart size is normal. ",
)


def reports(count: int, rng: np.random.Generator) -> Iterator[NewReport]:
    classes = rng.choice([0, 1, 2, 3], size=(count, len(SCHEMA)), p=[0.6, 0.15, 0.2, 0.05])
    classes[:, 0] = 0
    for at in range(count):
        text = "".join(SENTENCES[word] for word in rng.integers(0, len(SENTENCES), 12))
        span = Span("Pneumothorax", 2, 3, 15, 0, 2, "pneumothorax / no")
        yield NewReport(f"s{at}", text, f"p{at // 3}", tuple(classes[at].tolist()), (span,) * 4)


def judged(report: int, kind: str, observation: str | None, value: str) -> Judgement:
    return Judgement(uuid.uuid4().hex, report, kind, observation, value, "page", "1", 4.0)


def read(database: str, store: Store, reader: Person, many: int, rng: np.random.Generator) -> None:
    """The reader's first reports as read: rows straight into the table, as ``record`` adds them."""
    numbers = [found.report_id for found in store.search(reader, "", limit=many)]
    names = SCHEMA.names[1:]
    kept = {"page_version": "page", "proposals_version": "1", "seconds_spent": 4.0, "recorded": 1}
    rows = []
    for number in numbers:
        name = names[int(rng.integers(len(names)))]
        value = str(rng.integers(0, 4))
        classes = "".join(map(str, rng.integers(0, 4, len(SCHEMA) - 1)))
        for kind, about, said, whole in (
            ("label", name, value, None),
            ("submit", None, "1", "0" + classes),
        ):
            rows.append(
                {
                    "id": uuid.uuid4().hex,
                    "person_id": reader.id,
                    "report_id": number,
                    "kind": kind,
                    "observation": about,
                    "value": said,
                    "classes": whole,
                    **kept,
                }
            )
    engine = open_engine(database_url(database))
    with writing(engine) as connection:
        for start in range(0, len(rows), 5_000):
            connection.execute(sa.insert(JUDGEMENT), rows[start : start + 5_000])
    engine.dispose()


class Times:
    """Wall clock and this process's CPU time of each of several turns."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def __enter__(self) -> Times:
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall.append(time.perf_counter() - self._start[0])
        self.cpu.append(time.process_time() - self._start[1])
        if self.what:
            print(f"{self.what}: {self.wall[-1]:.2f} s, CPU {self.cpu[-1]:.2f} s", flush=True)

    def tell(self, what: str) -> None:
        for name, seconds in (("", self.wall), (" (CPU)", self.cpu)):
            ms = 1000 * np.array(seconds)
            print(
                f"{what}{name}: n {len(ms)}, median {np.median(ms):.1f} ms, "
                f"p99 {np.percentile(ms, 99):.1f} ms, most {ms.max():.1f} ms",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=200_000)
    parser.add_argument("--read", type=int, default=20_000)
    parser.add_argument("--next", type=int, default=1_000)
    parser.add_argument("--database")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        database = given.database or str(Path(folder) / "review.sqlite")
        now = datetime.now(timezone.utc)
        review = Review("scale", SCHEMA, False, 2, "random", 0, "rules", "", 0, now)
        chosen = [Chosen(at, 1.0, "random") for at in range(1, given.reports + 1)]

        def choose(count: int, people: tuple[Person, ...]) -> Plan:
            return plan(chosen, people, 2, 0)

        people = [("a", "reader"), ("b", "reader"), ("c", "reader"), ("m", "manager")]
        with Times(f"made, {given.reports:,} reports"):
            store = Store(database, create=True)
            store.fill(review, reports(given.reports, rng), people, choose)
        readers = [one for one in store.people() if one.role == "reader"]
        with Times(f"read, 3 x {given.read:,}"):
            for reader in readers:
                read(database, store, reader, given.read, rng)
        store.close()
        store = Store(database)
        with Times("first question after a start"):
            store.progress(readers[0])
        answers, saves = Times(""), Times("")
        for turn in range(given.next):
            reader = readers[turn % 3]
            with answers:
                view = store.next_report(reader)
            assert view is not None
            with saves:
                store.record(reader, [judged(view.report_id, "submit", None, "1")])
        answers.tell("next report")
        saves.tell("a judgement saved")
        for turn in ("first", "second"):
            with Times(f"agreement, {turn} time"):
                found = agreement(store)
        print(f"agreement on {found.shared:,} shared reports")
        with Times("search, 50 found"):
            store.search(readers[0], "pneumonia lobe")
        with Times("search, nothing found"):
            store.search(readers[0], "zebra")
        with Times("export"):
            written = export(store, Path(folder) / "expert.csv", Wish(whose="majority"))
        print(f"exported {written.rows:,} rows")
        store.close()


if __name__ == "__main__":
    main()
