"""The rule labeler against human coding and against the original CheXpert labeler's answers.

    python benchmarks/rules_quality.py WHEEL [--original TABLES] [--differences]

WHEEL is the torchxrayvision wheel: its Open-i reports without the 771 that are kept for measuring,
with their human coding. TABLES is a folder with the original program's answers on the same reports
(openi_chexpert_rules_full_dev.csv and ..._impression_dev.csv: uid and 14 columns, 1, 0, -1 or
empty). --differences counts the pairs of labels in which the two differ.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import cohen_kappa_score

import lingula
from lingula.training.data.openi import OpenIReport, measured_ids, read_openi
from lingula.training.data.openi_labels import (
    NINE_TERMS,
    coded_observations,
    is_coded,
    nine_classes,
)

ORIGINAL = {
    "findings + impression": ("openi_chexpert_rules_full_dev.csv", lambda item: item.text),
    "impression": ("openi_chexpert_rules_impression_dev.csv", lambda item: item.impression),
}
BLANK = 9  # stands for a missing label in a kappa
NAMES = {BLANK: "blank", 1: "positive", 0: "negative", -1: "uncertain"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--original", type=Path)
    parser.add_argument("--differences", action="store_true")
    parser.add_argument("--labeler", default="rules")
    chosen = parser.parse_args()
    labeler = lingula.load(chosen.labeler)
    reports = [item for item in read_openi(chosen.wheel) if item.uid not in measured_ids()]
    against_human_coding(labeler, [item for item in reports if is_coded(item.codes)])
    if chosen.original:
        for title, (file, section) in ORIGINAL.items():
            texts = {item.uid: section(item) for item in reports if section(item)}
            against_original(labeler, texts, chosen.original / file, title, chosen.differences)


def against_human_coding(labeler: lingula.Labeler, reports: list[OpenIReport]) -> None:
    positive = labeler.label([item.text for item in reports]).values == 1
    names = labeler.schema.names
    codes = [item.codes for item in reports]
    print(f"human coding, {len(reports)} reports, positive = 1; nine classes as NIH draws them")
    truth = nine_classes(codes)
    tables = [
        counts(truth[:, at], positive[:, names.index(name)]) for at, name in enumerate(NINE_TERMS)
    ]
    for name, table in zip(NINE_TERMS, tables, strict=True):
        print(f"  {name:28} {figures(table)}")
    eight = [t for name, t in zip(NINE_TERMS, tables, strict=True) if name != "No Finding"]
    micro, macro = f1(sum(eight)), np.mean([f1(table) for table in eight])
    print(f"  eight findings: micro F1 {micro:.4f}, macro {macro:.4f}")
    print("the same coding, sorted into CheXpert's 14 observations")
    truth = coded_observations(codes, labeler.schema)
    for column, name in enumerate(names):
        print(f"  {name:28} {figures(counts(truth[:, column], positive[:, column]))}")


def against_original(
    labeler: lingula.Labeler, texts: dict[str, str], table: Path, title: str, differences: bool
) -> None:
    with table.open(newline="", encoding="utf-8") as file:
        rows = {row["uid"]: row for row in csv.DictReader(file)}
    uids = [uid for uid in texts if uid in rows]
    names = labeler.schema.names
    theirs = np.array([[int(float(rows[uid][name] or BLANK)) for name in names] for uid in uids])
    values = labeler.label([texts[uid] for uid in uids]).values
    ours = np.nan_to_num(values, nan=BLANK).astype(int)
    print(f"the original's four classes on {title}, {len(uids)} reports: Cohen's kappa")
    kappas = [cohen_kappa_score(ours[:, k], theirs[:, k]) for k in range(len(names))]
    for name, kappa in zip(names, kappas, strict=True):
        print(f"  {name:28} {kappa:.3f}")
    print(f"  mean {np.mean(kappas):.4f}; equal cells {np.mean(ours == theirs):.4f}")
    if not differences:
        return
    print(f"pairs of labels that differ, of {ours.size} cells")
    pairs = Counter(
        (names[column], NAMES[int(ours[row, column])], NAMES[int(theirs[row, column])])
        for row, column in np.argwhere(ours != theirs)
    )
    for (name, mine, other), count in pairs.most_common():
        print(f"  {count:5d}  {name:28} ours {mine:9} the original's {other}")


def counts(truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    return np.array([(truth & said).sum(), (~truth & said).sum(), (truth & ~said).sum()])


def f1(table: np.ndarray) -> float:
    hits, false, missed = table
    return float(2 * hits / max(2 * hits + false + missed, 1))


def figures(table: np.ndarray) -> str:
    hits, false, missed = table
    precision, recall = hits / max(hits + false, 1), hits / max(hits + missed, 1)
    coded = hits + missed
    return f"F1 {f1(table):.3f}  precision {precision:.3f}  recall {recall:.3f}  ({coded} coded)"


if __name__ == "__main__":
    main()
