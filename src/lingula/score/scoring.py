"""Score two label tables under conventions, with bootstrap intervals: evaluation does the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, SchemaError
from lingula.evaluation.figures import Sums
from lingula.evaluation.resampling import resampled_figures, total_sums
from lingula.labels import Labels
from lingula.metrics.bootstrap import (
    Interval,
    percentile_interval,
    percentile_intervals,
    resample_sums,
    units_of,
)
from lingula.metrics.counts import FloatArray, IntArray
from lingula.score.conventions import PRF, Convention, Figure
from lingula.score.figures import compare, figure_values, ground_of
from lingula.score.labeling import check_lengths
from lingula.score.result import SIMILARITY, Bootstrap, Score

#: Class set, uncertain policy and zero-division rule: figures under the same three are computed
#: together.
Group = tuple[str, str, float]


def score_labels(
    references: Labels,
    generated: Labels,
    conventions: Sequence[Convention],
    *,
    similarity: npt.NDArray[np.float64] | None = None,
    bootstrap: Bootstrap | None = None,
) -> tuple[Score, ...]:
    """All figures of some conventions.

    Args:
        references: Labels of n references; the schema needs CheXpert's 14 observations.
        generated: Labels of the n generated reports, in the same order, same schema.
        conventions: See ``find_conventions``.
        similarity: CheXbert similarity of each pair, shape (n,); its mean comes last.
        bootstrap: Resample reports for intervals; none if not given.

    Raises:
        InputError: If the two differ in length, or are empty.
        SchemaError: If the schemas differ, or lack one of the 14 observations.
    """
    check_lengths(references.classes, generated.classes)
    if references.schema.names != generated.schema.names:
        raise SchemaError("references and generated reports are labeled under different schemas")
    if similarity is not None and len(similarity) != len(references):
        raise InputError(f"{len(similarity)} similarities for {len(references)} pairs of reports")
    groups = groups_of(conventions)
    cells = {group: compare(references, generated, *group[:2]) for group in groups}
    compute = computes_of(groups)
    intervals: dict[Group, list[Interval]] = {}
    if bootstrap is not None:
        resampled = resampled_figures(
            [(cells[group], compute[group]) for group in groups],
            units_of(len(references)),
            bootstrap.resamples,
            bootstrap.seed,
        )
        for group, table in zip(groups, resampled, strict=True):
            intervals[group] = percentile_intervals(table, bootstrap.confidence)
    found: dict[tuple[Group, Figure], Score] = {}
    for group, figures in groups.items():
        sums = total_sums(cells[group])
        values = compute[group](sums)
        for place, figure in enumerate(figures):
            score = _score(figure, float(values[place]), sums, group[2])
            if bootstrap is not None:
                score = _with_interval(score, intervals[group][place])
            found[group, figure] = score
    scores = [
        replace(
            found[group_of(convention, figure), replace(figure, source_key="")],
            convention=convention.name,
            figure=figure,
        )
        for convention in conventions
        for figure in convention.figures()
    ]
    if similarity is not None:
        scores.append(_mean_similarity(similarity, bootstrap))
    return tuple(scores)


def groups_of(conventions: Sequence[Convention]) -> dict[Group, dict[Figure, None]]:
    """The figures of some conventions, each once, by what they are computed with."""
    groups: dict[Group, dict[Figure, None]] = {}
    for convention in conventions:
        for figure in convention.figures():
            members = groups.setdefault(group_of(convention, figure), {})
            members[replace(figure, source_key="")] = None
    return groups


def computes_of(
    groups: Mapping[Group, Mapping[Figure, None]],
) -> dict[Group, Callable[[Sums], FloatArray]]:
    """For each group of f figures what makes values, shape (..., f), of sums over reports."""
    return {
        group: partial(figure_values, figures=tuple(figures), zero_division=group[2])
        for group, figures in groups.items()
    }


def _score(figure: Figure, value: float, sums: Sums, zero_division: float) -> Score:
    support, note, is_zero_by_zero = ground_of(sums, figure, zero_division)
    rule = zero_division if figure.measure in PRF else None
    return Score("", figure, value, rule, support, note=note, is_zero_by_zero=is_zero_by_zero)


def group_of(convention: Convention, figure: Figure) -> Group:
    """What a figure is computed with."""
    return figure.class_set, figure.uncertain, convention.zero_division


def _with_interval(score: Score, interval: Interval) -> Score:
    if np.isnan(score.value):
        return score
    notes = [score.note] if score.note else []
    if interval.undefined:
        notes.append(f"undefined in {interval.undefined} resamples, left out")
    return replace(score, lower=interval.low, upper=interval.high, note="; ".join(notes))


def _mean_similarity(similarity: npt.NDArray[np.float64], bootstrap: Bootstrap | None) -> Score:
    figure = Figure("similarity", "example-based", "", "")
    score = Score(SIMILARITY, figure, float(similarity.mean()), None)
    if bootstrap is None:
        return score

    return _with_interval(
        score, percentile_interval(resampled_mean(similarity, bootstrap), bootstrap.confidence)
    )


def resampled_mean(values: npt.NDArray[np.float64], bootstrap: Bootstrap) -> FloatArray:
    """Mean of n reports' values, shape (n,), in each resample: float64, shape (R,)."""

    def features(rows: IntArray) -> tuple[npt.NDArray[np.float32], FloatArray]:
        return np.empty((len(rows), 0), np.float32), values[rows][:, None]

    _, sums = resample_sums(features, units_of(len(values)), bootstrap.resamples, bootstrap.seed)
    mean: FloatArray = sums[:, 0] / len(values)
    return mean
