"""The rule labeler against human coding and against the original CheXpert labeler's answers.

python benchmarks/rules_quality.py WHEEL TABLES [--splits dev extra] [--labeler rules]
    [--differences]

WHEEL is the torchxrayvision wheel, TABLES the folder of Open-i label tables (benchmarks/README.md).
The test split has no tables of the original's answers; name it only to measure a finished labeler.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from openi import read_split, read_table, read_texts
from sklearn.metrics import cohen_kappa_score

import lingula

#: Lingula's observation -> columns of the human coding under NIH's names.
NINE = {
    "Atelectasis": ["Atelectasis"],
    "Cardiomegaly": ["Cardiomegaly"],
    "Pleural Effusion": ["Effusion"],
    "Pneumonia": ["Pneumonia"],
    "Pneumothorax": ["Pneumothorax"],
    "Consolidation": ["Consolidation"],
    "Edema": ["Edema"],
    "Lung Lesion": ["Mass", "Nodule"],
    "No Finding": ["normal"],
}


LABELS = {9: "blank", 1: "positive", 0: "negative", -1: "uncertain"}


def counts(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return np.array(
        [(truth & predicted).sum(), (~truth & predicted).sum(), (truth & ~predicted).sum()]
    )


def figures(c: np.ndarray) -> str:
    tp, fp, fn = c
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    return f"F1 {f1(c):.3f}  precision {precision:.3f}  recall {recall:.3f}  (n = {tp + fn})"


def f1(c: np.ndarray) -> float:
    tp, fp, fn = c
    return float(2 * tp / max(2 * tp + fp + fn, 1))


def print_differences(names, texts, ours, original) -> None:
    pairs = Counter(
        (name, LABELS[int(value)], LABELS[int(float(original[uid][name] or 9))])
        for uid, row in zip(texts, np.nan_to_num(ours, nan=9.0), strict=True)
        for name, value in zip(names, row, strict=True)
    )
    print(f"  pairs of labels that differ, of {len(texts) * len(names)} cells")
    for (name, mine, theirs), count in pairs.most_common():
        if mine != theirs:
            print(f"  {count:5d}  {name:28} ours {mine:9} theirs {theirs}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("tables", type=Path)
    parser.add_argument("--splits", nargs="+", default=["dev", "extra"])
    parser.add_argument("--labeler", default="rules")
    parser.add_argument("--differences", action="store_true", help="count pairs of labels too")
    chosen = parser.parse_args()
    split = read_split(chosen.tables / "openi_split.csv")
    texts = read_texts(chosen.wheel, split, tuple(chosen.splits), ("FINDINGS", "IMPRESSION"))
    labels = lingula.load(chosen.labeler).label(list(texts.values()))
    values = labels.values
    schema = labels.schema

    human = read_table(chosen.tables / "openi_mesh_nih14_dev.csv")
    rows = [i for i, uid in enumerate(texts) if human[uid]["no_indexing"] != "1"]
    uids = [uid for uid in texts if human[uid]["no_indexing"] != "1"]
    print(f"human coding, {len(rows)} reports, positive = 1")
    total, each = np.zeros(3, dtype=int), []
    for name, columns in NINE.items():
        truth = np.array([any(human[uid][c] == "1" for c in columns) for uid in uids])
        found = counts(truth, values[rows, schema.index(name)] == 1)
        print(f"  {name:18} {figures(found)}")
        if name != "No Finding":
            total += found
            each.append(f1(found))
    print(f"  micro F1 over the eight findings {f1(total):.4f}, macro {np.mean(each):.4f}")

    coded = read_table(chosen.tables / "openi_mesh_chexpert14_dev.csv")
    print("human coding in CheXpert's 14 observations (core tier)")
    for column, name in enumerate(schema.names):
        truth = np.array([coded[uid][name] == "1" for uid in uids])
        print(f"  {name:28} {figures(counts(truth, values[rows, column] == 1))}")

    for title, file, sections in (
        ("findings + impression", "openi_chexpert_rules_full_dev.csv", ("FINDINGS", "IMPRESSION")),
        ("impression", "openi_chexpert_rules_impression_dev.csv", ("IMPRESSION",)),
    ):
        original = read_table(chosen.tables / file)
        texts = read_texts(chosen.wheel, split, tuple(chosen.splits), sections)
        texts = {uid: text for uid, text in texts.items() if text and uid in original}
        ours = lingula.load(chosen.labeler).label(list(texts.values())).values
        print(f"the original labeler's four classes on {title}, {len(texts)} reports: kappa")
        kappas = []
        for column, name in enumerate(schema.names):
            theirs = [original[uid][name] or "9" for uid in texts]
            mine = np.nan_to_num(ours[:, column], nan=9.0)
            kappas.append(cohen_kappa_score(mine.astype(int), [int(float(t)) for t in theirs]))
            print(f"  {name:28} {kappas[-1]:.3f}")
        print(f"  mean {np.mean(kappas):.4f}")
        if chosen.differences:
            print_differences(schema.names, texts, ours, original)


if __name__ == "__main__":
    main()
