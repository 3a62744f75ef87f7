"""Percentile bootstrap over reports or patients, vectorized over counts.

Every figure of this room is a function of sums over reports (confusion matrices, sums of example
scores). A resample's sums are its draw counts times the reports' features, so all resamples are one
matrix product, exact for counts: products and sums of whole numbers below 2**24 in float32.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 (percentile intervals)
and 16 (tests); patients are drawn whole with all their reports, the cluster bootstrap of Davison
and Hinkley, Bootstrap Methods and their Application (1997), section 3.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.metrics.counts import BoolArray, FloatArray, IntArray, divide

#: Features of some reports: whole numbers, float32 (r, m), and other numbers, float64 (r, q).
Features = Callable[[IntArray], tuple[npt.NDArray[np.float32], FloatArray]]

#: Told of work done, in resamples; a long bootstrap can show how far it is.
Progress = Callable[[float], None]

#: Units expanded to features at a time, and draws counted at a time: about a cache's size.
_BLOCK = 8192
_DRAWS = 1 << 20


@dataclass(frozen=True, eq=False)
class Units:
    """What a resample draws: u reports, or u patients with all of their reports.

    Attributes:
        order: int64, shape (n,): reports, sorted by unit.
        starts: int64, shape (u + 1,): where each unit's reports begin in ``order``.
        noun: "reports" or "patients".
    """

    order: IntArray
    starts: IntArray
    noun: str

    def __len__(self) -> int:
        return len(self.starts) - 1


def units_of(n: int, patients: npt.ArrayLike | None = None) -> Units:
    """The units of n reports.

    Args:
        n: Number of reports.
        patients: Any ids, shape (n,): reports with one id are drawn together. If not given, each
            report is drawn on its own.

    Raises:
        ValueError: If there is no report, or ``patients`` has another length.
    """
    if n < 1:
        raise ValueError("a bootstrap needs at least one report")
    if patients is None:
        return Units(np.arange(n), np.arange(n + 1), "reports")
    ids = np.asarray(patients)
    if ids.shape != (n,):
        raise ValueError(f"patients have shape {ids.shape}, not ({n},)")
    _, codes = np.unique(ids, return_inverse=True)
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes))])
    return Units(np.argsort(codes, kind="stable"), starts, "patients")


def draw_counts(
    size: int, draws: npt.NDArray[np.int64], generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """How often each of ``size`` units is drawn, with replacement, in each resample.

    Args:
        size: Number of units.
        draws: int64, shape (r,): number of draws of each resample.
        generator: Source of chance.

    Returns:
        float32 whole numbers, shape (r, size); row i sums to ``draws[i]``.
    """
    drawn = generator.integers(0, size, int(draws.sum()), dtype=np.uint32)
    flat = np.repeat(np.arange(len(draws), dtype=np.int64) * size, draws) + drawn
    counts = np.bincount(flat, minlength=len(draws) * size)
    return counts.astype(np.float32).reshape(len(draws), size)


def resample_sums(
    features: Features,
    units: Units,
    resamples: int,
    seed: int | np.random.Generator,
    *,
    progress: Progress | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Sums of the features over the reports of each resample.

    Each resample draws as many units as there are. Units are handled in blocks: how many draws fall
    into each block is multinomial, and within it they are uniform, so memory does not grow with the
    number of reports.

    Args:
        features: Gives the features of reports, by position.
        units: From ``units_of``.
        resamples: Number of resamples R.
        seed: Seed or generator; the same seed gives the same resamples for any features.
        progress: Told how many resamples' worth of work was done since the last call.

    Returns:
        float64 sums of the whole-number features, shape (R, m), exact, and of the others, (R, q).
    """
    generator = np.random.default_rng(seed)
    edges = np.append(np.arange(0, len(units), _BLOCK), len(units))
    sizes = np.diff(edges)
    if len(sizes) == 1:
        per_block = np.full((resamples, 1), len(units), dtype=np.int64)
    else:
        per_block = generator.multinomial(len(units), sizes / len(units), size=resamples)
    whole: FloatArray | None = None
    other: FloatArray | None = None
    for block, (start, stop) in enumerate(pairwise(edges)):
        counts, reals = _unit_features(features, units, int(start), int(stop))
        if whole is None or other is None:
            whole = np.zeros((resamples, counts.shape[1]))
            other = np.zeros((resamples, reals.shape[1]))
        chunk = max(1, _DRAWS // int(stop - start))
        for first in range(0, resamples, chunk):
            rows = slice(first, first + chunk)
            drawn = draw_counts(int(stop - start), per_block[rows, block], generator)
            whole[rows] += drawn @ counts
            if reals.shape[1]:
                other[rows] += drawn.astype(np.float64) @ reals
            if progress is not None:
                progress(len(drawn) * float(stop - start) / len(units))
    if whole is None or other is None:
        raise ValueError("a bootstrap needs at least one report")
    return whole, other


def resample_weights(
    units: Units, resamples: int, seed: int | np.random.Generator
) -> Iterator[npt.NDArray[np.float32]]:
    """How often each report occurs in each resample, for figures that are no function of sums.

    Yields:
        float32, shape (r, n), until all R resamples are out; r shrinks as n grows.
    """
    generator = np.random.default_rng(seed)
    n = len(units.order)
    unit_of_report = np.empty(n, dtype=np.int64)
    unit_of_report[units.order] = np.repeat(np.arange(len(units)), np.diff(units.starts))
    # Smaller pieces than for sums: callers sort and cumulate several float64 copies of them.
    # But at least a few: numpy is slow along rows of one or two numbers.
    chunk = max(8, _DRAWS // 4 // n)
    for first in range(0, resamples, chunk):
        draws = np.full(min(chunk, resamples - first), len(units), dtype=np.int64)
        yield draw_counts(len(units), draws, generator)[:, unit_of_report]


@dataclass(frozen=True)
class Interval:
    """A percentile interval.

    Attributes:
        low: Lower end; NaN if the figure was undefined in every resample.
        high: Upper end.
        undefined: Resamples in which the figure was undefined (NaN), left out.
    """

    low: float
    high: float
    undefined: int = 0


@dataclass(frozen=True)
class Difference:
    """A paired bootstrap difference of two figures.

    Attributes:
        estimate: Second minus first on all reports.
        interval: Of the difference.
        p_value: Two-sided, for "no difference"; NaN if undefined.
    """

    estimate: float
    interval: Interval
    p_value: float


def percentile_interval(values: FloatArray, level: float = 0.95) -> Interval:
    """The central interval of resampled values, shape (R,), by numpy's linear percentiles."""
    known = values[~np.isnan(values)]
    missing = len(values) - len(known)
    if not len(known):
        return Interval(float("nan"), float("nan"), missing)
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(known, [tail, 100 - tail])
    return Interval(float(low), float(high), missing)


def percentile_intervals(values: FloatArray, level: float = 0.95) -> list[Interval]:
    """``percentile_interval`` of each column of (R, k), faster where no value is NaN."""
    holes = [bool(np.isnan(column).any()) for column in values.T]
    tail = 100 * (1 - level) / 2
    out: list[Interval] = []
    # One contiguous row a figure: partitioning strided columns is several times slower.
    rows = np.ascontiguousarray(values.T)
    for row, hole in zip(rows, holes, strict=True):
        if hole:
            out.append(percentile_interval(row, level))
        else:
            low, high = np.percentile(row, [tail, 100 - tail])
            out.append(Interval(float(low), float(high)))
    return out


def paired_difference(
    first: float, second: float, resampled: npt.NDArray[Any], level: float = 0.95
) -> Difference:
    """Second minus first, from resampled differences, shape (R,).

    The p value is twice the smaller share of resamples on either side of 0, zeros on both, with one
    added to counts and total so that it is never 0 (Davison and Hinkley, 1997, section 4.2); at
    most 1.
    """
    known = resampled[~np.isnan(resampled)]
    p_value = float("nan")
    if len(known) and not np.isnan(second - first):
        side = min(int((known <= 0).sum()), int((known >= 0).sum()))
        p_value = min(1.0, 2 * (side + 1) / (len(known) + 1))
    return Difference(second - first, percentile_interval(resampled, level), p_value)


@dataclass(frozen=True, eq=False)
class Ranking:
    """Reports from the highest score down, prepared once for all resamples.

    Attributes:
        order: Positions of the n reports, shape (n,).
        ends: Last place of each run of tied scores, which move together.
        truth: Bool, shape (n, 1), in this order.
    """

    order: IntArray
    ends: IntArray
    truth: BoolArray


def rank_reports(truth: npt.ArrayLike, scores: npt.ArrayLike) -> Ranking:
    """Rank n reports by score.

    Args:
        truth: Bool, shape (n,).
        scores: Finite, shape (n,).
    """
    values = np.asarray(scores)
    order = np.argsort(values, kind="stable")[::-1]
    ranked = values[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], np.True_)[: len(ranked)])
    return Ranking(order, ends, np.asarray(truth, dtype=np.bool_)[order][:, None])


def resampled_areas(
    ranking: Ranking, weights: npt.NDArray[np.float32]
) -> tuple[FloatArray, FloatArray]:
    """AUROC and average precision of resamples, from how often each report occurs in each.

    Args:
        ranking: From ``rank_reports``.
        weights: float32 whole numbers, shape (n, r).

    Returns:
        AUROC, float64, shape (r,), NaN where a resample has one class only; and average precision,
        shape (r,), NaN where nothing is true.
    """
    if not len(ranking.ends):
        return np.full(weights.shape[1], np.nan), np.full(weights.shape[1], np.nan)
    drawn = weights[ranking.order]
    both = np.cumsum(drawn, axis=0, dtype=np.float64)[ranking.ends]
    tp = np.cumsum(drawn * ranking.truth, axis=0, dtype=np.float64)[ranking.ends]
    n_positive, n_negative = tp[-1], both[-1] - tp[-1]
    gained = np.diff(tp, axis=0, prepend=0)
    fp = both - tp
    lost = (gained * (fp - np.diff(fp, axis=0, prepend=0) / 2)).sum(0)
    pairs = n_positive * n_negative
    # Where nothing is drawn yet, nothing is gained either.
    gained *= tp
    gained /= np.maximum(both, 1)
    return divide(pairs - lost, pairs), divide(gained.sum(0), n_positive)


def _unit_features(
    features: Features, units: Units, start: int, stop: int
) -> tuple[npt.NDArray[np.float32], FloatArray]:
    first, last = units.starts[start], units.starts[stop]
    counts, reals = features(units.order[first:last])
    if last - first == stop - start:
        return counts, reals
    offsets = units.starts[start:stop] - first
    return np.add.reduceat(counts, offsets, axis=0), np.add.reduceat(reals, offsets, axis=0)
