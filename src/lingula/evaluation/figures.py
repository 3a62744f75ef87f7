"""All agreement figures of one labeler, from sums over reports; resamples take the same way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lingula.evaluation.settings import Settings
from lingula.labels import Label, Schema
from lingula.metrics.chexbert import chexbert_scores
from lingula.metrics.correlation import binary_confusion, matthews_correlation
from lingula.metrics.counts import BinaryCounts, CountArray, FloatArray, Task, divide, one_vs_rest
from lingula.metrics.f1 import Average, PrecisionRecallF1, averaged, nan_mean, per_class
from lingula.metrics.kappa import accuracy, cohen_kappa
from lingula.metrics.uncertain import binary_columns, binary_counts_of

#: Group of the figures that follow the uncertain policy.
BINARY = "positive vs rest"
#: Group of the figures over the four labels.
LABELS = "four labels"
#: Group of the figures from probabilities.
PROBABILITY = "probability"
#: Averages of the binary precision, recall and F1, in the order in which they are shown.
AVERAGES = tuple(average.value for average in Average)

_METRICS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Figure:
    """What one number is.

    Attributes:
        group: ``BINARY``, ``LABELS``, ``PROBABILITY``, or a task: "mention", "negation",
            "uncertainty", "positive", "blank".
        metric: Its name.
        observation: The observation (column), or None for an average.
        average: How it was averaged, or None for one observation's figure.
    """

    group: str
    metric: str
    observation: str | None = None
    average: str | None = None


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over reports of one labeler; a leading axis holds resamples.

    Attributes:
        confusion: Shape ``(..., k, 4, 4)``.
        exact: Reports right in every counted binary cell, shape ``(...)``.
        samples: Sums of each report's precision, recall and F1, shape ``(..., 3)``.
        samples_defined: Reports in which each of them is defined, shape ``(..., 3)``.
    """

    confusion: CountArray
    exact: CountArray
    samples: FloatArray
    samples_defined: CountArray


def compute_figures(
    sums: Sums, schema: Schema, settings: Settings, weights: FloatArray
) -> tuple[tuple[Figure, ...], FloatArray]:
    """Every figure that is a function of sums.

    Args:
        sums: Of the reports, or of resamples.
        schema: Of the k observations.
        settings: Policy and zero-division rule.
        weights: CheXbert's reference weights, shape (k, 3).

    Returns:
        The f figures and their values, float64, shape ``(..., f)``.
    """
    table = _Table()
    _add_binary(table, sums, schema, settings)
    if not settings.positive_only:
        _add_tasks(table, sums.confusion, schema, settings)
        _add_chexbert(table, sums.confusion, schema, weights)
        _add_four_labels(table, sums.confusion, schema)
    return tuple(table.figures), np.concatenate(table.values, axis=-1)


class _Table:
    """Grows figures and values side by side."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []
        self.values: list[FloatArray] = []

    def each(self, group: str, metric: str, names: tuple[str, ...], values: FloatArray) -> None:
        """One figure an observation, values of shape (..., k)."""
        self.figures.extend(Figure(group, metric, observation=name) for name in names)
        self.values.append(values)

    def one(self, group: str, metric: str, average: str, value: FloatArray) -> None:
        """One average, value of shape (...)."""
        self.figures.append(Figure(group, metric, average=average))
        self.values.append(np.asarray(value)[..., None])

    def scores(
        self, group: str, names: tuple[str, ...], counts: BinaryCounts, settings: Settings
    ) -> None:
        """Precision, recall and F1 of each class and their averages over classes."""
        each = per_class(counts, settings.zero_division)
        for metric in _METRICS:
            self.each(group, metric, names, getattr(each, metric))
        for average in (Average.MICRO, Average.MACRO, Average.WEIGHTED):
            mean: PrecisionRecallF1 = averaged(counts, average, settings.zero_division)
            for metric in _METRICS:
                self.one(group, metric, average.value, getattr(mean, metric))


def _add_binary(table: _Table, sums: Sums, schema: Schema, settings: Settings) -> None:
    columns = binary_columns(schema, settings.uncertain)
    names = tuple(column.name for column in columns)
    counts = binary_counts_of(sums.confusion, columns, settings.uncertain)
    table.scores(BINARY, names, counts, settings)
    means = divide(sums.samples, sums.samples_defined)
    for position, metric in enumerate(_METRICS):
        table.one(BINARY, metric, Average.SAMPLES.value, means[..., position])
    square = binary_confusion(counts)
    for metric, values in (
        ("specificity", divide(counts.true_negative, counts.total - counts.support)),
        ("accuracy", accuracy(square)),
        ("matthews", matthews_correlation(square)),
        ("kappa", cohen_kappa(square)),
    ):
        table.each(BINARY, metric, names, values)
        table.one(BINARY, metric, Average.MACRO.value, nan_mean(values))
    reports = sums.confusion[..., 0, :, :].sum((-2, -1))
    table.one(BINARY, "exact match", "reports", divide(sums.exact, reports))


def _add_tasks(table: _Table, confusion: CountArray, schema: Schema, settings: Settings) -> None:
    permits = schema.permits()
    for task in Task:
        # An observation that cannot take a label (No Finding is never negative) has no such task.
        members = [int(label) for label in task.value if label is not Label.BLANK]
        possible = permits[:, members].any(1) if members else np.ones(len(schema), np.bool_)
        columns = np.flatnonzero(possible)
        if len(columns):
            names = tuple(schema.names[column] for column in columns)
            table.scores(task.title, names, one_vs_rest(confusion, task).select(columns), settings)


def _add_chexbert(
    table: _Table, confusion: CountArray, schema: Schema, weights: FloatArray
) -> None:
    weighted = chexbert_scores(confusion, weights, schema.permits()).weighted
    table.each(LABELS, "chexbert weighted f1", schema.names, weighted)
    table.one(LABELS, "chexbert weighted f1", Average.MACRO.value, weighted.mean(-1))


def _add_four_labels(table: _Table, confusion: CountArray, schema: Schema) -> None:
    for metric, values in (
        ("accuracy", accuracy(confusion)),
        ("kappa", cohen_kappa(confusion)),
        ("matthews", matthews_correlation(confusion)),
    ):
        table.each(LABELS, metric, schema.names, values)
        table.one(LABELS, metric, Average.MACRO.value, nan_mean(values))
