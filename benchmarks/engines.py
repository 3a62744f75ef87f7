"""Speed and memory of a folder of partitions, against ``lingula label`` over the same rows.

    python benchmarks/engines.py WHEEL [--rows 5000000] [--partitions 64] [--workers 2]
        [--engines table local ray] [--growth]

The reports are made as in run_speed.py (half of their sentences were never seen before), as Parquet
partitions. "table" is ``lingula label`` over all partitions as one table, by as many processes:
rates are compared with its own in the same run, since other work on the machine slows all alike.
With --growth, the same rows in 10 to 640 partitions, by 1 and 2 workers, and in one process, where
the core time can be told apart from other work's. Memory is the sum over a
run's processes, so pages that they share count more than once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from run_speed import Corpus, resident_bytes, tree

import lingula
from lingula.engines import FolderJob, label_folder
from lingula.training.data.openi import measured_ids, read_openi

TABLE = """
import json, sys
import lingula
from lingula.pipeline import Job, run
source, output, workers = sys.argv[1:4]
s = run(Job.of(source, output + ".parquet", lingula.load("rules"), workers=int(workers)))
print(json.dumps({"rows": s.rows, "seconds": s.seconds, "starting": 0.0}))
"""
FOLDER = """
import json, sys
from lingula.engines import FolderJob, label_folder
source, output, workers, engine = sys.argv[1:5]
s = label_folder(FolderJob.of(source, output, "rules", workers=int(workers), engine=engine))
assert s.complete, s.failed
print(json.dumps({"rows": s.rows, "seconds": s.seconds, "starting": s.starting}))
"""


@dataclass(frozen=True)
class Figures:
    rows: int
    seconds: float
    starting: float
    peak: int
    processor: float

    @property
    def rate(self) -> float:
        """Reports a second, beyond the start."""
        return self.rows / (self.seconds - self.starting)


def make_partitions(corpus: Corpus, folder: Path, rows: int, partitions: int) -> None:
    folder.mkdir()
    for part in range(partitions):
        first, last = part * rows // partitions, (part + 1) * rows // partitions
        table = pa.table(
            {
                "study_id": [f"s{50_000_000 + row}" for row in range(first, last)],
                "report": [corpus.report() for _ in range(first, last)],
            }
        )
        pq.write_table(table, folder / f"part-{part:05d}.parquet")


def split(source: Path, folder: Path, partitions: int) -> None:
    """The same rows in another number of partitions."""
    table = pq.read_table(source)
    folder.mkdir()
    for part in range(partitions):
        first, last = (n * table.num_rows // partitions for n in (part, part + 1))
        pq.write_table(table.slice(first, last - first), folder / f"part-{part:05d}.parquet")


def measured(source: Path, output: Path, workers: int, engine: str) -> Figures:
    program = TABLE if engine == "table" else FOLDER
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(source), str(output), str(workers), engine],
        stdout=subprocess.PIPE,
    )
    peak, begun = 0, time.perf_counter()
    ticks: dict[int, int] = {}
    while process.poll() is None:
        pids = tree(process.pid)
        peak = max(peak, resident_bytes(pids))
        ticks |= {pid: used for pid in pids if (used := processor_ticks(pid))}
        time.sleep(0.2)
    if process.returncode or process.stdout is None:
        raise SystemExit(f"{engine} failed after {time.perf_counter() - begun:.0f} s")
    told = json.loads(process.stdout.read())
    return Figures(**told, peak=peak, processor=sum(ticks.values()) / 100)


def processor_ticks(pid: int) -> int:
    """Hundredths of a second that a process has had of a core; 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0
    return int(fields[11]) + int(fields[12])


def show(what: str, figures: Figures, base: Figures | None) -> None:
    against = ""
    if base is not None:
        against = (
            f", {figures.rate / base.rate:.2f} of the table's rate, "
            f"{figures.processor / figures.rows / (base.processor / base.rows):.2f} of its "
            "processor time a report"
        )
    print(
        f"{what}: {figures.seconds:.1f} s, start {figures.starting:.1f} s, "
        f"{figures.rate:,.0f} reports/s beyond the start, processor {figures.processor:.0f} s, "
        f"peak memory {figures.peak / 1e6:,.0f} MB{against}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="torchxrayvision's wheel, with Open-i's reports")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--partitions", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engines", nargs="+", default=["table", "local", "ray"])
    parser.add_argument("--growth", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        held_out = measured_ids()
        reports = (item.text for item in read_openi(arguments.wheel) if item.uid not in held_out)
        source = folder / "in"
        make_partitions(Corpus(list(reports)), source, arguments.rows, arguments.partitions)
        print(f"{arguments.rows:,} reports in {arguments.partitions} partitions", flush=True)
        base = None
        for engine in arguments.engines:
            figures = measured(source, folder / f"out-{engine}", arguments.workers, engine)
            base = figures if engine == "table" else base
            show(f"{engine}, {arguments.workers} workers", figures, base)
        if arguments.growth:
            for partitions in (10, 80, 640):
                split(source, folder / f"in-{partitions}", partitions)
                output = folder / f"out-{partitions}-0"
                begun = time.process_time()
                label_folder(
                    FolderJob.of(
                        folder / f"in-{partitions}", output, lingula.load("rules"), workers=0
                    )
                )
                used = time.process_time() - begun
                print(f"in this process, {partitions} partitions: {used:.1f} s of a core")
                for workers in (1, 2):
                    output = folder / f"out-{partitions}-{workers}"
                    figures = measured(folder / f"in-{partitions}", output, workers, "local")
                    show(f"local, {partitions} partitions, {workers} workers", figures, base)


if __name__ == "__main__":
    main()
