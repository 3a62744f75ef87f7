"""Whether probabilities mean what they say: Brier score, calibration error, reliability curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.metrics.counts import FloatArray, IntArray, divide


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability curve: B bins over the probability.

    Attributes:
        edges: float64, shape (B + 1,): a bin is [edge, next edge), the last one closed.
        predicted: Mean probability in each bin, shape (B,); NaN where it is empty.
        observed: Share of positives in each bin, shape (B,); NaN where it is empty.
        count: Reports in each bin, int64, shape (B,).
    """

    edges: FloatArray
    predicted: FloatArray
    observed: FloatArray
    count: IntArray


def brier_score(truth: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Mean squared difference of probability and outcome (Brier, 1950); NaN without reports.

    Args:
        truth: Bool, shape (n,).
        probability: Of the positive class, shape (n,).
    """
    outcome, chance = _checked(truth, probability)
    return float(((chance - outcome) ** 2).mean()) if len(chance) else float("nan")


def reliability(
    truth: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10, *, equal_counts: bool = False
) -> Reliability:
    """The reliability curve of one observation.

    Args:
        truth: Bool, shape (n,).
        probability: Of the positive class, shape (n,), each between 0 and 1.
        bins: Number of bins B.
        equal_counts: Bins between quantiles of the probabilities, in place of equal widths.

    Raises:
        ValueError: If the shapes differ, a probability is outside 0 to 1, or ``bins`` is below 1.
    """
    outcome, chance = _checked(truth, probability)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    edges = np.linspace(0.0, 1.0, bins + 1)
    if equal_counts and len(chance):
        edges = np.percentile(chance, edges * 100)
    # A probability of exactly 1 belongs to the last bin.
    index = np.searchsorted(edges[1:-1], chance, side="right")
    count = np.bincount(index, minlength=bins).astype(np.int64)
    return Reliability(
        edges,
        divide(np.bincount(index, weights=chance, minlength=bins), count),
        divide(np.bincount(index, weights=outcome, minlength=bins), count),
        count,
    )


def expected_calibration_error(curve: Reliability) -> float:
    """Mean distance of probability and share of positives, weighted by the bins' counts.

    Naeini, Cooper and Hauskrecht (AAAI 2015). It depends on the bins, so name them beside it.
    NaN without reports.
    """
    total = curve.count.sum()
    if not total:
        return float("nan")
    gap = np.abs(curve.predicted - curve.observed)
    return float((np.where(curve.count > 0, gap, 0.0) * curve.count).sum() / total)


def _checked(truth: npt.ArrayLike, probability: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    outcome = np.asarray(truth, dtype=np.float64)
    chance = np.asarray(probability, dtype=np.float64)
    if outcome.ndim != 1 or outcome.shape != chance.shape:
        raise ValueError(f"truth {outcome.shape} and probability {chance.shape} must be (n,)")
    if not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError("probabilities must be between 0 and 1")
    return outcome, chance
