"""Values of conventions' figures, from two tables of class indices.

Everything is a sum over reports, so a bootstrap resample is only another weighting of the reports:
the same code gives the figures (all weights 1) and thousands of resamples at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import SchemaError
from lingula.labels import Label, Labels
from lingula.metrics.counts import BinaryCounts, FloatArray, divide
from lingula.metrics.f1 import averaged, per_class, per_sample
from lingula.score.conventions import CLASS_SETS, Figure

#: Uncertain policy -> the classes that count, each set of class indices against the rest.
#: "multiclass" counts two of them, so that micro averages run over positive and uncertain.
_COUNTED: dict[str, tuple[frozenset[Label], ...]] = {
    "ones": (frozenset({Label.POSITIVE, Label.UNCERTAIN}),),
    "zeros": (frozenset({Label.POSITIVE}),),
    "multiclass": (frozenset({Label.POSITIVE}), frozenset({Label.UNCERTAIN})),
}

#: Measures that each report has by itself.
EXAMPLE_MEASURES = ("precision", "recall", "f1", "accuracy", "exact_match")


def indicators(classes: npt.ArrayLike, uncertain: str) -> npt.NDArray[np.bool_]:
    """Which labels count as positive under a policy.

    Args:
        classes: Class indices, shape (n, k).
        uncertain: Key of ``UNCERTAIN_POLICIES``.

    Returns:
        Bool, shape (m, n, k): m is 1, or 2 under "multiclass" (positive, then uncertain).
    """
    table = np.asarray(classes)
    return np.stack([np.isin(table, [int(c) for c in members]) for members in _COUNTED[uncertain]])


def columns_of(labels: Labels, class_set: str) -> npt.NDArray[np.intp]:
    """Columns of a class set's observations, found by name or alias.

    Raises:
        SchemaError: If the labels' schema lacks one of them.
    """
    missing = [name for name in CLASS_SETS[class_set] if name not in labels.schema]
    if missing:
        raise SchemaError(
            f"the conventions score CheXpert's observations; the schema {labels.schema.name!r} "
            f"lacks {', '.join(missing)}. Label with the schema chexpert14"
        )
    return np.array([labels.schema.index(name) for name in CLASS_SETS[class_set]], dtype=np.intp)


@dataclass(frozen=True, eq=False)
class ReportTables:
    """What each report adds to the figures of one class set under one policy.

    Attributes:
        both: Positive labels that both reports have, float64, shape (n, k); under "multiclass"
            positive and uncertain ones together, as in the next two.
        predicted: Positive labels of the generated report, same shape.
        true: Positive labels of the reference, same shape.
        equal: 1 where the two labels are equal under the policy, same shape.
        examples: Each report's scores, in the order of ``EXAMPLE_MEASURES``, shape (n, 5).
        labels_per_cell: 1, or 2 under "multiclass".
    """

    both: FloatArray
    predicted: FloatArray
    true: FloatArray
    equal: FloatArray
    examples: FloatArray
    labels_per_cell: int

    @classmethod
    def build(
        cls,
        references: Labels,
        generated: Labels,
        class_set: str,
        uncertain: str,
        zero_division: float,
    ) -> ReportTables:
        """The tables of two label tables of one schema, n reports each."""
        columns = columns_of(references, class_set)
        truth = indicators(references.classes[:, columns], uncertain)
        guess = indicators(generated.classes[:, columns], uncertain)
        equal = (truth == guess).all(axis=0)
        m, n, k = truth.shape
        scores = per_sample(
            truth.transpose(1, 0, 2).reshape(n, m * k),
            guess.transpose(1, 0, 2).reshape(n, m * k),
            zero_division=zero_division,
        )
        examples = [scores.precision, scores.recall, scores.f1, equal.mean(1), equal.all(1)]
        return cls(
            (truth & guess).sum(axis=0, dtype=np.float64),
            guess.sum(axis=0, dtype=np.float64),
            truth.sum(axis=0, dtype=np.float64),
            equal.astype(np.float64),
            np.stack(examples, axis=1).astype(np.float64),
            m,
        )

    def example(self, measure: str) -> FloatArray:
        """One measure of each report, shape (n,)."""
        return self.examples[:, EXAMPLE_MEASURES.index(measure)]

    def sums(self, weights: FloatArray | None = None) -> Sums:
        """Sums over reports.

        Args:
            weights: How often each report occurs, shape (resamples, n), rows that sum to n; once
                each if not given.
        """

        def total(table: FloatArray) -> FloatArray:
            summed: FloatArray = table.sum(axis=0) if weights is None else weights @ table
            return summed

        n = len(self.equal)
        both, predicted, true = total(self.both), total(self.predicted), total(self.true)
        cells = float(n * self.labels_per_cell)
        return Sums(
            BinaryCounts(both, predicted - both, true - both, cells - predicted - true + both),
            total(self.equal),
            total(self.examples),
            n,
        )


@dataclass(frozen=True, eq=False)
class Sums:
    """What all figures of one class set under one policy are computed from.

    Attributes:
        counts: Per observation, shape (..., k).
        equal: Equal labels per observation, shape (..., k).
        examples: Sums of ``EXAMPLE_MEASURES`` over reports, shape (..., 5).
        reports: Number of reports.
    """

    counts: BinaryCounts
    equal: FloatArray
    examples: FloatArray
    reports: int

    def value(self, figure: Figure, zero_division: float) -> FloatArray:
        """A figure's value, shape (...); NaN where it is undefined."""
        measure, average = figure.measure, figure.average
        if average == "example-based":
            place = EXAMPLE_MEASURES.index(measure)
            return np.asarray(self.examples[..., place] / self.reports)
        if average == "per-observation":
            column = CLASS_SETS[figure.class_set].index(figure.observation)
            return _per_observation(self, measure, zero_division)[..., column]
        if measure in ("accuracy", "auroc"):
            # A plain mean: an undefined AUROC makes the mean undefined, it is not left out.
            return np.asarray(_per_observation(self, measure, zero_division).mean(axis=-1))
        value: FloatArray = getattr(averaged(self.counts, average, zero_division), measure)
        return value

    def support(self, figure: Figure) -> int:
        """Positive labels in the references: of the observation, or of the class set."""
        support = self.counts.support
        if figure.observation:
            return int(support[CLASS_SETS[figure.class_set].index(figure.observation)])
        return int(support.sum())


def _per_observation(sums: Sums, measure: str, zero_division: float) -> FloatArray:
    if measure == "accuracy":
        return sums.equal / sums.reports
    if measure == "auroc":
        return _auroc_of_hard_labels(sums.counts)
    value: FloatArray = getattr(per_class(sums.counts, zero_division), measure)
    return value


def _auroc_of_hard_labels(counts: BinaryCounts) -> FloatArray:
    # With two scores only, the ROC curve has one corner, and the area under it is the mean of
    # sensitivity and specificity.
    sensitivity = divide(counts.true_positive, counts.support)
    negatives = counts.total - counts.support
    return (sensitivity + divide(counts.true_negative, negatives)) / 2
