"""Comparing with people: readers' binary ratings, their majority, and their operating points.

The design is that of CheXpert's test set (Irvin et al., AAAI 2019): the majority of some
radiologists is the truth, and each of the others is one point to hold the model's curve against.
They rated each observation present, uncertain likely, uncertain unlikely, or absent; the first two
count as positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.metrics.counts import BoolArray, FloatArray, IntArray, binary_counts, divide
from lingula.metrics.curves import ThresholdCounts, precision_at, sensitivity_at


@dataclass(frozen=True, eq=False)
class Majority:
    """The majority vote of several readers.

    Attributes:
        positive: Bool, shape (n, k): more than half of the readers say positive.
        ties: int64, shape (k,): cells in which exactly half do, which count as not positive. None
            can occur with an odd number of readers.
    """

    positive: BoolArray
    ties: IntArray


def majority_vote(ratings: npt.ArrayLike) -> Majority:
    """The majority of r readers.

    Args:
        ratings: Bool, shape (r, n, k).

    Raises:
        ValueError: If there is no reader or the shape is another.
    """
    votes = np.asarray(ratings, dtype=np.bool_)
    if votes.ndim != 3 or not len(votes):
        raise ValueError(f"ratings have shape {votes.shape}; (readers, reports, k) is needed")
    yes = np.count_nonzero(votes, axis=0)
    return Majority(2 * yes > len(votes), (2 * yes == len(votes)).sum(0).astype(np.int64))


@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """One reader against the truth, float64 arrays of shape (k,); NaN where undefined.

    Attributes:
        sensitivity: Recall; NaN where nothing is true.
        specificity: True negative rate; NaN where everything is true.
        false_positive_rate: Its complement, from counts, so that it falls exactly on a curve's
            vertical pieces; NaN where everything is true.
        precision: NaN where the reader never says positive.
    """

    sensitivity: FloatArray
    specificity: FloatArray
    false_positive_rate: FloatArray
    precision: FloatArray


def operating_point(truth: npt.ArrayLike, rating: npt.ArrayLike) -> OperatingPoint:
    """Sensitivity, specificity and precision of one reader.

    Args:
        truth: Bool, shape (n, k).
        rating: Bool, shape (n, k).
    """
    counts = binary_counts(truth, rating)
    negatives = counts.true_negative + counts.false_positive
    return OperatingPoint(
        sensitivity=divide(counts.true_positive, counts.support),
        specificity=divide(counts.true_negative, negatives),
        false_positive_rate=divide(counts.false_positive, negatives),
        precision=divide(counts.true_positive, counts.predicted),
    )


def is_below_roc(
    curve: ThresholdCounts, sensitivity: float, false_positive_rate: float
) -> bool | None:
    """Whether a reader's point lies strictly below the model's ROC curve; None if undefined.

    Below a vertical piece's upper end counts as below: the model finds more at the same price.
    """
    height = sensitivity_at(curve, false_positive_rate)
    if np.isnan(height) or np.isnan(sensitivity):
        return None
    return _strictly_below(sensitivity, height)


def is_below_precision_recall(
    curve: ThresholdCounts, sensitivity: float, precision: float
) -> bool | None:
    """Whether a reader's point lies strictly below the precision-recall curve; None if undefined.

    A reader who finds nothing has no precision, and so no place in this plane.
    """
    height = precision_at(curve, sensitivity)
    if np.isnan(height) or np.isnan(precision):
        return None
    return _strictly_below(precision, height)


def _strictly_below(value: float, height: float) -> bool:
    # A reader on the curve must not fall below it by the last bit of a division.
    return bool(value < height - 1e-12)
