"""Speed of the rule labeler: distinct reports a CPU-second, with cold caches.

    python benchmarks/rules_speed.py WHEEL [--rounds 5]

Each round starts a new labeler and labels every distinct report (findings and impression) of the
development part once, in one process; what is printed is the median over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import lingula
from lingula.training.data.openi import measured_ids, read_openi


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    reports = (item.text for item in read_openi(chosen.wheel) if item.uid not in measured_ids())
    distinct = [text for text in dict.fromkeys(reports) if text]
    words = statistics.mean(len(text.split()) for text in distinct)
    rates, with_evidence = [], []
    for evidence, found in ((False, rates), (True, with_evidence)) * chosen.rounds:
        labeler = lingula.load("rules")
        start = time.process_time()
        labeler.label(distinct, evidence=evidence)
        found.append(len(distinct) / (time.process_time() - start))
    print(
        f"{len(distinct)} distinct reports of {words:.0f} words on average, {chosen.rounds} rounds"
    )
    print(f"labels:               {statistics.median(rates):8.0f} reports a CPU-second")
    print(f"labels with evidence: {statistics.median(with_evidence):8.0f} reports a CPU-second")


if __name__ == "__main__":
    main()
