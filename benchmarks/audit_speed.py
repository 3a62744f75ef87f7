"""Time and memory of ``lingula audit``: made-up reports, and public tables if they are at hand.

    python benchmarks/audit_speed.py [--reports 227827] [--wheel torchxrayvision-...whl]

227,827 is the number of reports of MIMIC-CXR. The made-up reports draw their sentences from
templates with many fillings, and a share of them are copies, near-copies, or only compare.
The wheel (PyPI: torchxrayvision) holds CheXpert's and ChestX-ray14's label tables.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from lingula.schemas import load_schema

SIDES = ("left", "right", "bilateral")
PLACES = ("apex", "base", "upper lobe", "lower lobe", "mid lung", "costophrenic angle", "hilum")
SIZES = ("tiny", "small", "moderate", "large", "faint", "dense", "patchy", "linear")
FINDINGS = (
    "opacity", "effusion", "atelectasis", "consolidation", "nodule", "scarring", "pneumothorax",
    "edema", "interstitial thickening", "granuloma",
)  # fmt: skip
TEMPLATES = (
    "There is a {size} {side} {finding} at the {place}.",
    "No {finding} is seen in the {side} {place}.",
    "The {side} {place} shows a {size} {finding} of {n} mm.",
    "A {size} {finding} projects over the {side} {place}, which could be {finding}.",
    "The heart is {size} in size and the {side} {place} is clear.",
    "A tube ends {n} mm above the carina.",
    "Since the film of {n} days ago the {side} {finding} has become {size}.",
    "Old fracture of rib {n} on the {side}.",
)
NORMAL = (
    "The heart is of normal size. The lungs are clear. There is no effusion and no pneumothorax. "
    "The bones are intact."
)
COMPARING = ("No significant interval change.", "Unchanged.", "Stable chest since the last film.")


def sentence(generator: random.Random) -> str:
    return generator.choice(TEMPLATES).format(
        side=generator.choice(SIDES),
        place=generator.choice(PLACES),
        size=generator.choice(SIZES),
        finding=generator.choice(FINDINGS),
        n=generator.randint(1, 90),
    )


def report(generator: random.Random) -> str:
    kind = generator.random()
    if kind < 0.08:
        return NORMAL
    if kind < 0.1:
        return generator.choice(COMPARING)
    words = [sentence(generator) for _ in range(generator.randint(4, 11))]
    if kind < 0.3:
        words = [NORMAL, NORMAL, sentence(generator)]  # a near-copy of many others
    end = max(1, len(words) // 3)
    return "FINDINGS: " + " ".join(words[end:]) + "\n\nIMPRESSION: " + " ".join(words[:end])


def make(folder: Path, n: int) -> tuple[Path, Path, Path]:
    """A label table, a second one, and the reports."""
    generator = random.Random(1)
    names = load_schema("chexpert14").names
    labels, second, reports = (folder / f"{name}.csv" for name in ("labels", "second", "reports"))
    with (
        labels.open("w", newline="", encoding="utf-8") as a,
        second.open("w", newline="", encoding="utf-8") as b,
        reports.open("w", newline="", encoding="utf-8") as c,
    ):
        one, two, three = csv.writer(a), csv.writer(b), csv.writer(c)
        one.writerow(["study_id", "subject_id", "split", "sex", *names])
        two.writerow(["study_id", *names])
        three.writerow(["study_id", "text"])
        for row in range(n):
            cells = generator.choices(("", "1.0", "0.0", "-1.0"), (60, 20, 12, 8), k=len(names))
            cells[0] = generator.choice(("", "1.0"))
            patient = int(generator.paretovariate(0.7)) % max(1, n // 3)
            split = "test" if patient % 10 == 0 else "train"
            one.writerow([row, patient, split, generator.choice("FM"), *cells])
            if generator.random() < 0.3:
                cells[generator.randint(1, len(names) - 1)] = generator.choice(("", "1.0", "0.0"))
            two.writerow([row, *cells])
            three.writerow([row, report(generator)])
    return labels, second, reports


def run(title: str, *arguments: str) -> None:
    """One audit in a process of its own: seconds and peak memory."""
    command = [sys.executable, "-m", "lingula", "audit", *arguments, "--quiet"]
    begin = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{title}: failed")
    peak = usage.ru_maxrss / (2**20 if sys.platform != "darwin" else 2**30)
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{title:52} {seconds:7.1f} s  {cpu:7.1f} s CPU  {peak:5.2f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=227_827)
    parser.add_argument("--wheel", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out = ["-o", str(folder / "audit")]
        if options.wheel:
            for table in ("chexpert_train.csv.gz", "Data_Entry_2017_v2020.csv.gz"):
                with zipfile.ZipFile(options.wheel) as wheel:
                    path = wheel.extract(f"torchxrayvision/data/{table}", folder)
                run(table, path, *out)
        labels, second, reports = make(folder, options.reports)
        text = ["--reports", str(reports)]
        run(f"{options.reports:,} labels", str(labels), *out)
        run(f"{options.reports:,} labels with text", str(labels), *text, *out)
        more = ["--compare", str(second), "--truth", str(second)]
        run(f"{options.reports:,} with text, second labels, truth", str(labels), *text, *more, *out)


if __name__ == "__main__":
    main()
