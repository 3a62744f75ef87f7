"""CheXbert's own evaluation (Smit et al., EMNLP 2020), figure by figure.

Per observation: F1 of mention, blank, negation, uncertainty and positive, each one class (or all
but blank) against the rest, with 0 / 0 as 0; and "weighted F1", the mean of the negation,
uncertainty and positive F1 weighted by how often each of these three labels occurs for that
observation in a reference table. The headline is the plain mean over the observations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.labels import Label
from lingula.metrics.counts import BoolArray, CountArray, FloatArray, Task, divide, one_vs_rest
from lingula.metrics.f1 import per_class
from lingula.metrics.kappa import cohen_kappa

#: The three labels of weighted F1, with the task that each is scored in.
_WEIGHTED = (
    (Label.NEGATIVE, Task.NEGATION),
    (Label.UNCERTAIN, Task.UNCERTAINTY),
    (Label.POSITIVE, Task.POSITIVE),
)


@dataclass(frozen=True, eq=False)
class ChexbertScores:
    """CheXbert's figures, float64 of shape ``(..., k)``, one an observation.

    Attributes:
        mention: F1 of "not blank".
        blank: F1 of blank.
        negation: F1 of negative; 0 for an observation that cannot be negative (No Finding).
        uncertainty: F1 of uncertain; 0 for an observation that cannot be uncertain.
        positive: F1 of positive.
        weighted: Weighted F1; 0 where the reference table has only blanks.
        weights: Shape (k, 3): the weights of negation, uncertainty and positive.
        kappa: Cohen's kappa over the 4 classes; NaN where only one class occurs.
    """

    mention: FloatArray
    blank: FloatArray
    negation: FloatArray
    uncertainty: FloatArray
    positive: FloatArray
    weighted: FloatArray
    weights: FloatArray
    kappa: FloatArray


def chexbert_weights(reference: npt.ArrayLike, permits: BoolArray | None = None) -> FloatArray:
    """Shares of negative, uncertain and positive among the labels that are not blank.

    Args:
        reference: Class indices, shape (n, k). CheXbert's authors took the test set's own truth.
        permits: Bool, shape (k, 4), from ``Schema.permits``: labels that an observation cannot
            take have weight 0, even where a table writes them (No Finding as 0).

    Returns:
        float64, shape (k, 3); zeros for an observation that is always blank.
    """
    classes = np.asarray(reference)
    counts = np.stack([(classes == label).sum(0) for label, _ in _WEIGHTED], axis=-1)
    if permits is not None:
        counts = counts * permits[:, [label for label, _ in _WEIGHTED]]
    return divide(counts, counts.sum(-1, keepdims=True), 0.0)


def chexbert_scores(
    confusion: CountArray, weights: FloatArray, permits: BoolArray | None = None
) -> ChexbertScores:
    """CheXbert's evaluation from confusion matrices.

    Args:
        confusion: Shape ``(..., k, 4, 4)``.
        weights: Shape (k, 3), from ``chexbert_weights``.
        permits: Bool, shape (k, 4), from ``Schema.permits``: a class that an observation cannot
            take has F1 0. All classes are permitted if not given.
    """
    f1 = {task: per_class(one_vs_rest(confusion, task), 0.0).f1 for task in Task}
    if permits is not None:
        for label, task in _WEIGHTED:
            f1[task] = np.where(permits[:, label], f1[task], 0.0)
    each = np.stack([f1[task] for _, task in _WEIGHTED], axis=-1)
    return ChexbertScores(
        mention=f1[Task.MENTION],
        blank=f1[Task.BLANK],
        negation=f1[Task.NEGATION],
        uncertainty=f1[Task.UNCERTAINTY],
        positive=f1[Task.POSITIVE],
        weighted=(each * weights).sum(-1),
        weights=weights,
        kappa=cohen_kappa(confusion),
    )
