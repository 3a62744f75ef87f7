"""Kills runs at random moments and resumes them: all must end in the bytes of an unbroken run.

    python benchmarks/kill_and_resume.py [--kills 50] [--seed 0]

So many resumes in each of four forms (CSV to CSV, CSV to Parquet, a folder to JSON Lines, CSV with
evidence), with one worker and with two: 400 in all by default. A third of the resumed runs are
killed again, and the run after that goes on. The labeler finds the observations by their names and
waits a little, so that there is something to kill; everything else is the pipeline as it is.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lingula.labels import Evidence, Label, Labels
from lingula.pipeline import How, Job, run
from lingula.pipeline.job import Output, source_of
from lingula.schemas import load_schema

ROWS = 300
BATCH_ROWS = 20
WORDS = ("edema", "pneumonia", "fracture", "consolidation", "atelectasis é👍")

#: Name of the form, suffix of the output, suffix of the evidence (or nothing).
FORMS = (
    ("csv to csv", ".csv", ""),
    ("csv to parquet", ".parquet", ""),
    ("folder to jsonl", ".jsonl", ""),
    ("with evidence", ".csv", ".parquet"),
)


class SlowLabeler:
    """Positive where an observation's name stands; takes some milliseconds."""

    parallel = True
    name = "slow"
    sha256 = "0"

    def __init__(self, seconds: float = 0.008) -> None:
        self.schema = load_schema("chexpert14")
        self.seconds = seconds

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        time.sleep(self.seconds)
        classes = np.zeros((len(texts), len(self.schema)), dtype=np.int8)
        found: list[tuple[Evidence, ...]] = []
        for row, text in enumerate(texts):
            items = []
            for column, name in enumerate(self.schema.names):
                at = (text or "").lower().find(name.lower())
                if text is not None and at >= 0:
                    classes[row, column] = Label.POSITIVE
                    end = at + len(name)
                    items.append(Evidence(name, Label.POSITIVE, at, end, text[at:end], "name"))
            found.append(tuple(items))
        return Labels(self.schema, classes, evidence=tuple(found) if evidence else None)


@dataclass
class Counts:
    """What happened: resumes that ended in the same bytes, runs killed, and killed twice."""

    resumes: int = 0
    kills: int = 0
    double: int = 0
    kept: int = 0
    finished: int = 0


def make_inputs(folder: Path) -> tuple[Path, Path]:
    """A table and a folder of the same reports."""
    texts = [f"{WORDS[n % 5]} in image {n % 130} of the chest" for n in range(ROWS)]
    table, reports = folder / "in.csv", folder / "reports"
    table.write_text(
        "id,text\n" + "".join(f"{n},{text}\n" for n, text in enumerate(texts)), encoding="utf-8"
    )
    reports.mkdir()
    for number, text in enumerate(texts):
        (reports / f"{number:04d}.txt").write_text(text, encoding="utf-8")
    return table, reports


def job(source: Path, folder: Path, form: tuple[str, str, str], workers: int) -> Job:
    _, suffix, evidence = form
    return Job(
        source_of(source),
        SlowLabeler(),
        Output(folder / f"o{suffix}", folder / f"e{evidence}" if evidence else None),
        How(workers=workers, batch_rows=BATCH_ROWS),
    )


def killed(wanted: Job, seconds: float) -> bool:
    """Run a job in a process of its own, killed after so long; whether it came to its end first."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            run(wanted)
            status = 0
        except BaseException:  # noqa: BLE001 - told below, and by the status
            traceback.print_exc()
        finally:
            os._exit(status)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        if os.WEXITSTATUS(status):
            raise SystemExit("a run failed; see above")
        return True
    return False


def outputs(folder: Path) -> dict[str, bytes]:
    """All that a run leaves, by name; the lock of a killed run is none of it."""
    return {
        path.name: path.read_bytes() if path.is_file() else b""
        for path in folder.iterdir()
        if not path.name.endswith(".lock")
    }


def trial(
    source: Path, form: tuple[str, str, str], workers: int, chance: random.Random, counts: Counts
) -> None:
    """One run that is killed once or more, and resumed until it is whole."""
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as broken:
        start = time.perf_counter()
        run(job(source, Path(whole), form, workers))
        # Beyond its length now and then: the moment of publishing must be hit too.
        length = 1.05 * (time.perf_counter() - start)
        wanted = job(source, Path(broken), form, workers)
        again = 0
        ended = killed(wanted, chance.uniform(0, length))
        while not ended:
            counts.kills += 1
            again += 1
            kept = list(Path(broken).glob("*.partial/task-*.npz"))
            counts.kept += len(kept)
            going_on = wanted.resuming()
            if chance.random() < 1 / 3:
                counts.double += 1
                ended = killed(going_on, chance.uniform(0, length))
            else:
                run(going_on)
                counts.resumes += 1
                ended = True
        if not again:
            counts.finished += 1
        if outputs(Path(broken)) != outputs(Path(whole)):
            raise SystemExit(
                f"{form[0]}, {workers} workers: a resumed run ended in other bytes: "
                f"{sorted(outputs(Path(broken)))}"
            )


def resume_all(kills: int, seed: int) -> Counts:
    """So many resumes in each form, with one worker and with two."""
    counts = Counts()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        table, reports = make_inputs(Path(folder))
        for form in FORMS:
            source = reports if form[0].startswith("folder") else table
            for workers in (1, 2):
                goal = counts.resumes + kills
                while counts.resumes < goal:
                    trial(source, form, workers, chance, counts)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="resumes a form and workers")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    start = time.perf_counter()
    counts = resume_all(arguments.kills, arguments.seed)
    print(
        f"{counts.resumes} resumes to the same bytes after {counts.kills} kills, {counts.double} "
        f"of the resumed runs killed again, {counts.kept:,} tasks kept; {counts.finished} runs "
        f"ended before their kill; {time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    # By its name, so that worker processes find the labeler.
    sys.path.insert(0, str(Path(__file__).parent))
    import kill_and_resume

    kill_and_resume.main()
