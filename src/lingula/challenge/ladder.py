"""The Ladder: the one figure a team sees before the close, and how little it tells of the labels.

Blum and Hardt, The Ladder: a reliable leaderboard for machine learning competitions (ICML 2015): a
figure changes only when a submission is better than the team's best by more than a margin, and is
rounded then. As in their parameter-free variant the margin follows the noise of the figure.
"""

from __future__ import annotations

import math

import numpy as np

from lingula.metrics.counts import BoolArray

#: What a shown figure is rounded to.
STEP = 0.01
#: Margin in standard errors of chance. Measured by the attacks of tests/challenge/test_probing.py
#: (150 public studies, 500 probes, hill climbers of four step sizes, ten seeds each): shown at
#: most .75 (mean .69) with a margin of .01, at most .61 (mean .55) with one and a half errors.
_ERRORS = 1.5


def best_shown(shown: float | None, mean: float, margin: float) -> float:
    """The figure that a team sees after a submission.

    Args:
        shown: What it sees so far, or None.
        mean: Of this submission, on the public part.
        margin: What must be gained.
    """
    if shown is not None and not mean > shown + margin:
        return shown
    return round(round(mean / STEP) * STEP, 12)


def chance_error(positive: BoolArray) -> float:
    """Standard error of the mean AUROC of random scores over independent observations.

    Of one observation it is ((P + N + 1) / (12 P N)) ** .5, the Mann-Whitney statistic's under no
    difference (Hanley and McNeil, Radiology 1982).

    Args:
        positive: Bool, shape (n, k), with both classes in each column.
    """
    true = positive.sum(0).astype(np.float64)
    other = len(positive) - true
    variances = (true + other + 1) / (12 * true * other)
    return float(math.sqrt(variances.sum()) / len(variances))


def usual_margin(positive: BoolArray) -> float:
    """The margin if none is given: 1.5 standard errors of chance, up to the next 0.005."""
    return round(math.ceil(_ERRORS * chance_error(positive) / 0.005) * 0.005, 3)
