"""Precision, recall and F1, per class and averaged, with the zero-division rule always named.

Definitions are scikit-learn's ``precision_recall_fscore_support`` (Pedregosa et al., JMLR 2011):
precision is tp / (tp + fp), recall tp / (tp + fn), F1 2tp / (2tp + fp + fn). Where a denominator is
0 the figure is ``zero_division``: 0, 1, or NaN, and NaN figures are left out of averages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from lingula.metrics.counts import (
    BinaryCounts,
    BoolArray,
    FloatArray,
    Task,
    confusion_matrices,
    divide,
    one_vs_rest,
)


class Average(Enum):
    """How figures of several classes become one.

    ``MICRO`` pools the counts; ``MACRO`` is the plain mean over classes; ``WEIGHTED`` the mean
    weighted by support; ``SAMPLES`` (example-based) the mean over reports of each report's figure.
    """

    MICRO = "micro"
    MACRO = "macro"
    WEIGHTED = "weighted"
    SAMPLES = "samples"


@dataclass(frozen=True, eq=False)
class PrecisionRecallF1:
    """Three float64 arrays of one shape: ``(..., k)`` per class, ``(...)`` when averaged."""

    precision: FloatArray
    recall: FloatArray
    f1: FloatArray


@dataclass(frozen=True, eq=False)
class Undefined:
    """Where a denominator was 0: three boolean arrays of shape ``(..., k)``.

    Precision is undefined where a class is never predicted, recall where it is never true, and F1
    where it is neither.
    """

    precision: BoolArray
    recall: BoolArray
    f1: BoolArray


def undefined(counts: BinaryCounts) -> Undefined:
    """Where precision, recall and F1 are 0 / 0, and so only the zero-division rule's value."""
    return Undefined(
        np.asarray(counts.predicted == 0),
        np.asarray(counts.support == 0),
        np.asarray(counts.predicted + counts.support == 0),
    )


def per_class(counts: BinaryCounts, zero_division: float = 0.0) -> PrecisionRecallF1:
    """Precision, recall and F1 of each class, shape ``(..., k)``.

    Args:
        counts: From ``binary_counts`` or ``one_vs_rest``.
        zero_division: 0.0, 1.0 or NaN: the figure where its denominator is 0.

    Raises:
        ValueError: If ``zero_division`` is another number.
    """
    _check_zero_division(zero_division)
    tp = counts.true_positive
    return PrecisionRecallF1(
        divide(tp, counts.predicted, zero_division),
        divide(tp, counts.support, zero_division),
        divide(2 * tp, counts.predicted + counts.support, zero_division),
    )


def averaged(
    counts: BinaryCounts, average: Average | str, zero_division: float = 0.0
) -> PrecisionRecallF1:
    """Micro, macro or weighted averages over the classes, shape ``(...)``.

    Macro and weighted averages leave out NaN figures (``zero_division=nan``); a weighted average
    whose weights are all 0 is the plain mean, as in scikit-learn. Macro F1 is the mean of the
    classes' F1, not the F1 of the mean precision and recall (Opitz and Burst, 2019, name both).

    Args:
        counts: Counts of shape ``(..., k)``.
        average: ``Average`` or its value; ``SAMPLES`` needs the tables, see ``samples_average``.
        zero_division: 0.0, 1.0 or NaN.

    Raises:
        ValueError: If the average is ``SAMPLES`` or unknown, or ``zero_division`` another number.
    """
    average = Average(average)
    if average is Average.SAMPLES:
        raise ValueError("the samples average needs each report: call samples_average")
    if average is Average.MICRO:
        pooled = per_class(counts.pooled(), zero_division)
        return PrecisionRecallF1(pooled.precision[..., 0], pooled.recall[..., 0], pooled.f1[..., 0])
    each = per_class(counts, zero_division)
    weights = counts.support if average is Average.WEIGHTED else None
    return PrecisionRecallF1(
        nan_mean(each.precision, weights),
        nan_mean(each.recall, weights),
        nan_mean(each.f1, weights),
    )


def per_sample(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    counted: npt.ArrayLike | None = None,
    zero_division: float = 0.0,
) -> PrecisionRecallF1:
    """Precision, recall and F1 of each report over its classes, shape (n,).

    Args:
        truth: Bool, shape (n, k).
        predicted: Bool, shape (n, k).
        counted: Bool, shape (n, k): cells that take part; all of them if not given.
        zero_division: 0.0, 1.0 or NaN: for a report where nothing is true or nothing predicted.

    Raises:
        ValueError: If the shapes differ, or ``zero_division`` is another number.
    """
    _check_zero_division(zero_division)
    true = np.asarray(truth, dtype=np.bool_)
    guess = np.asarray(predicted, dtype=np.bool_)
    if true.ndim != 2 or true.shape != guess.shape:
        raise ValueError(f"truth {true.shape} and prediction {guess.shape} must be (n, k)")
    if counted is not None:
        mask = np.asarray(counted, dtype=np.bool_)
        true, guess = true & mask, guess & mask
    tp = _count_rows(true & guess)
    n_true, n_predicted = _count_rows(true), _count_rows(guess)
    return PrecisionRecallF1(
        divide(tp, n_predicted, zero_division),
        divide(tp, n_true, zero_division),
        divide(2 * tp, n_true + n_predicted, zero_division),
    )


def samples_average(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    counted: npt.ArrayLike | None = None,
    zero_division: float = 0.0,
) -> PrecisionRecallF1:
    """Example-based precision, recall and F1: the means of ``per_sample`` (NaN left out)."""
    each = per_sample(truth, predicted, counted, zero_division)
    return PrecisionRecallF1(nan_mean(each.precision), nan_mean(each.recall), nan_mean(each.f1))


def task_scores(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    classes: Task | Iterable[int],
    zero_division: float = 0.0,
) -> PrecisionRecallF1:
    """``per_class`` of one task, from class indices of shape (n, k); figures of shape (k,)."""
    return per_class(one_vs_rest(confusion_matrices(truth, predicted), classes), zero_division)


def exact_match(
    truth: npt.ArrayLike, predicted: npt.ArrayLike, counted: npt.ArrayLike | None = None
) -> float:
    """Share of reports that are right in every counted cell; NaN without reports.

    Takes boolean tables or class indices, shape (n, k). This is scikit-learn's ``accuracy_score``
    of a multilabel table (subset accuracy).
    """
    wrong = np.asarray(truth) != np.asarray(predicted)
    if counted is not None:
        wrong = wrong & np.asarray(counted, dtype=np.bool_)
    return float(1.0 - wrong.any(axis=1).mean()) if len(wrong) else float("nan")


def nan_mean(values: FloatArray, weights: npt.ArrayLike | None = None) -> FloatArray:
    """Mean over the last axis without NaN; NaN where nothing is left.

    Weights that sum to 0 count as equal, as in scikit-learn.
    """
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    plain = divide(filled.sum(-1), known.sum(-1))
    if weights is None:
        return plain
    used = np.where(known, np.asarray(weights, dtype=np.float64), 0.0)
    total = used.sum(-1)
    return np.where(total > 0, divide((filled * used).sum(-1), total), plain)


def _count_rows(table: BoolArray) -> npt.NDArray[np.int64]:
    # A matrix product over 0 and 1 is several times faster than count_nonzero along short rows.
    if table.shape[1] == 0:
        return np.zeros(len(table), dtype=np.int64)
    ones = np.ones(table.shape[1], dtype=np.float32)
    counts: npt.NDArray[np.int64] = (table.astype(np.float32) @ ones).astype(np.int64)
    return counts


def _check_zero_division(value: float) -> None:
    if not (value in (0.0, 1.0) or np.isnan(value)):
        raise ValueError(f"zero_division must be 0.0, 1.0 or nan, not {value}")
