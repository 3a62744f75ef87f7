"""Which entries a board can tell apart: bootstrap of the mean, DeLong by observation, rank ranges.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 (percentile intervals)
and 16 (tests from the bootstrap's standard error); Holm, Scandinavian Journal of Statistics 6
(1979), 65-70; DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988), 837-845, by ranks as Sun and
Xu, IEEE Signal Processing Letters 21 (2014), 1389-1393.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.metrics.bootstrap import (
    Interval,
    Progress,
    Units,
    percentile_intervals,
    rank_reports,
    resample_weights,
    resampled_areas,
)
from lingula.metrics.counts import BoolArray, FloatArray, IntArray, divide

#: Pairs of a true and another study up to which each pair's order is a cell of a matrix.
_MOST_PAIRS = 1 << 21
#: Share of tests that may be wrong.
ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class Comparison:
    """S submissions on the same studies.

    Attributes:
        means: Of each submission over the observations in each resample, shape (S, R).
        intervals: Of each submission's mean over the observations.
        areas: Intervals of each submission's observations, S lists of k.
        p_values: Two-sided, of each pair's difference in the mean, shape (S, S); NaN if undefined.
        adjusted: The same after Holm's correction over all pairs.
        delong: By observation, shape (k, S, S); without a correction. NaN for other metrics.
    """

    means: FloatArray
    intervals: tuple[Interval, ...]
    areas: tuple[tuple[Interval, ...], ...]
    p_values: FloatArray
    adjusted: FloatArray
    delong: FloatArray


def compare(
    truth: BoolArray,
    scores: Sequence[FloatArray],
    units: Units,
    *,
    metric: str = "auroc",
    resamples: int = 10_000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Compare S submissions.

    Args:
        truth: Bool, shape (n, k).
        scores: Of each submission, shape (n, k).
        units: What a resample draws, from ``units_of``.
        metric: "auroc" or "average precision".
        resamples: Number of resamples; the same for all submissions.
        seed: Of the bootstrap.
        progress: Told of work done, in resamples.
    """
    areas = resampled_metric(
        truth, scores, units, metric=metric, resamples=resamples, seed=seed, progress=progress
    )
    means = areas.mean(axis=1)
    points = [_points(truth, each, metric) for each in scores]
    p_values = normal_p_values(np.array([point.mean() for point in points]), means)
    adjusted = holm(p_values)
    k = truth.shape[1]
    delong = np.full((k, len(scores), len(scores)), np.nan)
    if metric == "auroc":
        for at in range(k):
            by_study = np.stack([each[:, at] for each in scores])
            delong[at] = delong_p_values(truth[:, at], by_study)
    return Comparison(
        means,
        tuple(percentile_intervals(means.T)),
        tuple(tuple(percentile_intervals(each.T)) for each in areas),
        p_values,
        adjusted,
        delong,
    )


def resampled_metric(
    truth: BoolArray,
    scores: Sequence[FloatArray],
    units: Units,
    *,
    metric: str,
    resamples: int,
    seed: int,
    progress: Progress | None = None,
) -> FloatArray:
    """The metric of every submission and observation in the same R resamples.

    Returns:
        float64, shape (S, k, R); NaN where a resample has one class only.
    """
    n, k = truth.shape
    true = truth.sum(0)
    by_pairs = metric == "auroc" and int((true * (n - true)).max()) <= _MOST_PAIRS
    out = np.empty((len(scores), k, resamples))
    start = 0
    for weights in resample_weights(units, resamples, seed):
        stop = start + len(weights)
        for at in range(k):
            columns = [each[:, at] for each in scores]
            blocks = _by_pairs if by_pairs else _by_rank
            for which, values in enumerate(blocks(truth[:, at], columns, weights, metric)):
                out[which, at, start:stop] = values
        if progress is not None:
            progress(len(weights))
        start = stop
    return out


def _by_pairs(
    truth: BoolArray, columns: Sequence[FloatArray], weights: npt.NDArray[np.float32], metric: str
) -> Iterator[FloatArray]:
    """AUROC as the weighted share of ordered pairs: one matrix product, exact for counts.

    Sums of halves below 2**24 are exact in float32, which ``_MOST_PAIRS`` keeps them near.
    """
    positive = np.ascontiguousarray(weights[:, truth])
    negative = np.ascontiguousarray(weights[:, ~truth])
    pairs = positive.sum(1, dtype=np.float64) * negative.sum(1, dtype=np.float64)
    for column in columns:
        above = column[truth][None, :], column[~truth][:, None]
        order = (above[0] > above[1]).astype(np.float32)
        order += 0.5 * (above[0] == above[1]).astype(np.float32)
        won = np.einsum("rp,rp->r", negative @ order, positive)
        yield divide(won.astype(np.float64), pairs)


def _by_rank(
    truth: BoolArray, columns: Sequence[FloatArray], weights: npt.NDArray[np.float32], metric: str
) -> Iterator[FloatArray]:
    by_report = np.ascontiguousarray(weights.T)
    for column in columns:
        areas = resampled_areas(rank_reports(truth, column), by_report)
        yield areas[0] if metric == "auroc" else areas[1]


def _points(truth: BoolArray, scores: FloatArray, metric: str) -> FloatArray:
    from lingula.metrics.curves import area_under_roc, average_precision, threshold_counts

    area = area_under_roc if metric == "auroc" else average_precision
    k = truth.shape[1]
    return np.array([area(threshold_counts(truth[:, at], scores[:, at])) for at in range(k)])


def normal_p_values(points: FloatArray, resampled: FloatArray) -> FloatArray:
    """Two-sided p values of all paired differences, from their bootstrap standard errors.

    Percentiles of R resamples give no p value below 2 / (R + 1), so that with 5,671 pairs of 107
    entries nothing could ever stand a correction; the normal tail has no such floor.

    Args:
        points: Figures on all studies, shape (S,).
        resampled: The same in each resample, shape (S, R).

    Returns:
        Shape (S, S), symmetric, 1 on the diagonal and where two are always equal.
    """
    known = resampled[:, ~np.isnan(resampled).any(0)]
    if known.shape[1] < 2:
        return np.full((len(points), len(points)), np.nan)
    # From centred figures, so that equal submissions differ by exactly nothing.
    centred = known - known.mean(1, keepdims=True)
    products = centred @ centred.T / (known.shape[1] - 1)
    own = np.diag(products)
    variance = own[:, None] + own[None, :] - 2 * products
    return _tails(points[:, None] - points[None, :], variance)


def delong_p_values(truth: BoolArray, scores: FloatArray) -> FloatArray:
    """DeLong's test of every pair of correlated AUROCs; studies are taken as independent.

    Args:
        truth: Bool, shape (n,).
        scores: Shape (S, n).

    Returns:
        Two-sided p values, shape (S, S).
    """
    count, other = int(truth.sum()), int((~truth).sum())
    if count < 2 or other < 2:
        return np.full((len(scores), len(scores)), np.nan)
    ranks = _midranks(scores)
    positive = (ranks[:, truth] - _midranks(scores[:, truth])) / other
    negative = 1 - (ranks[:, ~truth] - _midranks(scores[:, ~truth])) / count
    areas = positive.mean(1)
    spread = np.atleast_2d(np.cov(positive)) / count + np.atleast_2d(np.cov(negative)) / other
    own = np.diag(spread)
    return _tails(areas[:, None] - areas[None, :], own[:, None] + own[None, :] - 2 * spread)


def _midranks(rows: FloatArray) -> FloatArray:
    """Ranks from 1 within each row; ties share their mean rank."""
    out = np.empty(rows.shape)
    for at, row in enumerate(rows):
        ranked = np.sort(row)
        out[at] = (
            np.searchsorted(ranked, row, "left") + np.searchsorted(ranked, row, "right") + 1
        ) / 2
    return out


def _tails(difference: FloatArray, variance: FloatArray) -> FloatArray:
    """Two-sided normal tails; a difference without any spread is none (or a certain one)."""
    # A variance is a difference of sums: what is left of equal ones is rounding.
    variance = np.where(variance < 1e-15, 0.0, variance)
    difference = np.where(np.abs(difference) < 1e-12, 0.0, difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(difference == 0, 0.0, np.abs(difference) / np.sqrt(variance))
    tails = [math.erfc(z / math.sqrt(2)) for z in score.ravel().tolist()]
    return np.array(tails, dtype=np.float64).reshape(score.shape)


def holm(p_values: FloatArray) -> FloatArray:
    """Holm's correction over all pairs of a symmetric matrix of p values."""
    rows, columns = np.triu_indices(len(p_values), 1)
    each = p_values[rows, columns]
    order = np.argsort(each, kind="stable")
    known = int((~np.isnan(each)).sum())
    factors = known - np.arange(len(each))
    stepped = np.minimum(np.maximum.accumulate(each[order] * factors), 1)
    out: FloatArray = p_values.copy()
    np.fill_diagonal(out, 1.0)
    out[rows[order], columns[order]] = stepped
    out[columns[order], rows[order]] = stepped
    return out


def ranks(means: FloatArray) -> IntArray:
    """Ranks from 1: the highest first, equal ones share the better rank, undefined ones last."""
    # What differs only in rounding is equal.
    rounded = np.where(np.isnan(means), -np.inf, np.round(means, 12))
    above: IntArray = (rounded[None, :] > rounded[:, None]).sum(1)
    return above + 1


def rank_ranges(means: FloatArray, adjusted: FloatArray) -> list[tuple[int, int]]:
    """The ranks that each entry may truly have: those that the test cannot exclude.

    Above an entry stand for sure those whose mean is higher with an adjusted p value below
    ``ALPHA``, below it those whose mean is so lower. Holm holds the chance that any of these
    statements is wrong below ``ALPHA``.
    """
    found = []
    for at, mean in enumerate(means):
        apart = adjusted[at] < ALPHA
        better = int((apart & (means > mean)).sum())
        worse = int((apart & (means < mean)).sum())
        found.append((1 + better, len(means) - worse))
    return found
