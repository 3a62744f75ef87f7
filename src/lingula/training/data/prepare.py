"""From sources to the examples of each stage: split, silver labels, sentences, augmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lingula.errors import InputError
from lingula.labels import Schema
from lingula.training.data.augment.compose import compose_reports, shuffle_sentences
from lingula.training.data.augment.substitute import Substitution
from lingula.training.data.augment.translate import back_translate, translator
from lingula.training.data.examples import (
    Bools,
    Examples,
    draw_validation,
    join_groups,
    refuse_leakage,
    text_key,
)
from lingula.training.data.silver import SilverLabels, distinct, sentences_of
from lingula.training.data.sources import Reports, read_source
from lingula.training.recipe import Recipe, Stage


@dataclass(frozen=True, eq=False)
class Part:
    """A source with its split: bool masks over its reports; a report may be in neither."""

    reports: Reports
    train: Bools
    validation: Bools

    def texts(self, mask: Bools) -> list[str]:
        """The texts of the masked rows."""
        return [text for text, chosen in zip(self.reports.texts, mask, strict=True) if chosen]


@dataclass(frozen=True, eq=False)
class StageData:
    """The examples of a stage.

    Attributes:
        train: Examples to train on.
        validation: Examples that choose the checkpoint; may be empty.
        counts: How many texts came from where, for the run's record.
    """

    train: Examples
    validation: Examples
    counts: dict[str, int]


def read_parts(recipe: Recipe, schema: Schema) -> list[Part]:
    """Read every source and draw the validation part.

    Raises:
        InputError: If a source cannot be read, or a given split shares texts between its sides.
    """
    sources = [read_source(source, schema, recipe.folder) for source in recipe.sources]
    parts = []
    for reports in sources:
        if reports.given is not None:
            given = np.array(reports.given)
            held_out = given == "validation"
            train = (given == "train") & ~reports.never_train
        else:
            if recipe.split.validation and reports.source.validation:
                held_out = draw_validation(
                    report_groups(reports, recipe), recipe.split.validation, recipe.seed
                )
            else:
                held_out = np.zeros(len(reports), dtype=np.bool_)
            train = ~held_out & ~reports.never_train
        parts.append(Part(reports, train, held_out))
    return without_leakage(parts)


def report_groups(reports: Reports, recipe: Recipe) -> list[str]:
    """One name a report: reports of one name stay on one side of a split.

    Raises:
        InputError: If the recipe splits by patient and the source has no patients.
    """
    keys = [text_key(text) for text in reports.texts]
    if recipe.split.by == "text":
        return keys
    if reports.patients is None:
        raise InputError(
            f'source {reports.source.name!r}: the split by = "patient" needs its patient_column'
        )
    return join_groups(reports.patients, keys)


def without_leakage(parts: Sequence[Part]) -> list[Part]:
    """Refuse given splits that share texts; drop what a drawn split shares with other sources."""
    held_out = {text_key(text) for part in parts for text in part.texts(part.validation)}
    out = []
    for part in parts:
        if part.reports.given is not None:
            every = [text for item in parts for text in item.texts(item.validation)]
            refuse_leakage(part.texts(part.train), every, f"source {part.reports.source.name!r}")
        shared = np.array([text_key(text) in held_out for text in part.reports.texts], np.bool_)
        out.append(Part(part.reports, part.train & ~shared, part.validation))
    return out


def stage_data(
    parts: Sequence[Part],
    stage: Stage,
    silver: SilverLabels,
    *,
    seed: int,
    folder: Path = Path(),
    cache: Path | None = None,
) -> StageData:
    """The examples of one stage.

    Args:
        parts: The sources.
        stage: The choices.
        silver: Gives the silver labels.
        seed: Of what is drawn.
        folder: Where relative paths of translation models begin.
        cache: Folder of the translations' cache, or None.

    Raises:
        InputError: If nothing is left to train on.
    """
    chosen = [
        part for part in parts if not stage.sources or part.reports.source.name in stage.sources
    ]
    generator = np.random.default_rng([seed, 1])
    if stage.supervision == "silver":
        train_texts = _fraction(
            distinct([text for part in chosen for text in part.texts(part.train)]),
            stage.fraction,
            generator,
        )
        held_out = distinct([text for part in chosen for text in part.texts(part.validation)])
        train, validation = _units(train_texts, held_out, stage.unit)
        examples = Examples.full(train, silver.classes(train))
        counts = {"texts": len(train)}
        checked = Examples.full(validation, silver.classes(validation))
    else:
        examples = Examples.concatenate([_expert(part, part.train, silver) for part in chosen])
        rows = _fraction(list(range(len(examples))), stage.fraction, generator)
        examples = examples.take(rows)
        counts = {"reports": len(examples), "positive-only": int(examples.coded.sum())}
        labeled = [part for part in chosen if part.reports.source.labels != "none"]
        checked = Examples.concatenate([_expert(part, part.validation, silver) for part in labeled])
        if checked.coded.any():
            checked = checked.take(np.flatnonzero(checked.coded))
    if not len(examples):
        raise InputError(f"stage {stage.name!r}: there is nothing to train on")
    examples = _augmented(examples, stage, silver, generator, counts, folder=folder, cache=cache)
    counts["training examples"], counts["validation examples"] = len(examples), len(checked)
    return StageData(examples, checked, counts)


def _units(train: list[str], held_out: list[str], unit: str) -> tuple[list[str], list[str]]:
    """Texts of the unit; sentences of the validation part that also occur in training are out."""
    if unit == "report":
        return train, held_out
    sentences = sentences_of(train)
    if unit == "both":
        train = distinct([*sentences, *train])
        held_out = [*sentences_of(held_out), *held_out]
    else:
        train, held_out = sentences, sentences_of(held_out)
    known = {text_key(text) for text in train}
    return train, distinct([text for text in held_out if text_key(text) not in known])


def _expert(part: Part, mask: Bools, silver: SilverLabels) -> Examples:
    rows = np.flatnonzero(mask)
    texts = [part.reports.texts[row] for row in rows]
    reports = part.reports
    classes = silver.classes(texts) if reports.classes is None else reports.classes[rows]
    return Examples(tuple(texts), classes, reports.coded[rows], reports.positive[rows])


def _fraction(items: list, share: float, generator: np.random.Generator) -> list:  # type: ignore[type-arg]
    if share >= 1:
        return items
    count = max(1, round(share * len(items)))
    return [items[place] for place in sorted(generator.permutation(len(items))[:count])]


def _augmented(
    examples: Examples,
    stage: Stage,
    silver: SilverLabels,
    generator: np.random.Generator,
    counts: dict[str, int],
    *,
    folder: Path,
    cache: Path | None,
) -> Examples:
    asked = stage.augmentation
    parts = [examples]
    for _ in range(asked.shuffled_copies):
        pairs = [
            (row, made)
            for row, text in enumerate(examples.texts)
            if (made := shuffle_sentences(text, generator)) is not None
        ]
        own = examples.take([row for row, _ in pairs])
        parts.append(
            Examples(tuple(text for _, text in pairs), own.classes, own.coded, own.positive)
        )
        counts["shuffled"] = counts.get("shuffled", 0) + len(pairs)
    for name in asked.back_translations:
        paraphrases = back_translate(
            examples.texts,
            translator(name, folder),
            silver,
            cache and cache / "back-translations.jsonl",
        )
        own = examples.take(paraphrases.rows)
        parts.append(Examples(paraphrases.texts, own.classes, own.coded, own.positive))
        counts[f"{name}: kept"] = len(paraphrases.texts)
        counts[f"{name}: unchanged"] = paraphrases.unchanged
        counts[f"{name}: dropped, other labels"] = paraphrases.changed_labels
    sentences = sentences_of(examples.texts)
    if asked.substituted or asked.near_misses:
        substitution = Substitution(silver.labeler, sentences)
        for name, share in (("substituted", asked.substituted), ("near misses", asked.near_misses)):
            wanted = round(share * len(examples))
            new = distinct(substitution.make(wanted, generator, near_misses=name == "near misses"))
            if new:
                parts.append(Examples.full(new, silver.classes(new)))
                counts[name] = len(new)
                sentences = distinct([*sentences, *new])
    if asked.composed:
        composed = compose_reports(sentences, round(asked.composed * len(examples)), generator)
        if composed:
            parts.append(Examples.full(composed, silver.classes(composed)))
        counts["composed"] = len(composed)
    return Examples.concatenate(parts)
