"""ROC and precision-recall curves, their areas, and their heights in whole counts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from lingula.metrics.counts import FloatArray, IntArray, divide


@dataclass(frozen=True, eq=False)
class ThresholdCounts:
    """Counts at each distinct score, from the highest down; point 0 is "nobody is positive".

    Attributes:
        thresholds: float64, shape (t + 1,): positive is "score >= threshold"; the first is inf.
        true_positive: int64, shape (t + 1,).
        false_positive: int64, shape (t + 1,).
    """

    thresholds: FloatArray
    true_positive: IntArray
    false_positive: IntArray

    @property
    def positives(self) -> int:
        """Number of true reports."""
        return int(self.true_positive[-1])

    @property
    def negatives(self) -> int:
        """Number of reports that are not true."""
        return int(self.false_positive[-1])

    @property
    def both_classes(self) -> bool:
        """Whether both classes occur, without which curves and areas are undefined."""
        return self.positives > 0 and self.negatives > 0

    @property
    def true_positive_rate(self) -> FloatArray:
        """Sensitivity (recall) at each threshold; NaN if nothing is true."""
        return _rate(self.true_positive, self.positives)

    @property
    def false_positive_rate(self) -> FloatArray:
        """One minus specificity at each threshold; NaN if everything is true."""
        return _rate(self.false_positive, self.negatives)

    @property
    def precision(self) -> FloatArray:
        """Precision at each threshold; 1 at the first, where nobody is positive."""
        return divide(self.true_positive, self.true_positive + self.false_positive, 1.0)


def threshold_counts(truth: npt.ArrayLike, score: npt.ArrayLike) -> ThresholdCounts:
    """Counts at every distinct score; tied scores move together.

    Args:
        truth: Bool, shape (n,).
        score: Higher is more positive, shape (n,); finite.

    Raises:
        ValueError: If the shapes differ or a score is not finite.
    """
    true = np.asarray(truth, dtype=np.bool_)
    scores = np.asarray(score)
    if scores.dtype not in (np.float32, np.float64):
        scores = scores.astype(np.float64)
    if true.ndim != 1 or true.shape != scores.shape:
        raise ValueError(f"truth {true.shape} and score {scores.shape} must be (n,)")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    last_of_tie = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], np.True_)[: len(ranked)])
    tp = np.cumsum(true[order], dtype=np.int64)[last_of_tie]
    return ThresholdCounts(
        np.concatenate([[np.inf], ranked[last_of_tie]]).astype(np.float64),
        np.concatenate([[0], tp]),
        np.concatenate([[0], last_of_tie + 1 - tp]),
    )


def area_under_roc(counts: ThresholdCounts) -> float:
    """AUROC by the trapezoid rule: the chance that a true report scores higher, ties half.

    NaN if only one class occurs (Hanley and McNeil, 1982).
    """
    if not counts.both_classes:
        return float("nan")
    height = counts.true_positive[1:] + counts.true_positive[:-1]
    # Whole numbers until the last step, so that ties cost no precision.
    twice = int((np.diff(counts.false_positive) * height).sum())
    return twice / (2 * counts.positives * counts.negatives)


def average_precision(counts: ThresholdCounts) -> float:
    """Average precision: precision at each threshold, weighted by the recall gained there.

    No interpolation, as scikit-learn's ``average_precision_score``. NaN if nothing is true.
    """
    if not counts.positives:
        return float("nan")
    gained = np.diff(counts.true_positive)
    return float((counts.precision[1:] * gained).sum() / counts.positives)


def true_positives_at(counts: ThresholdCounts, false_positive: int) -> Fraction | None:
    """Height of the ROC curve at a number of false positives, as a number of true positives.

    Straight lines between thresholds; on a vertical piece the upper end counts. Whole counts and
    exact fractions, because rates in floating point put a point that lies on the curve beside it
    (15 / 29 * 29 > 15). None if only one class occurs.
    """
    if not counts.both_classes:
        return None
    x, y = counts.false_positive, counts.true_positive
    after = int(np.searchsorted(x, false_positive, side="right"))
    if after == len(x):
        return Fraction(int(y[-1]))
    return _between(x, y, after, false_positive)


def false_positives_at(counts: ThresholdCounts, true_positive: int) -> Fraction | None:
    """The fewest false positives of the curve at a number of true positives (a recall).

    Interpolated in ROC space, where straight lines are what mixing two thresholds reaches; a
    straight line between precision-recall points promises more than that (Davis and Goadrich,
    ICML 2006). The precision there is ``true_positive / (true_positive + this)``: where several
    thresholds share a recall it is the highest of theirs. None if only one class occurs, or for
    more true positives than there are.
    """
    x, y = counts.true_positive, counts.false_positive
    after = int(np.searchsorted(x, true_positive, side="left"))
    if not counts.both_classes or after == len(x):
        return None
    if int(x[after]) == true_positive:
        return Fraction(int(y[after]))
    return _between(x, y, after, true_positive)


def _between(x: IntArray, y: IntArray, after: int, at: int) -> Fraction:
    """Height at ``at`` of the straight line from point ``after - 1`` to point ``after``."""
    left, low = int(x[after - 1]), int(y[after - 1])
    return low + Fraction((at - left) * (int(y[after]) - low), int(x[after]) - left)


def _rate(counts: IntArray, total: int) -> FloatArray:
    return counts / total if total else np.full(len(counts), np.nan)
