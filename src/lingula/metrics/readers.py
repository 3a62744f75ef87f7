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

from lingula.metrics.counts import (
    BinaryCounts,
    BoolArray,
    CountArray,
    FloatArray,
    IntArray,
    binary_counts,
    divide,
)
from lingula.metrics.curves import ThresholdCounts, false_positives_at, true_positives_at


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
    """One reader against the truth: rates are float64 of shape (k,), NaN where undefined.

    Attributes:
        counts: int64, shape (k,): what the rates are made of, and what curves are compared with.
    """

    counts: BinaryCounts

    @property
    def sensitivity(self) -> FloatArray:
        """Recall; NaN where nothing is true."""
        return divide(self.counts.true_positive, self.counts.support)

    @property
    def specificity(self) -> FloatArray:
        """True negative rate; NaN where everything is true."""
        return divide(self.counts.true_negative, self._negatives)

    @property
    def false_positive_rate(self) -> FloatArray:
        """False positives of those that are not true; NaN where everything is true."""
        return divide(self.counts.false_positive, self._negatives)

    @property
    def precision(self) -> FloatArray:
        """NaN where the reader never says positive."""
        return divide(self.counts.true_positive, self.counts.predicted)

    @property
    def _negatives(self) -> CountArray:
        return self.counts.true_negative + self.counts.false_positive


def operating_point(truth: npt.ArrayLike, rating: npt.ArrayLike) -> OperatingPoint:
    """Sensitivity, specificity and precision of one reader.

    Args:
        truth: Bool, shape (n, k).
        rating: Bool, shape (n, k).
    """
    return OperatingPoint(binary_counts(truth, rating))


def is_below_roc(curve: ThresholdCounts, true_positive: int, false_positive: int) -> bool | None:
    """Whether a reader lies strictly below the model's ROC curve; None if there is no curve.

    Below a vertical piece's upper end counts as below: the model finds more at the same price.
    The counts are the reader's on the reports of the curve.
    """
    height = true_positives_at(curve, false_positive)
    return None if height is None else true_positive < height


def is_below_precision_recall(
    curve: ThresholdCounts, true_positive: int, false_positive: int
) -> bool | None:
    """Whether a reader lies strictly below the precision-recall curve; None if undefined.

    At one recall the lower precision is the one with more false positives. A reader who finds
    nothing at all has no precision, and so no place in this plane; one who is only wrong has
    precision 0, which is below a curve whose highest score is right at least once.
    """
    if not true_positive + false_positive:
        return None
    if not true_positive:
        return bool(curve.true_positive[1] > 0) if curve.both_classes else None
    fewest = false_positives_at(curve, true_positive)
    return None if fewest is None else fewest < false_positive
