"""An evaluation as a document: tables of figures with intervals and, for a page, drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lingula.documents import (
    Cell,
    Document,
    Estimate,
    Kind,
    Note,
    Notes,
    Section,
    Table,
    show,
)
from lingula.evaluation.drawings import confusion, curves, headline_bars
from lingula.evaluation.figures import AVERAGES, BINARY, LABELS, PROBABILITY, Figure
from lingula.evaluation.people import ReaderComparison
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.metrics.counts import BinaryCounts, CountArray, FloatArray
from lingula.metrics.uncertain import F1Bounds

#: Heading, group and metric of each column of figures.
Headings = tuple[tuple[str, str, str], ...]
#: A column of a table: its heading, what it holds, and its cells.
Values = tuple[str, Kind, Sequence[Cell]]
_BINARY: Headings = tuple((m.title(), BINARY, m) for m in ("f1", "precision", "recall"))
_LABELS: Headings = (
    *(
        (f"{task.capitalize()} F1", task, "f1")
        for task in ("mention", "negation", "uncertainty", "positive", "blank")
    ),
    ("Weighted F1", LABELS, "chexbert weighted f1"),
    *((metric.capitalize(), LABELS, metric) for metric in ("kappa", "matthews", "accuracy")),
)
_PROBABILITY: Headings = (
    ("AUROC", PROBABILITY, "auroc"),
    *(
        (m.capitalize(), PROBABILITY, m)
        for m in ("average precision", "brier", "calibration error")
    ),
)


def to_document(evaluation: Evaluation, *, drawings: bool = True) -> Document:
    """Everything that an evaluation found, in the order in which it is shown.

    Args:
        evaluation: What was found.
        drawings: Whether drawings come too: a page shows them, a paper wants the tables only.
    """
    results = evaluation.candidates
    labeled = [result for result in results if result.counts is not None]
    four = [] if evaluation.settings.positive_only else labeled
    sections = headline_bars(evaluation) if drawings else []
    sections += [_positive(evaluation, r, r.counts) for r in labeled if r.counts is not None]
    if len(results) == 2:
        sections.append(_differences(evaluation))
    for result in results:
        if result in four:
            sections.append(_four_labels(evaluation, result))
        if result.bounds is not None and result.bounds.uncertain_cells.any():
            sections.append(_bounds(evaluation, result, result.bounds))
        if result.curves:
            sections.append(_probabilities(evaluation, result))
    if evaluation.readers is not None:
        sections += _readers(evaluation, evaluation.readers)
    if drawings:
        sections += [confusion(evaluation, result) for result in four]
        if any(result.curves for result in results):
            sections += curves(evaluation)
    if evaluation.notes:
        sections.append(Section("Notes", (Notes(tuple(map(Note, evaluation.notes))),)))
    title = f"Evaluation against {evaluation.truth}"
    return Document(title, tuple(sections), summary=evaluation.convention)


def _section(
    title: str,
    note: str,
    names: tuple[str, Sequence[str]],
    columns: Sequence[Values],
    *,
    averages: int = 0,
    terse: bool = False,
) -> Section:
    """A table that is a section of its own: names of the rows under their heading, and columns."""
    every: list[Values] = [(names[0], Kind.TEXT, names[1]), *columns]
    keyed = ((heading.casefold(), heading, kind, cells) for heading, kind, cells in every)
    table = replace(Table.of(title, "", *keyed, note=note), averages=averages, terse=terse)
    return Section(title, (table,))


def _figures(
    result: CandidateResult, headings: Headings, names: Sequence[str], averages: Sequence[str]
) -> list[Values]:
    """Figures of observations and averages; None where the labeler has no such figure."""
    found = result.estimates()
    return [
        (
            heading,
            Kind.FIGURE,
            [found.get(Figure(group, metric, observation=name)) for name in names]
            + [found.get(Figure(group, metric, average=name)) for name in averages],
        )
        for heading, group, metric in headings
    ]


def _with_averages(names: Sequence[str], averages: Sequence[str]) -> tuple[str, list[str]]:
    return "Observation", [*names, *(f"{name} average" for name in averages)]


def _estimates(values: FloatArray) -> list[Estimate]:
    return [Estimate(value) for value in values.tolist()]


def _positive(evaluation: Evaluation, result: CandidateResult, counts: BinaryCounts) -> Section:
    def each_and_all(values: CountArray) -> list[int]:
        return [*values.tolist(), *[int(values.sum())] * len(AVERAGES)]

    exact = result.estimates()[Figure(BINARY, "exact match", average="reports")]
    return _section(
        f"Positive against the rest: {result.name}",
        f"Uncertain: {evaluation.settings.uncertain.meaning}; blank and negative are not positive; "
        f"0/0 is {evaluation.settings.zero_division_text}. "
        f"Reports right in every counted cell: {show(exact)}.",
        _with_averages(evaluation.columns, AVERAGES),
        [
            *_figures(result, _BINARY, evaluation.columns, AVERAGES),
            ("True", Kind.COUNT, each_and_all(counts.support)),
            ("Predicted", Kind.COUNT, each_and_all(counts.predicted)),
        ],
        averages=len(AVERAGES),
    )


def _four_labels(evaluation: Evaluation, result: CandidateResult) -> Section:
    averages = ("macro", "micro")
    return _section(
        f"Four labels: {result.name}",
        "F1 of each task against the rest; CheXbert's weighted F1; Cohen's kappa, Matthews "
        "correlation and accuracy over blank, positive, negative and uncertain. Means leave out "
        "undefined figures; the notes say which.",
        _with_averages(evaluation.schema.names, averages),
        _figures(result, _LABELS, evaluation.schema.names, averages),
        averages=len(averages),
        terse=True,
    )


def _bounds(evaluation: Evaluation, result: CandidateResult, bounds: F1Bounds) -> Section:
    return _section(
        f"Bounds of F1 over uncertain labels: {result.name}",
        "F1 of positive if every cell that is uncertain in truth or prediction is resolved wrong "
        "(lower) or right (upper).",
        ("Observation", evaluation.schema.names),
        [
            ("Uncertain cells", Kind.COUNT, bounds.uncertain_cells.tolist()),
            ("Lower F1", Kind.FIGURE, _estimates(bounds.lower)),
            ("Upper F1", Kind.FIGURE, _estimates(bounds.upper)),
        ],
    )


def _probabilities(evaluation: Evaluation, result: CandidateResult) -> Section:
    calibrated = all(curve.reliability is not None for curve in result.curves)
    names = [curve.name for curve in result.curves]
    headings = _PROBABILITY if calibrated else _PROBABILITY[:2]
    return _section(
        f"{'Probabilities' if calibrated else 'Scores'}: {result.name}",
        f"Calibration error over {evaluation.settings.bins} bins of equal width."
        if calibrated
        else "Scores that are no probabilities have no calibration.",
        _with_averages(names, ("macro",)),
        [
            ("Reports", Kind.COUNT, [*(len(curve.truth) for curve in result.curves), ""]),
            *_figures(result, headings, names, ("macro",)),
        ],
        averages=1,
    )


def _differences(evaluation: Evaluation) -> Section:
    """Second minus first labeler: F1 of each column, and the averages; AUROC without labels."""
    first, second = (result.estimates() for result in evaluation.candidates)
    names = [result.name for result in evaluation.candidates]
    gaps = dict(evaluation.differences)
    labeled = all(result.counts is not None for result in evaluation.candidates)
    group, metric, word = (BINARY, "f1", "F1") if labeled else (PROBABILITY, "auroc", "AUROC")
    wanted = {name: Figure(group, metric, observation=name) for name in evaluation.columns}
    wanted |= {f"{word}, {name} average": Figure(group, metric, average=name) for name in AVERAGES}
    for title, other in (("CheXbert weighted F1", "chexbert weighted f1"), ("Kappa", "kappa")):
        wanted[f"{title}, mean"] = Figure(LABELS, other, average="macro")
    wanted = {name: each for name, each in wanted.items() if each in first and each in second}

    def change(figure: Figure) -> Estimate:
        value = second[figure].value - first[figure].value
        interval = gaps[figure].interval if figure in gaps else None
        return Estimate(value, *((interval.low, interval.high) if interval else ()))

    figures = list(wanted.values())
    missing = "" if gaps else " Intervals and p values need --bootstrap."
    return _section(
        f"Difference: {names[1]} minus {names[0]}",
        f"{'F1 of positive' if labeled else word}, on the same resamples; two-sided p values, not "
        f"corrected for the number of rows.{missing}",
        ("Figure", list(wanted)),
        [
            (names[0], Kind.FIGURE, [Estimate(first[figure].value) for figure in figures]),
            (names[1], Kind.FIGURE, [Estimate(second[figure].value) for figure in figures]),
            ("Difference", Kind.FIGURE, [change(figure) for figure in figures]),
            ("p", Kind.P_VALUE, [gaps[f].p_value if f in gaps else None for f in figures]),
        ],
        averages=sum(figure.observation is None for figure in figures),
    )


def _readers(evaluation: Evaluation, readers: ReaderComparison) -> list[Section]:
    """Readers' operating points, those below the curves, and the agreement of readers."""
    columns, placed = evaluation.columns, readers.placed
    rates = {
        "Sensitivity": [reader.point.sensitivity for reader in placed],
        "Specificity": [reader.point.specificity for reader in placed],
        "Precision": [reader.point.precision for reader in placed],
    }
    sections = [
        _section(
            "Readers",
            "Each reader against the truth.",
            ("Observation", [column for column in columns for _ in placed]),
            [
                ("Reader", Kind.TEXT, [reader.name for reader in placed] * len(columns)),
                # One row a reader and column, the readers of a column together.
                *((name, Kind.FIGURE, _estimates(np.ravel(v, "F"))) for name, v in rates.items()),
            ],
        )
    ]
    if evaluation.candidates[0].curves:
        sections.append(_below(evaluation, readers))
    agreement = (
        ("Cohen's kappa, mean over pairs", readers.cohen),
        ("Fleiss' kappa", readers.fleiss),
        ("Krippendorff's alpha", readers.krippendorff),
    )
    known = [(name, Kind.FIGURE, _estimates(v)) for name, v in agreement if v is not None]
    if known:
        note = f"Among {', '.join(readers.raters)}, positive against the rest."
        sections.append(_section("Agreement of readers", note, ("Observation", columns), known))
    return sections


def _below(evaluation: Evaluation, readers: ReaderComparison) -> Section:
    def counts(flags: Sequence[tuple[bool | None, ...]], mean: float) -> list[str | None]:
        each: list[str | None] = []
        for column in zip(*flags, strict=True):
            known = [flag for flag in column if flag is not None]
            each.append(f"{sum(known)} of {len(known)}" if known else None)
        return [*each, None if np.isnan(mean) else f"{mean:.1f}"]

    def words(flags: tuple[bool | None, ...]) -> list[str | None]:
        return [*(None if flag is None else "yes" if flag else "no" for flag in flags), ""]

    roc = [reader.below_roc for reader in readers.readers]
    other = [reader.below_precision_recall for reader in readers.readers]
    columns: list[Values] = [
        ("Below ROC", Kind.FIGURE, counts(roc, readers.mean_below_roc)),
        (
            "Below precision-recall",
            Kind.FIGURE,
            counts(other, readers.mean_below_precision_recall),
        ),
    ]
    if readers.majority is not None:
        whole = readers.majority
        columns.append(("Majority below ROC", Kind.FIGURE, words(whole.below_roc)))
        flags = words(whole.below_precision_recall)
        columns.append(("Majority below precision-recall", Kind.FIGURE, flags))
    return _section(
        f"Readers below the curves of {evaluation.candidates[0].name}",
        "How many readers lie strictly below, of those with a point in the plane; straight lines "
        "between ROC points, Davis and Goadrich's between precision-recall points.",
        ("Observation", [*evaluation.columns, "mean number below"]),
        columns,
        averages=1,
    )
