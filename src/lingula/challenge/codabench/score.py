"""Scoring program of an exported challenge: Python's own library only, from version 3.7 on.

    python score.py INPUT OUTPUT

Reads the truth in INPUT/ref and the submission, one CSV file, in INPUT/res; writes
OUTPUT/scores.json. What it says about a wrong submission holds nothing of the truth.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Dict, List, Tuple  # noqa: UP035 - for Python 3.7

Scores = Dict[str, List[float]]  # noqa: UP006


def spelled(name: str) -> str:
    """A column's name without case, spaces, underscores and hyphens."""
    return "".join(x for x in name.casefold() if x not in " _-\t")


def read_submission(folder: Path, terms: dict, ids: List[str]) -> Scores:  # type: ignore[type-arg] # noqa: UP006
    """Scores of each observation, in the order of the ids.

    Raises:
        ValueError: If the submission is wrong; says how.
    """
    files = sorted(x for x in folder.rglob("*.csv") if x.is_file() and not x.is_symlink())
    if len(files) != 1:
        raise ValueError(f"a submission is one CSV file in a zip; this one has {len(files)}")
    with files[0].open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    rows = [row for row in rows if row]
    names = [spelled(name) for name in rows[0]] if rows else []
    wanted = [terms["id_column"], *terms["observations"]]
    lacking = [name for name in wanted if names.count(spelled(name)) != 1]
    if lacking:
        raise ValueError(f"columns that are missing or doubled: {', '.join(lacking)}")
    at = [names.index(spelled(name)) for name in wanted]
    found: Dict[str, List[float]] = {}  # noqa: UP006
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(names):
            raise ValueError(f"row {number} has {len(row)} cells, the header {len(names)}")
        name = row[at[0]].strip()
        if name in found:
            raise ValueError(f"row {number}: an id occurs twice")
        try:
            values = [float(row[place]) for place in at[1:]]
        except ValueError:
            raise ValueError(f"row {number}: a score is no number") from None
        if not all(map(math.isfinite, values)):
            raise ValueError(f"row {number}: a score is not finite")
        found[name] = values
    if set(found) != set(ids):
        raise ValueError(
            f"{len(set(ids) - set(found))} ids are missing and {len(set(found) - set(ids))} are "
            "not asked for"
        )
    columns = zip(*(found[name] for name in ids))  # noqa: B905 - Python 3.7 knows no strict
    return {name: list(column) for name, column in zip(wanted[1:], columns)}  # noqa: B905


def by_study(scores: List[float], studies: List[str], how: str) -> Dict[str, float]:  # noqa: UP006
    """Scores of rows as scores of their studies: the maximum, or the mean."""
    grouped: Dict[str, List[float]] = {}  # noqa: UP006
    for study, score in zip(studies, scores):  # noqa: B905
        grouped.setdefault(study, []).append(score)
    return {
        study: max(each) if how == "max" else math.fsum(each) / len(each)
        for study, each in grouped.items()
    }


def area_under_roc(pairs: List[Tuple[bool, float]]) -> float:  # noqa: UP006
    """AUROC: the chance that a true one scores higher, ties half, in whole numbers."""
    negative = sorted(score for true, score in pairs if not true)
    positive = [score for true, score in pairs if true]
    twice = sum(bisect_left(negative, x) + bisect_right(negative, x) for x in positive)
    return twice / (2 * len(positive) * len(negative))


def average_precision(pairs: List[Tuple[bool, float]]) -> float:  # noqa: UP006
    """Precision at each threshold, weighted by the recall gained there."""
    total = sum(true for true, _ in pairs)
    ranked = sorted(pairs, key=lambda pair: -pair[1])
    found = tp = seen = 0.0
    for place, (true, score) in enumerate(ranked):
        seen += true
        if place + 1 == len(ranked) or ranked[place + 1][1] != score:
            found += (seen - tp) * seen / (place + 1)
            tp = seen
    return found / total


def main(source: Path, target: Path) -> None:
    """Score the submission in one folder and write its figures into another."""
    terms = json.loads((source / "ref" / "terms.json").read_text(encoding="utf-8"))
    with (source / "ref" / "truth.csv").open(encoding="utf-8", newline="") as stream:
        truth = list(csv.DictReader(stream))
    scores = read_submission(source / "res", terms, [row["id"] for row in truth])
    studies = [row["study"] for row in truth]
    asked = {row["study"] for row in truth if row["part"] in terms["parts"]}
    area = area_under_roc if terms["metric"] == "auroc" else average_precision
    found = {}
    for position, name in enumerate(terms["observations"]):
        true = {row["study"]: row[name] == "1" for row in truth}
        joined = by_study(scores[name], studies, terms["images"])
        pairs = [(true[study], joined[study]) for study in sorted(asked)]
        found[f"observation{position + 1}"] = area(pairs)
    mean = math.fsum(found.values()) / len(found)
    if not terms["each"]:
        # One figure of the public part, no finer than it must be.
        found, mean = {}, round(mean, 2)
    target.mkdir(exist_ok=True)
    text = json.dumps({"mean": mean, **found})
    (target / "scores.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except ValueError as error:
        sys.exit(f"refused: {error}")
