"""Values of a convention's figures, from sums over reports, and what to say of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingula.errors import SchemaError
from lingula.evaluation.figures import Sums
from lingula.evaluation.resampling import Cells, cells_of
from lingula.evaluation.settings import Settings
from lingula.labels import Label, Labels
from lingula.metrics.counts import (
    BinaryCounts,
    BoolArray,
    FloatArray,
    divide,
    one_vs_rest,
    sum_cells,
)
from lingula.metrics.f1 import averaged, per_class, undefined
from lingula.metrics.uncertain import UncertainPolicy
from lingula.schemas import load_schema
from lingula.score.conventions import CLASS_SETS, PRF, Figure

#: Uncertain policy -> what blank, positive, negative and uncertain count as; 0 is "not positive".
CLASS_OF = {"ones": (0, 1, 0, 1), "zeros": (0, 1, 0, 0), "multiclass": (0, 1, 0, 2)}


def compare(references: Labels, generated: Labels, class_set: str, uncertain: str) -> Cells:
    """What each report adds to the figures of one class set under one policy.

    A report's precision, recall and F1 are NaN where they are 0/0.

    Args:
        references: Labels of n references.
        generated: Labels of n generated reports, in the same order, same schema.
        class_set: Key of ``CLASS_SETS``.
        uncertain: Key of ``UNCERTAIN_POLICIES``.

    Raises:
        SchemaError: If the labels' schema lacks an observation of the class set.
    """
    names = CLASS_SETS[class_set]
    missing = [name for name in names if name not in references.schema]
    if missing:
        raise SchemaError(
            f"the conventions score CheXpert's observations; the schema {references.schema.name!r} "
            f"lacks {', '.join(missing)}. Label with the schema chexpert14"
        )
    columns = [references.schema.index(name) for name in names]
    schema = load_schema("chexpert14").restrict(names)
    settings = Settings(uncertain=UncertainPolicy(uncertain), zero_division=float("nan"))
    return cells_of(references.classes[:, columns], generated.classes[:, columns], schema, settings)


def figure_values(sums: Sums, figures: Sequence[Figure], zero_division: float) -> FloatArray:
    """Values of figures of one class set under one policy.

    Args:
        sums: Of the reports, or of resamples.
        figures: The f figures.
        zero_division: The value of 0/0 in precision, recall and F1.

    Returns:
        float64, shape (..., f); NaN where a figure is undefined.
    """
    counts = _counts(sums, figures[0].uncertain)
    reports = sums.confusion[..., 0, :, :].sum((-2, -1))
    class_of = np.array(CLASS_OF[figures[0].uncertain])
    equal = sum_cells(sums.confusion, [class_of[:, None] == class_of])[..., 0]
    # With two scores only, the ROC curve has one corner, and the area under it is the mean of
    # sensitivity and specificity.
    negatives = counts.total - counts.support
    area = divide(counts.true_positive, counts.support) + divide(counts.true_negative, negatives)
    scores = per_class(counts, zero_division)
    each = {
        "accuracy": divide(equal, reports[..., None]),
        "auroc": area / 2,
        **{measure: getattr(scores, measure) for measure in PRF},
    }
    means = {
        figure.average: averaged(counts, figure.average, zero_division)
        for figure in figures
        if figure.measure in PRF and figure.average in ("micro", "macro", "weighted")
    }
    empty = zero_division * (reports[..., None] - sums.samples_defined)
    examples = divide(sums.samples + empty, reports[..., None])

    def value(figure: Figure) -> FloatArray:
        if figure.measure == "exact_match":
            return divide(sums.exact, reports)
        if figure.observation:
            column = CLASS_SETS[figure.class_set].index(figure.observation)
            return np.asarray(each[figure.measure][..., column])
        if figure.measure not in PRF:
            # Every report has every label, so this is the mean over reports too. An undefined
            # AUROC makes the mean undefined, it is not left out.
            return np.asarray(each[figure.measure].mean(-1))
        if figure.average == "example-based":
            return np.asarray(examples[..., PRF.index(figure.measure)])
        mean: FloatArray = getattr(means[figure.average], figure.measure)
        return mean

    return np.stack([value(figure) for figure in figures], axis=-1)


def ground_of(sums: Sums, figure: Figure, zero_division: float) -> tuple[int, str, bool]:
    """What a figure stands on.

    Returns:
        Positive labels in the references (of the observation, or of the class set); a note that
        states every 0/0 and every undefined value behind the figure; and whether it is a 0/0
        itself, not an average over some.
    """
    counts, names = _counts(sums, figure.uncertain), CLASS_SETS[figure.class_set]
    column = names.index(figure.observation) if figure.observation else None
    support = int(counts.support.sum() if column is None else counts.support[column])
    rule, measure = f"0/0 counts as {zero_division:g}", figure.measure
    if measure == "auroc":
        one_class = (counts.support == 0) | (counts.support == counts.total)
        reason = "one class only in the references"
        if column is not None:
            return support, reason * bool(one_class[column]), False
        listed = _listed(names, one_class)
        return support, f"undefined for {listed} ({reason})" if listed else "", False
    if measure not in PRF:
        return support, "", False
    if figure.average == "example-based":
        reports = int(sums.confusion[0].sum())
        count = reports - int(sums.samples_defined[PRF.index(measure)])
        return support, f"{rule} in {count} of {reports} reports" if count else "", False
    if column is not None or figure.average == "micro":
        flags = undefined(counts.pooled() if column is None else counts)
        is_zero_by_zero = bool(getattr(flags, measure)[column or 0])
        return support, rule * is_zero_by_zero, is_zero_by_zero
    listed = _listed(names, getattr(undefined(counts), measure))
    return support, f"{rule} for {listed}" if listed else "", False


def _listed(names: Sequence[str], where: BoolArray) -> str:
    return ", ".join(name for name, flag in zip(names, where, strict=True) if flag)


def _counts(sums: Sums, uncertain: str) -> BinaryCounts:
    """Counts of each observation, shape (..., k); of both classes together under "multiclass"."""
    class_of = CLASS_OF[uncertain]
    parts = [
        one_vs_rest(sums.confusion, [label for label in Label if class_of[label] == positive])
        for positive in range(1, max(class_of) + 1)
    ]
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]
