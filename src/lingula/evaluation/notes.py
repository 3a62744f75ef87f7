"""What must be said beside the figures: zero-divisions, absent classes, what is left out."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from lingula.evaluation.figures import LABELS, Figure
from lingula.evaluation.settings import Settings
from lingula.labels import Label, Schema
from lingula.metrics.counts import (
    BinaryCounts,
    BoolArray,
    CountArray,
    FloatArray,
    Task,
    one_vs_rest,
)
from lingula.metrics.f1 import undefined
from lingula.metrics.uncertain import UncertainPolicy
from lingula.scores import Scores


def truth_notes(confusion: CountArray, schema: Schema, settings: Settings) -> list[str]:
    """Labels that the truth never uses, and cells that the policy leaves out."""
    counts = confusion.sum(-1)
    notes = []
    if settings.uncertain is UncertainPolicy.IGNORE:
        left_out = int(counts[:, Label.UNCERTAIN].sum())
        notes.append(f"{left_out:,} cells whose truth is uncertain are left out (ignore).")
    if settings.positive_only:
        never = _names(schema.names, counts[:, Label.POSITIVE] == 0)
        if never:
            notes.append(f"Never positive in the truth: {never}.")
        return notes
    permits = schema.permits()
    for label in (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN, Label.BLANK):
        absent = (counts[:, label] == 0) & permits[:, label]
        if absent.all():
            notes.append(f"No observation is ever {label.name.lower()} in the truth.")
        elif absent.any():
            names = _names(schema.names, absent)
            notes.append(f"Never {label.name.lower()} in the truth: {names}.")
    used = set(np.flatnonzero(counts.sum(0)).tolist())
    if used <= {int(Label.BLANK), int(Label.POSITIVE)} or used <= {
        int(Label.NEGATIVE),
        int(Label.POSITIVE),
    }:
        notes.append(
            "The truth knows two labels only, so the figures over four labels say little; "
            "evaluate positive against the rest (--positive-only)."
        )
    return notes


def score_notes(scored: Iterable[tuple[str, Scores]]) -> list[str]:
    """What is said of tables of scores: studies without one, and scores that are no chances."""
    notes = []
    for name, scores in scored:
        holes = np.isnan(scores.values).sum(axis=0)
        if holes.any():
            names = _names(scores.schema.names, holes > 0)
            notes.append(
                f"{name}: {int(holes.sum()):,} cells hold no score and are left out ({names})."
            )
        if not scores.in_unit_interval:
            low, high = np.nanmin(scores.values), np.nanmax(scores.values)
            notes.append(
                f"{name}: scores run from {low:.4g} to {high:.4g}, so they are no probabilities: "
                "there is no Brier score and no calibration."
            )
    return notes


def zero_division_notes(
    name: str, counts: BinaryCounts, columns: tuple[str, ...], settings: Settings, *, empty: int
) -> list[str]:
    """Where precision, recall or F1 of the binary columns, or of whole reports, are 0 / 0."""
    notes = []
    found = _zero_divisions(counts, np.ones(len(columns), np.bool_), columns)
    if found:
        notes.append(f"{name}: {found}, {_rule(settings)}.")
    if empty:
        notes.append(
            f"{name}: {empty:,} reports are nowhere positive, in truth or prediction, so that "
            f"their F1 in the samples average is 0/0, {_rule(settings)}."
        )
    return notes


def task_notes(name: str, confusion: CountArray, schema: Schema, settings: Settings) -> list[str]:
    """Where figures of a task over the four labels are 0 / 0, and whom its averages leave out."""
    permits = schema.permits()
    notes = []
    for task in Task:
        possible = np.asarray(permits[:, [int(label) for label in task.value]].any(1))
        found = _zero_divisions(one_vs_rest(confusion, task), possible, schema.names)
        if found:
            notes.append(f"{name}, {task.title}: {found}, {_rule(settings)}.")
        if not possible.all():
            notes.append(
                f"{task.title.capitalize()} averages leave out {_names(schema.names, ~possible)}, "
                "which the schema never labels so."
            )
    return notes


def _zero_divisions(counts: BinaryCounts, possible: BoolArray, names: tuple[str, ...]) -> str:
    flags = undefined(counts)
    parts = []
    for metric, reason, where in (
        ("precision", "never predicted", flags.precision),
        ("recall", "never true", flags.recall),
        ("F1", "neither", flags.f1),
    ):
        if (where & possible).any():
            which = _names(names, np.asarray(where & possible))
            parts.append(f"{metric} is 0/0 ({reason}) for {which}")
    return "; ".join(parts)


def _rule(settings: Settings) -> str:
    if math.isnan(settings.zero_division):
        return "which averages leave out by the rule 0/0=nan"
    return f"which the rule sets to {settings.zero_division_text}"


def undefined_notes(name: str, figures: Iterable[Figure], values: FloatArray) -> list[str]:
    """Figures without a value (kappa, correlation, areas), which averages leave out.

    Precision, recall and F1 have notes of their own.
    """
    by_metric: dict[tuple[str, str], list[str]] = {}
    for figure, value in zip(figures, values, strict=True):
        by_rule = figure.metric in {"precision", "recall", "f1"}
        if figure.observation is not None and np.isnan(value) and not by_rule:
            by_metric.setdefault((figure.group, figure.metric), []).append(figure.observation)
    reasons = {
        "kappa": "only one class occurs",
        "matthews": "truth or prediction has one class only",
        "auroc": "the truth has one class only",
        "average precision": "nothing is true",
        "specificity": "everything is true",
    }
    notes = []
    for (group, metric), names in by_metric.items():
        reason = reasons.get(metric, "0/0")
        title = f"{metric} over four labels" if group == LABELS else f"{metric} ({group})"
        notes.append(
            f"{name}: {title} is undefined ({reason}) for {', '.join(names)}; "
            f"the average leaves out {len(names)}."
        )
    return notes


def _names(names: tuple[str, ...], where: BoolArray) -> str:
    return ", ".join(name for name, flag in zip(names, where, strict=True) if flag)
