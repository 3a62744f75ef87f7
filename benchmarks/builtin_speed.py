"""Reports a CPU-second of the built-in labeler, beside those of an earlier version.

    git worktree add ../before COMMIT
    python benchmarks/builtin_speed.py torchxrayvision-*.whl --before ../before/src

Both run in turn, in processes of their own, on one thread: the Indiana development reports as they
come, and the distinct ones alone. What stands is the median of the rounds, and of their ratios.
"""

from __future__ import annotations

import argparse
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from builtin_quality import part

from lingula.training.data.openi import read_openi

ONE = """
import pickle, sys, time
import lingula
texts = pickle.load(open(sys.argv[1], "rb"))
labeler = lingula.load("builtin", threads=1)
labeler.label(["No effusion."])
began = time.process_time()
for at in range(0, len(texts), 512):
    labeler.label(texts[at : at + 512])
print(len(texts) / (time.process_time() - began))
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("openi", type=Path, help="torchxrayvision's wheel, or the archive")
    arguments.add_argument("--before", type=Path, metavar="SRC", help="src of an earlier version")
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    texts = [item.text for item in part(read_openi(chosen.openi), "development")]
    now = Path(__file__).resolve().parent.parent / "src"
    versions = {"now": now, **({"before": chosen.before.resolve()} if chosen.before else {})}
    with tempfile.TemporaryDirectory() as folder:
        for name, some in (("as they come", texts), ("distinct", list(dict.fromkeys(texts)))):
            file = Path(folder) / "texts.pickle"
            file.write_bytes(pickle.dumps(some))
            rates: dict[str, list[float]] = {version: [] for version in versions}
            for _ in range(chosen.rounds):
                for version, source in versions.items():
                    rates[version].append(one(source, file))
            line = ", ".join(f"{v} {statistics.median(r):.0f}" for v, r in rates.items())
            if "before" in rates:
                pairs = zip(rates["now"], rates["before"], strict=True)
                line += f"; {statistics.median(a / b for a, b in pairs):.1f} times"
            print(f"{len(some)} reports {name}, a CPU-second: {line}")


def one(source: Path, texts: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", ONE, str(texts)],
        env={**os.environ, "PYTHONPATH": str(source)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(done.stdout)


if __name__ == "__main__":
    main()
