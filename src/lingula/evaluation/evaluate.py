"""Evaluate one or two labelers against one truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import lingula
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
    patients: npt.ArrayLike | None = None,
    weights_from: Labels | None = None,
    readers: Sequence[Candidate] = (),
    voters: Sequence[Candidate] = (),
    progress: Callable[[float, float], None] | None = None,
) -> Evaluation:
    """All figures of this field, with their uncertainty.

    Args:
        truth: Of n reports and k observations.
        candidates: One labeler, or two for a paired comparison (second minus first), of the same
            reports and schema.
        settings: Policies, zero-division rule, bootstrap; the defaults if not given.
        patients: Any ids, shape (n,): the bootstrap then draws patients, with all their reports.
        weights_from: Labels whose frequencies weight CheXbert's F1; the truth if not given. They
            stay fixed while reports are resampled.
        readers: People to place beside the first candidate's curves.
        voters: People whose majority is the truth, for the agreement of all readers.
        progress: Told during a bootstrap how much work is done, and how much there is.

    Raises:
        InputError: If there is no report, or not one or two candidates.
        SchemaError: If schemas or lengths differ.
    """
    settings = settings or Settings()
    _check(truth, [*candidates, *readers, *voters], len(candidates))
    reference = truth if weights_from is None else weights_from
    if reference.schema.names != truth.schema.names:
        raise SchemaError("the table of weights must have the observations that are evaluated")
    weights = chexbert_weights(reference.classes, truth.schema.permits())
    question = _Question(truth, settings, weights, units_of(len(truth), patients))
    cells = [question.cells(candidate) for candidate in candidates]
    curves = [question.curves(candidate) for candidate in candidates]
    resampled = _resample(question, cells, curves, progress)
    results = [
        _result(question, candidate.name, own, curve, values)
        for candidate, own, curve, values in zip(candidates, cells, curves, resampled, strict=True)
    ]
    columns = binary_columns(truth.schema, settings.uncertain)
    comparison = None
    people_notes: tuple[str, ...] = ()
    if readers:
        comparison, people_notes = compare_readers(
            binarize(truth.classes, columns),
            [(reader.name, reader.labels) for reader in readers],
            [(voter.name, voter.labels) for voter in voters],
            schema=truth.schema,
            settings=settings,
            curves=curves[0],
        )
    scored = [(c.name, c.given) for c in candidates if isinstance(c.given, Scores)]
    return Evaluation(
        truth="truth",
        schema=truth.schema,
        columns=tuple(column.name for column in columns),
        n_reports=len(truth),
        n_units=len(question.units),
        unit=question.units.noun,
        settings=settings,
        candidates=tuple(results),
        differences=_differences(results, resampled, settings),
        readers=comparison,
        notes=(*people_notes, *score_notes(scored), *_notes(question, results, cells)),
        version=lingula.__version__,
    )


@dataclass(frozen=True, eq=False)
class _Question:
    """What every candidate is held against, and how."""

    truth: Labels
    settings: Settings
    weights: FloatArray
    units: Units

    def figures(self, sums: Sums) -> tuple[tuple[Figure, ...], FloatArray]:
        return compute_figures(sums, self.truth.schema, self.settings, self.weights)

    def cells(self, candidate: Candidate) -> Cells | None:
        if isinstance(candidate.given, Scores):
            return None
        classes = candidate.given.classes
        return cells_of(self.truth.classes, classes, self.truth.schema, self.settings)

    def curves(self, candidate: Candidate) -> tuple[ColumnCurves, ...]:
        truth, given, chances = self.truth, candidate.given, candidate.probabilities
        if isinstance(given, Scores):
            return score_curves(truth.classes, given, self.settings)
        chances = given.probabilities if chances is None else chances
        if chances is None:
            return ()
        return column_curves(truth.classes, chances, truth.schema, self.settings)


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


def _resample(
    question: _Question,
    cells: Sequence[Cells | None],
    curves: Sequence[tuple[ColumnCurves, ...]],
    progress: Callable[[float, float], None] | None,
) -> list[FloatArray | None]:
    """Figures of every resample, shape (R, f) a candidate, or None without bootstrap."""
    settings, units = question.settings, question.units
    if not settings.bootstrap:
        return [None] * len(cells)
    labeled = [(own, lambda sums: question.figures(sums)[1]) for own in cells if own is not None]
    total = settings.bootstrap * (float(bool(labeled)) + sum(1 for own in curves if own))
    done = 0.0

    def tell(resamples: float) -> None:
        nonlocal done
        done += resamples
        if progress is not None:
            progress(done, total)

    from_counts: Iterator[FloatArray] = iter(())
    if labeled:
        from_counts = iter(
            resampled_figures(labeled, units, settings.bootstrap, settings.seed, progress=tell)
        )
    out: list[FloatArray | None] = []
    for own, curve in zip(cells, curves, strict=True):
        parts = [] if own is None else [next(from_counts)]
        if curve:
            parts.append(resampled_probability_figures(curve, units, settings, tell))
        out.append(np.concatenate(parts, axis=1) if parts else None)
    return out


def _result(
    question: _Question,
    name: str,
    cells: Cells | None,
    curves: tuple[ColumnCurves, ...],
    resampled: FloatArray | None,
) -> CandidateResult:
    settings = question.settings
    figures: tuple[Figure, ...] = ()
    values = np.zeros(0)
    confusion = counts = bounds = None
    if cells is not None:
        sums = total_sums(cells)
        figures, values = question.figures(sums)
        columns = binary_columns(question.truth.schema, settings.uncertain)
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
        if figure in place:
            other = place[figure]
            gap = resampled[1][:, other] - resampled[0][:, position]
            before, after = float(first.values[position]), float(second.values[other])
            out.append((figure, paired_difference(before, after, gap, settings.level)))
    return tuple(out)


def _notes(
    question: _Question, results: Sequence[CandidateResult], cells: Sequence[Cells | None]
) -> list[str]:
    schema, settings = question.truth.schema, question.settings
    columns = tuple(column.name for column in binary_columns(schema, settings.uncertain))
    notes: list[str] = []
    for result, own in zip(results, cells, strict=True):
        if own is not None and result.counts is not None and result.confusion is not None:
            notes += truth_notes(result.confusion, schema, settings)
            notes += zero_division_notes(
                result.name, result.counts, columns, settings, empty=own.empty
            )
            if not settings.positive_only:
                notes += task_notes(result.name, result.confusion, schema, settings)
        notes += undefined_notes(result.name, result.figures, result.values)
    intervals = (interval for result in results for interval in result.intervals)
    holes = max((interval.undefined for interval in intervals if interval is not None), default=0)
    if holes:
        notes.append(
            f"Some figures were undefined in up to {holes:,} of {settings.bootstrap:,} "
            "resamples, which their intervals leave out."
        )
    # A note that both labelers share is said once.
    return list(dict.fromkeys(notes))
