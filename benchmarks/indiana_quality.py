"""Human coding of Open-i against rules, model and the two joined, with intervals.

    python benchmarks/indiana_quality.py torchxrayvision-*.whl --out-of-fold run --rows

"run" is the folder of ``lingula train indiana``, whose last stage has folds: every coded
development report is measured on, with what a model said that was trained without it. All that is
to be chosen about the labeler of packages/lingula-indiana, which must be installed, is chosen so;
--distances compares ways to join rules and model.

``--split test`` is the 771 reports that are kept for measuring: run it when nothing is going to be
changed any more. ``--split validation --model FOLDER`` is for models whose recipe keeps that part
of the development reports out of training, as the one that ships does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
from builtin_quality import by_observation, f1, figures, hits
from lingula_indiana import IndianaLabeler
from lingula_indiana.combination import combine

import lingula
from lingula.labels import Label, Labels, Schema, is_missing
from lingula.metrics.bootstrap import (
    paired_difference,
    percentile_interval,
)
from lingula.metrics.calibration import expected_calibration_error, reliability
from lingula.training.data.examples import draw_validation, text_key
from lingula.training.data.openi import OpenIReport, measured_ids, read_openi
from lingula.training.data.openi_labels import (
    NINE_TERMS,
    coded_observations,
    is_coded,
    nine_classes,
)
from lingula.training.recipe_files import load_recipe

#: How far from one half a chance must be to go against the rules.
DISTANCES = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.45)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("openi", type=Path, help="torchxrayvision's wheel, or the archive")
    arguments.add_argument("--split", choices=("validation", "test"))
    arguments.add_argument("--model", help="a model folder in place of the shipped model")
    arguments.add_argument("--out-of-fold", type=Path, metavar="RUN", help="a run with folds")
    arguments.add_argument("--distances", action="store_true", help="of doubt and affirmation")
    arguments.add_argument("--rows", action="store_true", help="a line for each observation")
    chosen = arguments.parse_args()
    if bool(chosen.out_of_fold) == bool(chosen.split):
        arguments.error("give either --out-of-fold RUN or --split")
    if chosen.out_of_fold and chosen.model:
        arguments.error("--out-of-fold brings its own models; leave out --model")
    if chosen.split == "validation" and not chosen.model:
        arguments.error("the model has learned from the validation part; name --model")
    split = "development" if chosen.out_of_fold else chosen.split
    reports = [item for item in part(read_openi(chosen.openi), split) if is_coded(item.codes)]
    rules_labeler = lingula.load("rules")
    if chosen.out_of_fold:
        told = out_of_fold(chosen.out_of_fold, rules_labeler.schema)
        reports = [item for item in reports if digest(item.text) in told]
    texts = [item.text for item in reports]
    codes = [item.codes for item in reports]
    began = time.process_time()
    rules = rules_labeler.label(texts)
    between = time.process_time()
    if chosen.out_of_fold:
        chances = np.stack([told[digest(text)] for text in texts])
        model = Labels(rules.schema, chances.argmax(axis=-1).astype(np.int8), chances)
    else:
        if chosen.model:
            labeler = lingula.load(chosen.model, threads=1)
        else:
            labeler = IndianaLabeler(threads=1).model
        model = labeler.label(texts)
    speed = [len(texts) / (b - a) for a, b in ((began, between), (began, time.process_time()))]
    names = rules.schema.names
    columns = [names.index(name) for name in NINE_TERMS]
    truth = nine_classes(codes)
    said = {"rules": rules.classes == Label.POSITIVE}
    said["joined" if chosen.model else "indiana"] = combine(rules, model) == Label.POSITIVE
    assert model.probabilities is not None
    said["model"] = model.probabilities[..., Label.POSITIVE] > 0.5
    print(f"{len(reports)} coded reports of the {split} part, nine classes")
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
    if chosen.distances:
        for distance in DISTANCES:
            made = combine(rules, model, doubted=0.5 - distance, affirmed=0.5 + distance)
            counts = hits(truth, (made == Label.POSITIVE)[:, columns])
            micro, macro = f1(counts.sum(axis=0, keepdims=True))
            print(f"joined at 0.5 -/+ {distance:.2f}: micro {micro[0]:.4f} macro {macro[0]:.4f}")
    every = coded_observations(codes, rules.schema)
    errors = [
        expected_calibration_error(
            reliability(every[:, at], model.probabilities[:, at, Label.POSITIVE].clip(0, 1))
        )
        for at in range(len(names))
    ]
    print(f"expected calibration error: mean {np.mean(errors):.4f}, largest {max(errors):.4f}")
    if not chosen.out_of_fold:
        print(f"reports a CPU-second: rules {speed[0]:.0f}, rules and model {speed[1]:.0f}")


def part(reports: list[OpenIReport], split: str) -> list[OpenIReport]:
    if split == "test":
        return [item for item in reports if item.uid in measured_ids()]
    kept = [
        item for item in reports if item.uid not in measured_ids() and not is_missing(item.text)
    ]
    if split == "development":
        return kept
    recipe = load_recipe("indiana")
    drawn = draw_validation(
        [text_key(item.text) for item in kept], recipe.split.validation, recipe.seed
    )
    return [item for item, chosen in zip(kept, drawn, strict=True) if chosen]


def out_of_fold(run: Path, schema: Schema) -> dict[str, np.ndarray]:
    """Chances, (k, 4), by the SHA-256 of the text, with the run's temperatures."""
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    stage = recipe["stages"][-1]["name"]
    temperatures = np.array(record["stages"][stage]["calibration"]["temperatures"])
    assert len(temperatures) == len(schema)
    with np.load(run / stage / "out_of_fold.npz") as held:
        scaled = held["logits"] / temperatures[None, :, None]
        powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        chances = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
        return dict(zip(held["sha256"].tolist(), chances, strict=True))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


if __name__ == "__main__":
    main()
