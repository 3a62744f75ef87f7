"""Labelers against the human coding of the Indiana reports (Open-i), with intervals.

    python benchmarks/builtin_quality.py torchxrayvision-*.whl --rows
    python benchmarks/builtin_quality.py torchxrayvision-*.whl --split test

Neither the rules' lexicon entries nor the model that ships hold a sentence of these reports; the
rules were tuned on the development part, so its figures favour them. ``--split test`` is the 771
reports that are kept for measuring: run it when nothing is going to be changed any more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import lingula
from lingula.labels import Label, is_missing
from lingula.metrics.bootstrap import (
    paired_difference,
    percentile_interval,
    resample_sums,
    units_of,
)
from lingula.metrics.calibration import expected_calibration_error, reliability
from lingula.training.data.openi import OpenIReport, measured_ids, read_openi
from lingula.training.data.openi_labels import (
    NINE_TERMS,
    coded_observations,
    is_coded,
    nine_classes,
)

RESAMPLES = 5000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("openi", type=Path, help="torchxrayvision's wheel, or the archive")
    arguments.add_argument("--split", choices=("development", "test"), default="development")
    arguments.add_argument("--labeler", action="append", metavar="NAME")
    arguments.add_argument("--rows", action="store_true", help="a line for each observation")
    chosen = arguments.parse_args()
    reports = [
        item for item in part(read_openi(chosen.openi), chosen.split) if is_coded(item.codes)
    ]
    texts = [item.text for item in reports]
    codes = [item.codes for item in reports]
    truth = nine_classes(codes)
    print(f"{len(reports)} coded reports of the {chosen.split} part, nine classes")
    said = {}
    base = None
    for name in chosen.labeler or ["rules", "builtin"]:
        labels = lingula.load(name).label(texts)
        names = labels.schema.names
        said[name] = labels.classes == Label.POSITIVE
        columns = [names.index(term) for term in NINE_TERMS]
        estimate, drawn = figures(truth, said[name][:, columns])
        micro, macro = (percentile_interval(drawn[at]) for at in (0, 1))
        print(
            f"{name:8} micro F1 {estimate[0]:.3f} ({micro.low:.3f} to {micro.high:.3f})  "
            f"macro F1 {estimate[1]:.3f} ({macro.low:.3f} to {macro.high:.3f})"
        )
        if base is None:
            base = (estimate, drawn)
        else:
            gap = paired_difference(base[0][0], estimate[0], drawn[0] - base[1][0])
            print(
                f"         micro F1 above the first: {gap.estimate:+.3f} "
                f"({gap.interval.low:+.3f} to {gap.interval.high:+.3f}), p {gap.p_value:.4f}"
            )
        if labels.probabilities is not None:
            coded = coded_observations(codes, labels.schema)
            errors = [
                expected_calibration_error(
                    reliability(
                        coded[:, at], labels.probabilities[:, at, Label.POSITIVE].clip(0, 1)
                    )
                )
                for at in range(len(names))
            ]
            print(f"         calibration error: mean {np.mean(errors):.4f}, most {max(errors):.4f}")
    if chosen.rows:
        by_observation(truth, {name: x[:, columns] for name, x in said.items()}, list(NINE_TERMS))
        print("all observations, MeSH codes of the 14:")
        by_observation(coded_observations(codes, labels.schema), said, list(names))


def part(reports: list[OpenIReport], split: str) -> list[OpenIReport]:
    """The reports of a part that hold text."""
    kept = [item for item in reports if not is_missing(item.text)]
    return [item for item in kept if (item.uid in measured_ids()) == (split == "test")]


def figures(
    truth: np.ndarray, said: np.ndarray
) -> tuple[tuple[float, float], tuple[np.ndarray, np.ndarray]]:
    """Micro and macro F1, and the same of each resample."""
    counts = hits(truth, said)
    flat = counts.reshape(len(counts), -1).astype(np.float32)
    sums, _ = resample_sums(
        lambda rows: (flat[rows], np.zeros((len(rows), 0))), units_of(len(flat)), RESAMPLES, 1
    )
    whole = f1(flat.sum(axis=0, keepdims=True).astype(float).reshape(1, -1, 3))
    micro, macro = f1(sums.reshape(RESAMPLES, -1, 3))
    return (float(whole[0][0]), float(whole[1][0])), (micro, macro)


def hits(truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    """True and false positives and the missed of each cell: bool, (n, k, 3)."""
    return np.stack([truth & said, ~truth & said, truth & ~said], axis=-1)


def f1(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Micro and macro F1 of counts (n, k, 3)."""

    def of(cells: np.ndarray) -> np.ndarray:
        hit, false, missed = np.moveaxis(cells, -1, 0)
        with np.errstate(invalid="ignore"):
            return 2 * hit / (2 * hit + false + missed)

    return of(counts.sum(axis=1)), np.nanmean(of(counts), axis=1)


def by_observation(truth: np.ndarray, said: dict[str, np.ndarray], names: list[str]) -> None:
    for at, name in enumerate(names):
        cells = []
        for positive in said.values():
            hit = int((truth[:, at] & positive[:, at]).sum())
            false = int((~truth[:, at] & positive[:, at]).sum())
            missed = int((truth[:, at] & ~positive[:, at]).sum())
            value = 2 * hit / max(1, 2 * hit + false + missed)
            cells.append(f"{value:.3f} ({hit}, {false}, {missed})")
        print(f"  {name:28}" + "".join(f"{cell:22}" for cell in cells))


if __name__ == "__main__":
    main()
