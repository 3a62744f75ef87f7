"""People beside a labeler: each reader's operating point, and how far readers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import MissingExtraError
from lingula.evaluation.probabilities import ColumnCurves
from lingula.labels import Label, Labels, Schema
from lingula.metrics.counts import BoolArray, FloatArray, divide
from lingula.metrics.reader_agreement import pairwise_kappa, reader_agreement
from lingula.metrics.readers import (
    OperatingPoint,
    is_below_precision_recall,
    is_below_roc,
    majority_vote,
    operating_point,
)
from lingula.metrics.uncertain import UncertainPolicy, binarize, binary_columns


@dataclass(frozen=True, eq=False)
class ReaderComparison:
    """Readers against the truth that the labelers were held against.

    Attributes:
        names: Of the r readers.
        points: One a reader, arrays of shape (m,) over the binary columns.
        below_roc: For each reader and column: strictly below the first labeler's ROC curve; None
            where there is no curve or no point.
        below_precision_recall: The same in the precision-recall plane.
        raters: Names of everyone whose agreement was measured.
        cohen: Mean Cohen's kappa over the pairs of raters, shape (m,); NaN if undefined.
        fleiss: Fleiss' kappa, shape (m,), or None if its library is not installed.
        krippendorff: Krippendorff's nominal alpha, shape (m,), or None likewise.
    """

    names: tuple[str, ...]
    points: tuple[OperatingPoint, ...]
    below_roc: tuple[tuple[bool | None, ...], ...]
    below_precision_recall: tuple[tuple[bool | None, ...], ...]
    raters: tuple[str, ...]
    cohen: FloatArray | None
    fleiss: FloatArray | None
    krippendorff: FloatArray | None


def majority_labels(
    readers: Sequence[Labels], uncertain: UncertainPolicy
) -> tuple[Labels, npt.NDArray[np.int64]]:
    """The majority of readers as labels, positive or negative, and the ties of each observation.

    Uncertain ratings are positive under the policy ``ones`` and not positive under the others.
    """
    schema = readers[0].schema
    yes = UncertainPolicy.ONES if uncertain is UncertainPolicy.ONES else UncertainPolicy.ZEROS
    columns = binary_columns(schema, yes)
    vote = majority_vote(np.stack([binarize(reader.classes, columns) for reader in readers]))
    classes = np.where(vote.positive, Label.POSITIVE, Label.NEGATIVE).astype(np.int8)
    return Labels(schema, classes), vote.ties


def compare_readers(
    truth: BoolArray,
    readers: Sequence[tuple[str, Labels]],
    others: Sequence[tuple[str, Labels]],
    *,
    schema: Schema,
    policy: UncertainPolicy,
    curves: Sequence[ColumnCurves],
) -> tuple[ReaderComparison, tuple[str, ...]]:
    """Operating points of readers, and the agreement of them and of the truth's makers.

    Args:
        truth: Bool, shape (n, m).
        readers: Names and labels of those to place.
        others: Names and labels of those whose vote is the truth, if any.
        schema: Of the observations.
        policy: The uncertain policy of the binary columns.
        curves: Of the first labeler, if it has probabilities.

    Returns:
        The comparison, and notes.
    """
    columns = binary_columns(schema, policy)
    ratings = [binarize(labels.classes, columns) for _, labels in readers]
    points = tuple(operating_point(truth, rating) for rating in ratings)
    below_roc, below_pr = [], []
    by_column = {curve.position: curve for curve in curves}
    for point in points:
        roc: list[bool | None] = []
        pr: list[bool | None] = []
        for position in range(len(columns)):
            curve = by_column.get(position)
            if curve is None:
                roc.append(None)
                pr.append(None)
                continue
            sensitivity = float(point.sensitivity[position])
            rate = float(point.false_positive_rate[position])
            precision = float(point.precision[position])
            roc.append(is_below_roc(curve.counts, sensitivity, rate))
            pr.append(is_below_precision_recall(curve.counts, sensitivity, precision))
        below_roc.append(tuple(roc))
        below_pr.append(tuple(pr))
    raters = [*readers, *others]
    tables = [binarize(labels.classes, columns).astype(np.int8) for _, labels in raters]
    cohen = fleiss = alpha = None
    notes: tuple[str, ...] = ()
    if len(raters) > 1:
        cohen = _mean_over_pairs(pairwise_kappa(tables))
        try:
            agreement = reader_agreement(tables)
            fleiss, alpha = agreement.fleiss, agreement.krippendorff
        except MissingExtraError as error:
            notes = (f"Fleiss' kappa and Krippendorff's alpha are left out. {error}",)
    comparison = ReaderComparison(
        names=tuple(name for name, _ in readers),
        points=points,
        below_roc=tuple(below_roc),
        below_precision_recall=tuple(below_pr),
        raters=tuple(name for name, _ in raters),
        cohen=cohen,
        fleiss=fleiss,
        krippendorff=alpha,
    )
    return comparison, notes


def _mean_over_pairs(kappas: FloatArray) -> FloatArray:
    known = ~np.isnan(kappas)
    total = np.where(known, kappas, 0.0).sum(0)
    count = known.sum(0)
    return divide(total, count)
