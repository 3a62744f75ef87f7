"""Matthews correlation coefficient, for two classes or several."""

from __future__ import annotations

import numpy as np

from lingula.metrics.counts import BinaryCounts, CountArray, FloatArray, divide, margins


def matthews_correlation(confusion: CountArray) -> FloatArray:
    """Matthews correlation (Matthews, 1975) in its form for C classes, R_K (Gorodkin, 2004).

    Args:
        confusion: Shape ``(..., C, C)``.

    Returns:
        float64, shape ``(...)``; NaN where truth or prediction has one class only (scikit-learn
        answers 0 there).
    """
    sums = margins(confusion.astype(np.float64, copy=False))
    covariance = sums.agreed * sums.total - (sums.true * sums.predicted).sum(-1)
    true_variance = sums.total**2 - (sums.true**2).sum(-1)
    predicted_variance = sums.total**2 - (sums.predicted**2).sum(-1)
    return divide(covariance, np.sqrt(true_variance) * np.sqrt(predicted_variance))


def binary_confusion(counts: BinaryCounts) -> CountArray:
    """Counts of shape ``(..., k)`` as 2 by 2 confusion matrices, shape ``(..., k, 2, 2)``."""
    rows = [
        np.stack([counts.true_negative, counts.false_positive], axis=-1),
        np.stack([counts.false_negative, counts.true_positive], axis=-1),
    ]
    stacked: CountArray = np.stack(rows, axis=-2)
    return stacked
