"""Cohen's kappa and raw agreement, per observation, from confusion matrices.

Kappa is taken per observation and then averaged, never over the flattened table: pooled over
observations, the many cells that everybody leaves blank look like skill at telling observations
apart, and a labeler that never finds a rare one still scores high.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lingula.metrics.counts import CountArray, FloatArray, divide, margins


@dataclass(frozen=True)
class Mean:
    """A mean that says what it leaves out.

    Attributes:
        value: The mean of the defined figures; NaN if there is none.
        left_out: How many figures were undefined (NaN).
    """

    value: float
    left_out: int


def mean_of_defined(values: FloatArray) -> Mean:
    """Mean of the figures that are not NaN, shape (k,), and how many are."""
    known = values[~np.isnan(values)]
    return Mean(float(known.mean()) if len(known) else float("nan"), len(values) - len(known))


def cohen_kappa(confusion: CountArray) -> FloatArray:
    """Cohen's kappa (1960), unweighted.

    (observed agreement - chance agreement) / (1 - chance agreement), with the chance of agreement
    from the two raters' own class frequencies.

    Args:
        confusion: Shape ``(..., C, C)``.

    Returns:
        float64, shape ``(...)``; NaN where both raters use one and the same class only, for
        chance agreement is then 1.
    """
    sums = margins(confusion)
    by_chance = (sums.true * sums.predicted).sum(-1)
    # Multiplied by total squared, so that the test for 0 is exact on whole numbers.
    return divide(sums.total * sums.agreed - by_chance, sums.total**2 - by_chance)


def accuracy(confusion: CountArray) -> FloatArray:
    """Share of reports in which both classes are the same, shape ``(...)``; NaN without reports."""
    sums = margins(confusion)
    return divide(sums.agreed, sums.total)
