"""Percentile bootstrap over reports (Efron and Tibshirani, 1993, chapter 13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lingula.metrics.counts import FloatArray

#: Cells of one block of weights: 2 million float64 are 16 MiB.
_CELLS_PER_BLOCK = 2_000_000


@dataclass(frozen=True)
class Interval:
    """Lower and upper end, and how many resamples had no value."""

    lower: float
    upper: float
    undefined: int


def resample_weights(n: int, resamples: int, seed: int) -> Iterator[FloatArray]:
    """How often each of n reports occurs in each resample: blocks of shape (b, n).

    Resample i is the same whatever the size of the blocks.
    """
    generator = np.random.default_rng(seed)
    step = max(1, _CELLS_PER_BLOCK // n)
    for start in range(0, resamples, step):
        b = min(step, resamples - start)
        drawn = generator.integers(0, n, size=(b, n)) + n * np.arange(b)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=b * n)
        yield counts.reshape(b, n).astype(np.float64)


def percentile_interval(values: FloatArray, confidence: float) -> Interval:
    """The middle ``confidence`` of the values; NaN ones are left out and counted."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Interval(float("nan"), float("nan"), len(values))
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(known, [tail, 1 - tail])
    return Interval(float(lower), float(upper), len(values) - len(known))
