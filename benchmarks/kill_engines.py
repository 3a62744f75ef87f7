"""Kills runs over a folder at random moments: all must end in the bytes of an unbroken run.

    python benchmarks/kill_engines.py [--kills 10] [--seed 0] [--engines local ray]

For each engine, so many kills (SIGKILL) of a worker, of the driver, and, with Ray, of an actor. A
run whose worker or actor is killed goes on by itself; one whose driver is killed is resumed, as
often as it is killed. The labeler finds observations by their names and waits a little, so that
there is something to kill. All files of the output are compared, the manifest too.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PARTITIONS, ROWS = 12, 60
SECONDS = 0.25

RUN = """
import sys
sys.path.insert(0, sys.argv[1])
from kill_and_resume import SlowLabeler
from lingula.engines import FolderJob, label_folder
source, output, engine, resume, seconds = sys.argv[2:7]
summary = label_folder(FolderJob.of(
    source, output, SlowLabeler(float(seconds)), engine=engine, workers=2, retries=50,
    resume=bool(int(resume)),
))
print(summary.rows, summary.retried, summary.kept)
"""


@dataclass
class Counts:
    """What happened: kills that hit, runs that ended before theirs, and tries beyond the first."""

    kills: int = 0
    missed: int = 0
    retried: int = 0
    kept: int = 0


def make_input(folder: Path) -> Path:
    folder.mkdir()
    for part in range(PARTITIONS):
        with (folder / f"part-{part:02d}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["id", "text"])
            for row in range(ROWS):
                writer.writerow([f"{part}-{row}", f"edema or pneumonia in image {part} {row}"])
    return folder


def start(source: Path, output: Path, engine: str, resume: bool) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(Path(__file__).parent), str(source), str(output), engine,
         str(int(resume)), str(SECONDS)],
        stdout=subprocess.PIPE, text=True,
        # Ray's processes find the labeler by it.
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )  # fmt: skip


def ended(process: subprocess.Popen[str], counts: Counts) -> None:
    """Wait for a run that must come to its end."""
    said, _ = process.communicate(timeout=600)
    if process.returncode:
        raise SystemExit(f"a run ended with status {process.returncode}")
    # Ray tells of dead workers there too.
    rows, retried, kept = map(int, said.splitlines()[-1].split())
    if rows != PARTITIONS * ROWS:
        raise SystemExit(f"{rows} rows instead of {PARTITIONS * ROWS}")
    counts.retried += retried
    counts.kept += kept


def descendants(root: int) -> list[int]:
    found = [root]
    for pid in found:
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found[1:]


def workers(root: int) -> list[int]:
    """Worker processes below a driver, of either engine."""
    found = []
    for pid in descendants(root):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"lingula.engines.worker" in line or b"ray::_Actor" in line:
            found.append(pid)
    return found


def under_way(output: Path) -> set[str]:
    """Names of what is being written; a killed run leaves some."""
    folder = output / "_lingula/work"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def working(process: subprocess.Popen[str], output: Path, before: set[str]) -> bool:
    """Wait until a run labels something new; whether it has not ended before."""
    until = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < until:
        try:
            if under_way(output) - before:
                return True
        except FileNotFoundError:
            # Removed while it was listed.
            continue
        time.sleep(0.01)
    return process.poll() is None


def unbroken(source: Path, output: Path) -> float:
    """A run that nobody kills; the seconds for which it labeled."""
    process = start(source, output, "local", False)
    working(process, output, set())
    begun = time.perf_counter()
    ended(process, Counts())
    return time.perf_counter() - begun


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@dataclass(frozen=True)
class Setting:
    """What is killed, in runs of which engine over what, and what all must end in.

    An unbroken run labels for ``seconds``, here and now: kills are spread over that time.
    """

    engine: str
    victim: str
    source: Path
    wanted: dict[str, bytes]
    seconds: float


def trial(setting: Setting, folder: Path, kills: int, chance: random.Random) -> Counts:
    """One run with so many kills on its way."""
    counts, output = Counts(), folder / "out"
    before = under_way(output)
    process = start(setting.source, output, setting.engine, False)
    for _ in range(kills):
        if not working(process, output, before):
            counts.missed += 1
            break
        time.sleep(chance.uniform(0, setting.seconds / kills))
        if setting.victim == "driver":
            process.kill()
            process.communicate()
            counts.kills += process.returncode == -signal.SIGKILL
            before = under_way(output)
            process = start(setting.source, output, setting.engine, True)
        else:
            alive = workers(process.pid)
            if not alive:
                counts.missed += 1
                break
            os.kill(chance.choice(alive), signal.SIGKILL)
            counts.kills += 1
    ended(process, counts)
    found = files(output)
    if found != setting.wanted:
        names = sorted({*found, *setting.wanted})
        different = [name for name in names if found.get(name) != setting.wanted.get(name)]
        raise SystemExit(f"{setting.engine}, {setting.victim}: other bytes in {different}")
    return counts


def kill_all(setting: Setting, kills: int, seed: int, a_run: int = 2) -> Counts:
    """Kills of one kind, until so many have hit."""
    total, chance = Counts(), random.Random(seed)
    while total.kills < kills:
        with tempfile.TemporaryDirectory() as folder:
            counts = trial(setting, Path(folder), min(a_run, kills - total.kills), chance)
        for name in vars(total):
            setattr(total, name, getattr(total, name) + getattr(counts, name))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engines", nargs="+", default=["local", "ray"])
    parser.add_argument("--victims", nargs="+", default=["worker", "driver"])
    parser.add_argument("--a-run", type=int, default=2, help="kills in one run at most")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, whole = make_input(Path(folder, "in")), Path(folder, "whole")
        seconds = unbroken(source, whole)
        for engine in arguments.engines:
            for victim in arguments.victims:
                begun = time.perf_counter()
                setting = Setting(engine, victim, source, files(whole), seconds)
                counts = kill_all(setting, arguments.kills, arguments.seed, arguments.a_run)
                print(
                    f"{engine}: {counts.kills} kills of a {victim}, every output the unbroken "
                    f"run's byte for byte; {counts.retried} partitions tried again, {counts.kept} "
                    f"kept by resumed runs; {time.perf_counter() - begun:.0f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()
