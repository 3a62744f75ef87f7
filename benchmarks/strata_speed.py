"""How long ``lingula strata`` takes on a MIMIC-CXR-sized table of made-up reports.

    python benchmarks/strata_speed.py [--reports 227827]

Reports are six sentences from the examples of the rules; half of the sentences were never seen
before (a number that is drawn anew makes them so).
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lingula.pipeline import Output, Source
from lingula.rules import load_lexicon
from lingula.strata.definitions import strata, strata_lexicon
from lingula.strata.table import write_strata


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=227_827)
    options = parser.parse_args()
    sentences = sorted(
        {example.text for item in strata() for example in item.examples}
        | {example.text for _, example in strata_lexicon().examples()}
        | {example.text for _, example in load_lexicon("chexpert14").examples()}
    )
    chance = random.Random(0)

    def report() -> str:
        parts = []
        for _ in range(6):
            sentence = chance.choice(sentences)
            if chance.random() < 0.5:
                sentence = f"{sentence[:-1]} (series {chance.randrange(10**9)})."
            parts.append(sentence)
        return " ".join(parts)

    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "reports.parquet", Path(folder) / "strata.parquet"
        ids = [str(number) for number in range(options.reports)]
        texts = [report() for _ in ids]
        pq.write_table(pa.table({"id": ids, "text": texts}), source)
        for evidence in (None, Path(folder) / "evidence.parquet"):
            wall, cpu = time.perf_counter(), time.process_time()
            write_strata(Source(str(source)), Output(output, evidence=evidence, overwrite=True))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            name = "with evidence" if evidence else "strata only"
            print(
                f"{name}: {options.reports:,} reports in {cpu:.1f} s of CPU, {wall:.1f} s of wall "
                f"({options.reports / cpu:,.0f} reports a CPU-second)"
            )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
