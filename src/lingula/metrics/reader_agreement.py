"""Agreement of several readers, by the libraries that hold the standard implementations.

Fleiss' kappa is statsmodels', Krippendorff's alpha that of the package ``krippendorff``; both come
with the extra ``agreement``. Cohen's kappa of each pair is ours (``kappa.cohen_kappa``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from lingula.errors import MissingExtraError
from lingula.metrics.counts import FloatArray, confusion_matrices
from lingula.metrics.kappa import cohen_kappa


@dataclass(frozen=True, eq=False)
class ReaderAgreement:
    """Agreement of r readers, per observation, float64; NaN where all use one class only.

    Attributes:
        fleiss: Fleiss' kappa (1971), shape (k,).
        krippendorff: Krippendorff's alpha, nominal, shape (k,).
        pairs: The r (r - 1) / 2 pairs of readers, by position.
        cohen: Cohen's kappa of each pair, shape (pairs, k).
    """

    fleiss: FloatArray
    krippendorff: FloatArray
    pairs: tuple[tuple[int, int], ...]
    cohen: FloatArray


def pairwise_kappa(ratings: Sequence[npt.NDArray[np.int8]], n_classes: int = 2) -> FloatArray:
    """Cohen's kappa of each pair of readers, shape (pairs, k), in ``itertools.combinations`` order.

    Args:
        ratings: One class-index table (n, k) a reader.
        n_classes: Number of classes.
    """
    return np.array(
        [cohen_kappa(confusion_matrices(a, b, n_classes)) for a, b in combinations(ratings, 2)]
    )


def reader_agreement(
    ratings: Sequence[npt.NDArray[np.int8]], n_classes: int = 2
) -> ReaderAgreement:
    """Fleiss' kappa, Krippendorff's alpha and pairwise Cohen's kappa.

    Args:
        ratings: At least two class-index tables (n, k), one a reader.
        n_classes: Number of classes.

    Raises:
        ValueError: If there are fewer than two readers.
        MissingExtraError: If statsmodels or krippendorff is not installed.
    """
    if len(ratings) < 2:
        raise ValueError("agreement needs at least two readers")
    try:
        import krippendorff
        from statsmodels.stats.inter_rater import fleiss_kappa
    except ImportError:
        raise MissingExtraError("Agreement between readers", "agreement") from None
    stacked = np.stack(ratings)
    k = stacked.shape[2]
    fleiss, alpha = np.full(k, np.nan), np.full(k, np.nan)
    for column in range(k):
        votes = stacked[:, :, column]
        # Both are 0 / 0 where every vote is the same; the libraries warn or fail there.
        if (votes == votes.flat[0]).all():
            continue
        table = np.stack([(votes == c).sum(0) for c in range(n_classes)], axis=1)
        fleiss[column] = fleiss_kappa(table)
        alpha[column] = krippendorff.alpha(
            reliability_data=votes.astype(np.float64), level_of_measurement="nominal"
        )
    return ReaderAgreement(
        fleiss,
        alpha,
        tuple(combinations(range(len(ratings)), 2)),
        pairwise_kappa(ratings, n_classes),
    )
