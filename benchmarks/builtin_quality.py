"""Human coding of Open-i against rules, model and the built-in labeler, with intervals.

    python benchmarks/builtin_quality.py torchxrayvision-*.whl --split validation

"validation" is the part of the development reports that the recipe "builtin" keeps out of
training, on which everything about the built-in labeler was chosen. "test" is the 771 reports that
are kept for measuring: run it when nothing is going to be changed any more.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import lingula
from lingula.builtin import BuiltinLabeler
from lingula.builtin.combination import combine
from lingula.labels import Label, is_missing
from lingula.metrics.bootstrap import (
    paired_difference,
    percentile_interval,
    resample_sums,
    units_of,
)
from lingula.metrics.calibration import expected_calibration_error, reliability
from lingula.training.examples import draw_validation, text_key
from lingula.training.openi import OpenIReport, measured_ids, read_openi
from lingula.training.openi_labels import NINE_TERMS, coded_observations, is_coded, nine_classes
from lingula.training.recipe_files import load_recipe

RESAMPLES = 5000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("openi", type=Path, help="torchxrayvision's wheel, or the archive")
    arguments.add_argument("--split", choices=("validation", "test"), default="validation")
    arguments.add_argument("--model", help="a model folder in place of the shipped model")
    arguments.add_argument("--rows", action="store_true", help="a line for each observation")
    chosen = arguments.parse_args()
    reports = [
        item for item in part(read_openi(chosen.openi), chosen.split) if is_coded(item.codes)
    ]
    texts = [item.text for item in reports]
    codes = [item.codes for item in reports]
    rules_labeler = lingula.load("rules")
    labeler = lingula.load(chosen.model) if chosen.model else BuiltinLabeler(threads=1).model
    began = time.process_time()
    rules = rules_labeler.label(texts)
    between = time.process_time()
    model = labeler.label(texts)
    speed = [len(texts) / (b - a) for a, b in ((began, between), (began, time.process_time()))]
    names = rules.schema.names
    columns = [names.index(name) for name in NINE_TERMS]
    truth = nine_classes(codes)
    said = {"rules": rules.classes == Label.POSITIVE}
    if not chosen.model:
        said["builtin"] = combine(rules, model) == Label.POSITIVE
    assert model.probabilities is not None
    said["model"] = model.probabilities[..., Label.POSITIVE] > 0.5
    print(f"{len(reports)} coded reports of the {chosen.split} part, nine classes")
    draws = {}
    for name, positive in said.items():
        estimate, resampled = figures(truth, positive[:, columns])
        draws[name] = (estimate, resampled)
        micro, macro = (percentile_interval(resampled[at]) for at in (0, 1))
        print(
            f"{name:8} micro F1 {estimate[0]:.3f} ({micro.low:.3f} to {micro.high:.3f})  "
            f"macro F1 {estimate[1]:.3f} ({macro.low:.3f} to {macro.high:.3f})"
        )
        if name != "rules":
            base = draws["rules"]
            gap = paired_difference(base[0][0], estimate[0], resampled[0] - base[1][0])
            print(
                f"         micro F1 above the rules: {gap.estimate:+.3f} "
                f"({gap.interval.low:+.3f} to {gap.interval.high:+.3f}), p {gap.p_value:.4f}"
            )
    if chosen.rows:
        by_observation(truth, {name: x[:, columns] for name, x in said.items()}, list(NINE_TERMS))
        print("all observations, MeSH codes of the 14:")
        by_observation(coded_observations(codes, rules.schema), said, list(names))
    every = coded_observations(codes, rules.schema)
    errors = [
        expected_calibration_error(
            reliability(every[:, at], model.probabilities[:, at, Label.POSITIVE].clip(0, 1))
        )
        for at in range(len(names))
    ]
    print(f"expected calibration error: mean {np.mean(errors):.4f}, largest {max(errors):.4f}")
    print(f"reports a CPU-second: rules {speed[0]:.0f}, rules and model {speed[1]:.0f}")


def part(reports: list[OpenIReport], split: str) -> list[OpenIReport]:
    if split == "test":
        return [item for item in reports if item.uid in measured_ids()]
    recipe = load_recipe("builtin")
    kept = [
        item for item in reports if item.uid not in measured_ids() and not is_missing(item.text)
    ]
    drawn = draw_validation(
        [text_key(item.text) for item in kept], recipe.split.validation, recipe.seed
    )
    return [item for item, chosen in zip(kept, drawn, strict=True) if chosen]


def figures(
    truth: np.ndarray, said: np.ndarray
) -> tuple[tuple[float, float], tuple[np.ndarray, np.ndarray]]:
    """Micro and macro F1, and the same of each resample."""
    counts = np.stack([truth & said, ~truth & said, truth & ~said], axis=-1)
    flat = counts.reshape(len(counts), -1).astype(np.float32)
    sums, _ = resample_sums(
        lambda rows: (flat[rows], np.zeros((len(rows), 0))), units_of(len(flat)), RESAMPLES, 1
    )
    whole = f1(flat.sum(axis=0, keepdims=True).astype(float).reshape(1, -1, 3))
    micro, macro = f1(sums.reshape(RESAMPLES, -1, 3))
    return (float(whole[0][0]), float(whole[1][0])), (micro, macro)


def f1(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
