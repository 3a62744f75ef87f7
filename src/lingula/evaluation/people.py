"""People beside a labeler: each reader's operating point, and how far readers agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import MissingExtraError
from lingula.evaluation.probabilities import ColumnCurves
from lingula.evaluation.settings import Settings
from lingula.labels import Label, Labels, Schema
from lingula.metrics.counts import BoolArray, FloatArray
from lingula.metrics.f1 import nan_mean
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
class PlacedReader:
    """One reader, or the majority of several, beside the first labeler's curves.

    Attributes:
        name: To show.
        point: Arrays of shape (m,) over the binary columns.
        below_roc: For each column: strictly below the ROC curve; None where there is no curve or
            no point.
        below_precision_recall: The same in the precision-recall plane.
    """

    name: str
    point: OperatingPoint
    below_roc: tuple[bool | None, ...]
    below_precision_recall: tuple[bool | None, ...]


@dataclass(frozen=True, eq=False)
class ReaderComparison:
    """Readers against the truth that the labelers were held against.

    Attributes:
        readers: The r readers.
        majority: The vote of all of them as a point of its own, if asked for. It is no reader:
            neither the agreement nor the number of readers below counts it.
        raters: Names of everyone whose agreement was measured.
        cohen: Mean Cohen's kappa over the pairs of raters, shape (m,); NaN if undefined.
        fleiss: Fleiss' kappa, shape (m,), or None if its library is not installed.
        krippendorff: Krippendorff's nominal alpha, shape (m,), or None likewise.
    """

    readers: tuple[PlacedReader, ...]
    majority: PlacedReader | None
    raters: tuple[str, ...]
    cohen: FloatArray | None
    fleiss: FloatArray | None
    krippendorff: FloatArray | None

    @property
    def placed(self) -> tuple[PlacedReader, ...]:
        """The readers, and their majority where it was asked for."""
        return self.readers if self.majority is None else (*self.readers, self.majority)

    @property
    def mean_below_roc(self) -> float:
        """Mean over the columns with a curve of how many readers lie below it; NaN if none has.

        The "Num Rads Below Curve" of CheXpert's leaderboard.
        """
        return _mean_below([reader.below_roc for reader in self.readers])

    @property
    def mean_below_precision_recall(self) -> float:
        """The same in the precision-recall plane."""
        return _mean_below([reader.below_precision_recall for reader in self.readers])


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
    settings: Settings,
    curves: Sequence[ColumnCurves],
) -> tuple[ReaderComparison, tuple[str, ...]]:
    """Operating points of readers, and the agreement of them and of the truth's makers.

    Args:
        truth: Bool, shape (n, m).
        readers: Names and labels of those to place.
        others: Names and labels of those whose vote is the truth, if any.
        schema: Of the observations.
        settings: The uncertain policy of the binary columns, and whether the majority of the
            readers is a point too.
        curves: Of the first labeler, if it has probabilities.

    Returns:
        The comparison, and notes.
    """
    columns = binary_columns(schema, settings.uncertain)
    ratings = [binarize(labels.classes, columns) for _, labels in readers]
    by_column = {curve.position: curve for curve in curves}
    names = tuple(name for name, _ in readers)
    placed = tuple(
        _placed(name, truth, rating, by_column) for name, rating in zip(names, ratings, strict=True)
    )
    majority = None
    notes: list[str] = []
    if settings.readers_majority:
        vote = majority_vote(np.stack(ratings))
        majority = _placed(f"majority of {', '.join(names)}", truth, vote.positive, by_column)
        if vote.ties.any():
            notes.append(
                f"{int(vote.ties.sum()):,} votes in the majority of the readers were ties, which "
                "count as not positive."
            )
    raters = [*readers, *others]
    tables = [binarize(labels.classes, columns).astype(np.int8) for _, labels in raters]
    cohen = fleiss = alpha = None
    if len(raters) > 1:
        cohen = nan_mean(pairwise_kappa(tables).T)
        try:
            agreement = reader_agreement(tables)
            fleiss, alpha = agreement.fleiss, agreement.krippendorff
        except MissingExtraError as error:
            notes.append(f"Fleiss' kappa and Krippendorff's alpha are left out. {error}")
    comparison = ReaderComparison(
        readers=placed,
        majority=majority,
        raters=tuple(name for name, _ in raters),
        cohen=cohen,
        fleiss=fleiss,
        krippendorff=alpha,
    )
    return comparison, tuple(notes)


def _placed(
    name: str, truth: BoolArray, rating: BoolArray, curves: Mapping[int, ColumnCurves]
) -> PlacedReader:
    roc: list[bool | None] = []
    precision_recall: list[bool | None] = []
    for position in range(truth.shape[1]):
        curve = curves.get(position)
        if curve is None:
            roc.append(None)
            precision_recall.append(None)
            continue
        # On the reports of the curve, so that whole counts can be compared.
        said = rating[curve.rows, position]
        tp = int(np.count_nonzero(said & curve.truth))
        fp = int(np.count_nonzero(said)) - tp
        roc.append(is_below_roc(curve.counts, tp, fp))
        precision_recall.append(is_below_precision_recall(curve.counts, tp, fp))
    point = operating_point(truth, rating)
    return PlacedReader(name, point, tuple(roc), tuple(precision_recall))


def _mean_below(readers: Sequence[tuple[bool | None, ...]]) -> float:
    """Mean over columns of the number of readers below; columns without a curve are left out."""
    by_column = [
        [flag for flag in flags if flag is not None] for flags in zip(*readers, strict=True)
    ]
    known = [sum(flags) for flags in by_column if flags]
    return sum(known) / len(known) if known else float("nan")
