"""Gwet's AC1: agreement beyond chance that stays where it is when a label is rare.

Cohen's kappa falls towards 0 for a rare label however well two readers agree (Feinstein and
Cicchetti, Journal of Clinical Epidemiology 43, 1990, 543-549); AC1 does not.
"""

from __future__ import annotations

import numpy as np

from lingula.metrics.counts import CountArray, FloatArray, divide, margins


def gwet_ac1(confusion: CountArray) -> FloatArray:
    """AC1 of two raters, unweighted.

    (observed agreement - chance agreement) / (1 - chance agreement), with the chance agreement
    sum over classes of p (1 - p) / (C - 1), p the mean of both raters' shares of the class: Gwet,
    British Journal of Mathematical and Statistical Psychology 61, 2008, 29-48, equations 5 and 6.

    Args:
        confusion: Shape ``(..., C, C)``, C at least 2: the classes that could have been given,
            whether they were or not.

    Returns:
        float64, shape ``(...)``; NaN without reports.
    """
    classes = confusion.shape[-1]
    if classes < 2:
        raise ValueError("agreement needs at least two classes")
    sums = margins(confusion)
    share = divide((sums.true + sums.predicted) / 2, np.asarray(sums.total)[..., None])
    by_chance = (share * (1 - share)).sum(-1) / (classes - 1)
    return divide(divide(sums.agreed, sums.total) - by_chance, 1 - by_chance)
