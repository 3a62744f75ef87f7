"""95% intervals of shares, with and without several rows a patient."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

#: Two-sided 95%.
Z = NormalDist().inv_cdf(0.975)

Floats = npt.NDArray[np.float64]


def wilson(successes: npt.ArrayLike, totals: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The score interval of a share, by broadcasting (Wilson, JASA 1927).

    Totals may be fractions, as an effective sample size is. Without any trial the interval is
    the whole of 0 to 1.
    """
    y, n = np.broadcast_arrays(
        np.asarray(successes, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    )
    safe = np.where(n > 0, n, 1.0)
    share = y / safe
    middle = (share + Z**2 / (2 * safe)) / (1 + Z**2 / safe)
    half = Z / (1 + Z**2 / safe) * np.sqrt(share * (1 - share) / safe + Z**2 / (4 * safe**2))
    low = np.where(y <= 0, 0.0, np.clip(middle - half, 0, 1))
    high = np.where(y >= n, 1.0, np.clip(middle + half, 0, 1))
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def widest(count: npt.ArrayLike) -> Floats:
    """Width of the widest 95% interval that a share of ``count`` cases can have.

    Wilson's interval is widest where half of the cases succeed: a sensitivity that is measured on
    ``count`` positives is known no worse than to this width. 1.0 without any case.
    """
    n = np.asarray(count, dtype=np.float64)
    low, high = wilson(n / 2, n)
    return high - low


def cautious_f1(both: npt.ArrayLike, only_one: npt.ArrayLike, only_other: npt.ArrayLike) -> Floats:
    """A lower end of F1's 95% interval that few cases cannot make too high.

    A bootstrap of three cases that are all right says 1. F1 is the share ``both / (both +
    (only_one + only_other) / 2)``, so Wilson's interval can be taken of it, which then says 0.44.
    NaN without any case. The use of Wilson's interval here is ours.
    """
    cases = np.asarray(both, dtype=np.float64)
    total = cases + (np.asarray(only_one) + np.asarray(only_other)) / 2
    low, _ = wilson(cases, total)
    return np.where(total > 0, low, np.nan)


def effective_size(flags: npt.NDArray[np.bool_], clusters: npt.NDArray[np.intp]) -> Floats:
    """Rows that independent sampling would need for the same precision, one figure a column.

    Rows of one patient resemble each other, so n rows say less than n patients would. The variance
    of the share is taken from the patients' totals (the ratio estimator of cluster sampling), and
    n is divided by its ratio to the variance of independent rows; the interval then uses that size
    (Korn and Graubard, Survey Methodology 1998). Never more than n.

    Args:
        flags: bool, shape (n, k).
        clusters: Patient of each row, shape (n,); a negative number is a patient of its own.
    """
    n, k = flags.shape
    codes = clusters.astype(np.intp)
    unknown = codes < 0
    first = codes.max(initial=-1) + 1
    codes = np.where(unknown, first + np.cumsum(unknown) - 1, codes)
    _, codes = np.unique(codes, return_inverse=True)
    m = int(codes.max(initial=-1)) + 1
    sizes = np.bincount(codes, minlength=m).astype(np.float64)
    result = np.full(k, float(n))
    if m < 2:
        return np.full(k, float(m))
    for column in range(k):
        totals = np.bincount(codes, weights=flags[:, column], minlength=m)
        share = totals.sum() / n
        independent = share * (1 - share) / n
        if independent <= 0:
            # All rows alike: nothing to estimate the correlation from, so patients are counted.
            result[column] = m
            continue
        clustered = m / (m - 1) * np.square(totals - share * sizes).sum() / n**2
        result[column] = min(float(n), n * independent / clustered) if clustered > 0 else float(n)
    return result
