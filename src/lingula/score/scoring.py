"""Score two label tables under conventions, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, SchemaError
from lingula.labels import Labels
from lingula.metrics.bootstrap import percentile_interval, resample_weights, units_of
from lingula.metrics.counts import FloatArray
from lingula.metrics.f1 import undefined
from lingula.score.conventions import CLASS_SETS, Convention, Figure
from lingula.score.figures import ReportTables, Sums
from lingula.score.labeling import check_lengths
from lingula.score.result import SIMILARITY, Bootstrap, Score

#: Figures that conventions share are computed once: all of a figure but its name elsewhere.
_Key = tuple[Figure, float]
_TableKey = tuple[str, str, float]


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
    tables: dict[_TableKey, ReportTables] = {}
    for convention in conventions:
        for figure in convention.figures():
            key = _table_key(figure, convention)
            if key not in tables:
                tables[key] = ReportTables.build(references, generated, *key)
    sums = {key: table.sums() for key, table in tables.items()}
    scores = [
        Score(
            convention.name,
            figure,
            float(sums[key].value(figure, convention.zero_division)),
            convention.zero_division if figure.measure in ("precision", "recall", "f1") else None,
            sums[key].support(figure),
            note=_note(figure, sums[key], tables[key], convention.zero_division),
            is_zero_by_zero=_is_zero_by_zero(figure, sums[key]),
        )
        for convention in conventions
        for figure in convention.figures()
        for key in (_table_key(figure, convention),)
    ]
    if similarity is not None:
        figure = Figure("similarity", "example-based", "", "")
        scores.append(Score(SIMILARITY, figure, float(similarity.mean()), None))
    if bootstrap is None:
        return tuple(scores)
    return _with_intervals(scores, conventions, tables, similarity, bootstrap)


def _with_intervals(
    scores: list[Score],
    conventions: Sequence[Convention],
    tables: dict[_TableKey, ReportTables],
    similarity: npt.NDArray[np.float64] | None,
    bootstrap: Bootstrap,
) -> tuple[Score, ...]:
    zero_division = {convention.name: convention.zero_division for convention in conventions}
    by_name = {convention.name: convention for convention in conventions}
    n = len(similarity) if similarity is not None else len(next(iter(tables.values())).equal)
    resampled: dict[_Key, list[FloatArray]] = {}
    for block in resample_weights(units_of(n), bootstrap.resamples, bootstrap.seed):
        weights = block.astype(np.float64)
        sums = {key: table.sums(weights) for key, table in tables.items()}
        done: set[_Key] = set()
        for score in scores:
            key = _key(score, zero_division)
            if key in done:
                continue
            done.add(key)
            if similarity is not None and score.convention == SIMILARITY:
                values: FloatArray = weights @ similarity / n
            else:
                convention = by_name[score.convention]
                table = sums[_table_key(score.figure, convention)]
                values = table.value(score.figure, convention.zero_division)
            resampled.setdefault(key, []).append(values)
    intervals = {
        key: percentile_interval(np.concatenate(parts), bootstrap.confidence)
        for key, parts in resampled.items()
    }
    found = []
    for score in scores:
        interval = intervals[_key(score, zero_division)]
        note = score.note
        if interval.undefined and not np.isnan(score.value):
            note = "; ".join(
                filter(None, [note, f"undefined in {interval.undefined} resamples, left out"])
            )
        known = not np.isnan(score.value)
        found.append(
            replace(
                score,
                lower=interval.low if known else None,
                upper=interval.high if known else None,
                note=note,
            )
        )
    return tuple(found)


def _table_key(figure: Figure, convention: Convention) -> _TableKey:
    return (figure.class_set, figure.uncertain, convention.zero_division)


def _key(score: Score, zero_division: dict[str, float]) -> _Key:
    return replace(score.figure, source_key=""), zero_division.get(score.convention, 0.0)


def _is_zero_by_zero(figure: Figure, sums: Sums) -> bool:
    if figure.measure not in ("precision", "recall", "f1"):
        return False
    if figure.average == "micro":
        return bool(getattr(undefined(sums.counts.pooled()), figure.measure)[0])
    if figure.observation:
        column = CLASS_SETS[figure.class_set].index(figure.observation)
        return bool(getattr(undefined(sums.counts), figure.measure)[column])
    return False


def _note(figure: Figure, sums: Sums, tables: ReportTables, zero_division: float) -> str:
    """States every 0/0 and every undefined value behind a figure."""
    names = CLASS_SETS[figure.class_set]
    if figure.measure == "auroc":
        one_class = (sums.counts.support == 0) | (sums.counts.support == sums.counts.total)
        affected = [name for name, bad in zip(names, one_class, strict=True) if bad]
        if figure.observation:
            return "one class only in the references" * (figure.observation in affected)
        if not affected:
            return ""
        return f"undefined for {', '.join(affected)} (one class only in the references)"
    if figure.measure not in ("precision", "recall", "f1"):
        return ""
    value = f"{zero_division:g}"
    if figure.average == "example-based":
        empty = {
            "precision": tables.predicted.sum(axis=1),
            "recall": tables.true.sum(axis=1),
            "f1": (tables.predicted + tables.true).sum(axis=1),
        }[figure.measure]
        count = int((empty == 0).sum())
        return f"0/0 counts as {value} in {count} of {len(empty)} reports" if count else ""
    if figure.observation or figure.average == "micro":
        return f"0/0 counts as {value}" if _is_zero_by_zero(figure, sums) else ""
    bad = getattr(undefined(sums.counts), figure.measure)
    affected = [name for name, is_bad in zip(names, bad, strict=True) if is_bad]
    return f"0/0 counts as {value} for {', '.join(affected)}" if affected else ""
