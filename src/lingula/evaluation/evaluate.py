"""Evaluate one or two labelers against one truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, SchemaError
from lingula.evaluation.figures import Figure, Sums, compute_figures
from lingula.evaluation.notes import (
    score_notes,
    task_notes,
    truth_notes,
    undefined_notes,
    zero_division_notes,
)
from lingula.evaluation.people import compare_readers
from lingula.evaluation.probabilities import (
    ColumnCurves,
    column_curves,
    probability_figures,
    resampled_probability_figures,
    score_curves,
)
from lingula.evaluation.resampling import Cells, cells_of, resampled_figures, total_sums
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.evaluation.settings import Settings
from lingula.labels import Labels
from lingula.metrics.bootstrap import (
    Difference,
    Interval,
    Units,
    paired_difference,
    percentile_intervals,
    units_of,
)
from lingula.metrics.chexbert import chexbert_weights
from lingula.metrics.counts import FloatArray
from lingula.metrics.uncertain import binarize, binary_columns, binary_counts_of, f1_bounds
from lingula.scores import Scores


@dataclass(frozen=True, eq=False)
class Candidate:
    """A labeler's (or a reader's) labels of the reports, or a model's scores.

    Attributes:
        name: To show.
        given: Labels or scores of n reports.
        probabilities: float32, shape (n, k, 4), NaN where unknown; those of the labels if None.
    """

    name: str
    given: Labels | Scores
    probabilities: npt.NDArray[np.float32] | None = None

    @property
    def labels(self) -> Labels:
        """The labels.

        Raises:
            InputError: If it has scores only.
        """
        if isinstance(self.given, Scores):
            raise InputError(f"{self.name}: holds scores, where labels are needed")
        return self.given


def evaluate(
    truth: Labels,
    candidates: Sequence[Candidate],
    settings: Settings | None = None,
    *,
    truth_name: str = "truth",
    patients: npt.ArrayLike | None = None,
    weights_from: Labels | None = None,
    readers: Sequence[Candidate] = (),
    voters: Sequence[Candidate] = (),
    notes: Sequence[str] = (),
    progress: Callable[[float, float], None] | None = None,
) -> Evaluation:
    """All figures of this field, with their uncertainty.

    Args:
        truth: Of n reports and k observations.
        candidates: One labeler, or two for a paired comparison (second minus first), of the same
            reports and schema.
        settings: Policies, zero-division rule, bootstrap; the defaults if not given.
        truth_name: To show.
        patients: Any ids, shape (n,): the bootstrap then draws patients, with all their reports.
        weights_from: Labels whose frequencies weight CheXbert's F1; the truth if not given. They
            stay fixed while reports are resampled.
        readers: People to place beside the first candidate's curves.
        voters: People whose majority is the truth, for the agreement of all readers.
        notes: Sentences to carry along.
        progress: Told during a bootstrap how much work is done, and how much there is.

    Raises:
        InputError: If there is no report, or not one or two candidates.
        SchemaError: If schemas or lengths differ.
    """
    settings = settings or Settings()
    _check(truth, [*candidates, *readers, *voters], len(candidates))
    schema, n = truth.schema, len(truth)
    units = units_of(n, patients)
    reference = truth if weights_from is None else weights_from
    if reference.schema.names != schema.names:
        raise SchemaError("the table of weights must have the observations that are evaluated")
    weights = chexbert_weights(reference.classes, schema.permits())
    cells = [
        None
        if isinstance(c.given, Scores)
        else cells_of(truth.classes, c.given.classes, schema, settings)
        for c in candidates
    ]
    curves = [_curves(truth, candidate, settings) for candidate in candidates]
    resampled = _resample(
        cells,
        curves,
        truth=truth,
        settings=settings,
        weights=weights,
        units=units,
        progress=progress,
    )
    results = [
        _result(
            candidate.name,
            own,
            curve,
            resampled=values,
            truth=truth,
            settings=settings,
            weights=weights,
        )
        for candidate, own, curve, values in zip(candidates, cells, curves, resampled, strict=True)
    ]
    columns = binary_columns(schema, settings.uncertain)
    names = tuple(column.name for column in columns)
    comparison = None
    people_notes: tuple[str, ...] = ()
    if readers:
        comparison, people_notes = compare_readers(
            binarize(truth.classes, columns),
            [(reader.name, reader.labels) for reader in readers],
            [(voter.name, voter.labels) for voter in voters],
            schema=schema,
            settings=settings,
            curves=curves[0],
        )
    return Evaluation(
        truth=truth_name,
        schema=schema,
        columns=names,
        n_reports=n,
        n_units=len(units),
        unit=units.noun,
        settings=settings,
        candidates=tuple(results),
        differences=_differences(results, resampled, settings),
        readers=comparison,
        notes=(
            *notes,
            *people_notes,
            *score_notes([(c.name, c.given) for c in candidates if isinstance(c.given, Scores)]),
            *_notes(results, cells, truth, settings),
        ),
        version=_version(),
    )


def _version() -> str:
    import lingula

    return lingula.__version__


def _check(truth: Labels, others: Sequence[Candidate], n_candidates: int) -> None:
    if n_candidates not in (1, 2):
        raise InputError(f"one labeler, or two for a comparison, can be evaluated: {n_candidates}")
    if not len(truth):
        raise InputError("there is no report to evaluate")
    for other in others:
        if other.given.schema.names != truth.schema.names:
            raise SchemaError(
                f"{other.name} and the truth have different observations; match them first"
            )
        if len(other.given) != len(truth):
            raise SchemaError(
                f"{other.name} has {len(other.given)} reports, the truth {len(truth)}"
            )


def _curves(truth: Labels, candidate: Candidate, settings: Settings) -> tuple[ColumnCurves, ...]:
    if isinstance(candidate.given, Scores):
        return score_curves(truth.classes, candidate.given, settings)
    probabilities = candidate.probabilities
    if probabilities is None:
        probabilities = candidate.labels.probabilities
    if probabilities is None:
        return ()
    return column_curves(truth.classes, probabilities, truth.schema, settings)


def _resample(
    cells: Sequence[Cells | None],
    curves: Sequence[tuple[ColumnCurves, ...]],
    *,
    truth: Labels,
    settings: Settings,
    weights: FloatArray,
    units: Units,
    progress: Callable[[float, float], None] | None,
) -> list[FloatArray | None]:
    """Figures of every resample, shape (R, f) a candidate, or None without bootstrap."""
    if not settings.bootstrap:
        return [None] * len(cells)
    labeled = [own for own in cells if own is not None]
    total = settings.bootstrap * (float(bool(labeled)) + sum(1 for own in curves if own))
    done = 0.0

    def tell(resamples: float) -> None:
        nonlocal done
        done += resamples
        if progress is not None:
            progress(done, total)

    def figures(sums: Sums) -> FloatArray:
        return compute_figures(sums, truth.schema, settings, weights)[1]

    from_counts: Iterator[FloatArray] = iter(())
    if labeled:
        from_counts = iter(
            resampled_figures(
                [(own, figures) for own in labeled],
                units,
                settings.bootstrap,
                settings.seed,
                progress=tell,
            )
        )
    out: list[FloatArray | None] = []
    for own, curve in zip(cells, curves, strict=True):
        parts = [] if own is None else [next(from_counts)]
        if curve:
            parts.append(resampled_probability_figures(curve, units, settings, tell))
        out.append(np.concatenate(parts, axis=1) if parts else None)
    return out


def _result(
    name: str,
    cells: Cells | None,
    curves: tuple[ColumnCurves, ...],
    *,
    resampled: FloatArray | None,
    truth: Labels,
    settings: Settings,
    weights: FloatArray,
) -> CandidateResult:
    figures: tuple[Figure, ...] = ()
    values = np.zeros(0)
    confusion = counts = bounds = None
    if cells is not None:
        sums = total_sums(cells)
        figures, values = compute_figures(sums, truth.schema, settings, weights)
        columns = binary_columns(truth.schema, settings.uncertain)
        confusion = sums.confusion
        counts = binary_counts_of(confusion, columns, settings.uncertain)
        if not settings.positive_only:
            bounds = f1_bounds(confusion, settings.zero_division)
    if curves:
        more, areas = probability_figures(curves)
        figures, values = (*figures, *more), np.concatenate([values, areas])
    intervals: tuple[Interval | None, ...] = (None,) * len(figures)
    if resampled is not None:
        found = percentile_intervals(resampled, settings.level)
        intervals = tuple(
            None if interval.undefined == settings.bootstrap else interval for interval in found
        )
    return CandidateResult(name, figures, values, intervals, confusion, counts, bounds, curves)


def _differences(
    results: Sequence[CandidateResult],
    resampled: Sequence[FloatArray | None],
    settings: Settings,
) -> tuple[tuple[Figure, Difference], ...]:
    if len(results) < 2 or resampled[0] is None or resampled[1] is None:
        return ()
    first, second = results
    place = {figure: position for position, figure in enumerate(second.figures)}
    out = []
    for position, figure in enumerate(first.figures):
        other = place.get(figure)
        if other is None:
            continue
        gap = resampled[1][:, other] - resampled[0][:, position]
        before, after = float(first.values[position]), float(second.values[other])
        out.append((figure, paired_difference(before, after, gap, settings.level)))
    return tuple(out)


def _notes(
    results: Sequence[CandidateResult],
    cells: Sequence[Cells | None],
    truth: Labels,
    settings: Settings,
) -> list[str]:
    columns = tuple(column.name for column in binary_columns(truth.schema, settings.uncertain))
    notes: list[str] = []
    for result, own in zip(results, cells, strict=True):
        if own is not None and result.counts is not None and result.confusion is not None:
            notes += truth_notes(result.confusion, truth.schema, settings)
            notes += zero_division_notes(
                result.name, result.counts, columns, settings, empty=own.empty
            )
            if not settings.positive_only:
                notes += task_notes(result.name, result.confusion, truth.schema, settings)
        notes += undefined_notes(result.name, result.figures, result.values)
    holes = {
        interval.undefined
        for result in results
        for interval in result.intervals
        if interval is not None and interval.undefined
    }
    if holes:
        notes.append(
            f"Some figures were undefined in up to {max(holes):,} of {settings.bootstrap:,} "
            "resamples, which their intervals leave out."
        )
    # A note that both labelers share is said once.
    return list(dict.fromkeys(notes))
