"""An evaluation as a document: tables of figures with intervals and, for a page, drawings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingula.documents import (
    Bars,
    Cell,
    Column,
    Document,
    Estimate,
    Kind,
    Note,
    Notes,
    Section,
    Table,
    show,
)
from lingula.evaluation.drawings import confusion, curves
from lingula.evaluation.figures import BINARY, LABELS, PROBABILITY, Figure
from lingula.evaluation.people import ReaderComparison
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.metrics.counts import FloatArray

AVERAGES = ("micro", "macro", "weighted", "samples")
#: Heading, group and metric of each column of figures.
Headings = tuple[tuple[str, str, str], ...]
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
    sections = [_f1_bars(evaluation, labeled)] if drawings and labeled else []
    sections += [_positive(evaluation, result) for result in labeled]
    if len(results) == 2:
        sections.append(_differences(evaluation))
    for result in results:
        if result in four:
            sections.append(_four_labels(evaluation, result))
        if result.bounds is not None and result.bounds.uncertain_cells.any():
            sections.append(_bounds(evaluation, result))
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


def estimates(result: CandidateResult) -> dict[Figure, Estimate]:
    """A labeler's figures with their intervals, ready to be shown."""
    return {
        figure: Estimate(float(value))
        if interval is None
        else Estimate(float(value), interval.low, interval.high)
        for figure, value, interval in zip(
            result.figures, result.values, result.intervals, strict=True
        )
    }


def _section(
    title: str,
    note: str,
    columns: Sequence[str | tuple[str, Kind]],
    rows: Sequence[Sequence[Cell]],
    *,
    averages: int = 0,
    terse: bool = False,
) -> Section:
    """A table that is a section of its own; headings without a kind are of figures."""
    first, *rest = columns
    kinds = [(str(first), Kind.TEXT)]
    kinds += [(item, Kind.FIGURE) if isinstance(item, str) else item for item in rest]
    table = Table(
        title,
        "",
        tuple(Column(name.casefold(), name, kind) for name, kind in kinds),
        tuple(map(tuple, rows)),
        note,
        averages=averages,
        terse=terse,
    )
    return Section(title, (table,))


def _rows(
    result: CandidateResult, headings: Headings, names: Sequence[str], averages: Sequence[str]
) -> list[list[Cell]]:
    """One row an observation and an average; None where the labeler has no such figure."""
    found = estimates(result)
    rows: list[list[Cell]] = []
    for name in names:
        cells = [found.get(Figure(group, m, observation=name)) for _, group, m in headings]
        rows.append([name, *cells])
    for name in averages:
        cells = [found.get(Figure(group, m, average=name)) for _, group, m in headings]
        rows.append([f"{name} average", *cells])
    return rows


def _positive(evaluation: Evaluation, result: CandidateResult) -> Section:
    rows = _rows(result, _BINARY, evaluation.columns, AVERAGES)
    if result.counts is None:
        raise ValueError("there are no counts without labels")
    support, predicted = result.counts.support, result.counts.predicted
    for row, true, guess in zip(rows, support, predicted, strict=False):
        row += [int(true), int(guess)]
    for row in rows[len(evaluation.columns) :]:
        row += [int(support.sum()), int(predicted.sum())]
    exact = estimates(result)[Figure(BINARY, "exact match", average="reports")]
    return _section(
        f"Positive against the rest: {result.name}",
        f"Uncertain: {evaluation.settings.uncertain.meaning}; blank and negative are not positive; "
        f"0/0 is {evaluation.settings.zero_division_text}. "
        f"Reports right in every counted cell: {show(exact)}.",
        ["Observation", *(h[0] for h in _BINARY), ("True", Kind.COUNT), ("Predicted", Kind.COUNT)],
        rows,
        averages=len(AVERAGES),
    )


def _four_labels(evaluation: Evaluation, result: CandidateResult) -> Section:
    return _section(
        f"Four labels: {result.name}",
        "F1 of each task against the rest; CheXbert's weighted F1; Cohen's kappa, Matthews "
        "correlation and accuracy over blank, positive, negative and uncertain. Means leave out "
        "undefined figures; the notes say which.",
        ["Observation", *(heading for heading, _, _ in _LABELS)],
        _rows(result, _LABELS, evaluation.schema.names, ("macro", "micro")),
        averages=2,
        terse=True,
    )


def _bounds(evaluation: Evaluation, result: CandidateResult) -> Section:
    bounds = result.bounds
    if bounds is None:
        raise ValueError("there are no bounds without uncertain labels")
    return _section(
        f"Bounds of F1 over uncertain labels: {result.name}",
        "F1 of positive if every cell that is uncertain in truth or prediction is resolved wrong "
        "(lower) or right (upper).",
        ["Observation", ("Uncertain cells", Kind.COUNT), "Lower F1", "Upper F1"],
        [
            [name, int(count), Estimate(float(lower)), Estimate(float(upper))]
            for name, count, lower, upper in zip(
                evaluation.schema.names,
                bounds.uncertain_cells,
                bounds.lower,
                bounds.upper,
                strict=True,
            )
        ],
    )


def _probabilities(evaluation: Evaluation, result: CandidateResult) -> Section:
    calibrated = all(curve.reliability is not None for curve in result.curves)
    headings = _PROBABILITY if calibrated else _PROBABILITY[:2]
    rows = _rows(result, headings, [curve.name for curve in result.curves], ("macro",))
    for row, curve in zip(rows, result.curves, strict=False):
        row.insert(1, len(curve.truth))
    rows[-1].insert(1, "")
    return _section(
        f"{'Probabilities' if calibrated else 'Scores'}: {result.name}",
        f"Calibration error over {evaluation.settings.bins} bins of equal width."
        if calibrated
        else "Scores that are no probabilities have no calibration.",
        ["Observation", ("Reports", Kind.COUNT), *(heading for heading, _, _ in headings)],
        rows,
        averages=1,
    )


def _differences(evaluation: Evaluation) -> Section:
    """Second minus first labeler: F1 of each column, and the averages; AUROC without labels."""
    first, second = (estimates(result) for result in evaluation.candidates)
    names = [result.name for result in evaluation.candidates]
    gaps = dict(evaluation.differences)
    labeled = all(result.counts is not None for result in evaluation.candidates)
    group, metric = (BINARY, "f1") if labeled else (PROBABILITY, "auroc")
    word = "F1" if labeled else "AUROC"
    wanted = [(name, Figure(group, metric, observation=name)) for name in evaluation.columns]
    wanted += [
        (f"{word}, {name} average", Figure(group, metric, average=name)) for name in AVERAGES
    ]
    for title, metric in (("CheXbert weighted F1", "chexbert weighted f1"), ("Kappa", "kappa")):
        wanted.append((f"{title}, mean", Figure(LABELS, metric, average="macro")))
    wanted = [(name, figure) for name, figure in wanted if figure in first and figure in second]
    rows: list[list[Cell]] = []
    for name, figure in wanted:
        before, after = first[figure].value, second[figure].value
        change, p_value = Estimate(after - before), None
        if figure in gaps:
            gap = gaps[figure]
            change = Estimate(after - before, gap.interval.low, gap.interval.high)
            p_value = gap.p_value
        rows.append([name, Estimate(before), Estimate(after), change, p_value])
    missing = "" if evaluation.differences else " Intervals and p values need --bootstrap."
    return _section(
        f"Difference: {names[1]} minus {names[0]}",
        f"{'F1 of positive' if labeled else word}, on the same resamples; two-sided p values, not "
        f"corrected for the number of rows.{missing}",
        ["Figure", *names, "Difference", ("p", Kind.P_VALUE)],
        rows,
        averages=sum(figure.observation is None for _, figure in wanted),
    )


def _f1_bars(evaluation: Evaluation, labeled: Sequence[CandidateResult]) -> Section:
    found = [estimates(result) for result in labeled]
    figures = {name: Figure(BINARY, "f1", observation=name) for name in evaluation.columns}
    figures |= {f"{name} average": Figure(BINARY, "f1", average=name) for name in AVERAGES}
    bars = Bars(
        "f1",
        "",
        tuple(result.name for result in labeled),
        tuple(
            (title, tuple(each.get(figure) for each in found)) for title, figure in figures.items()
        ),
        note="Positive against the rest. "
        + ("Lines are intervals." if evaluation.settings.bootstrap else "No intervals were asked."),
    )
    return Section("F1", (bars,))


def _readers(evaluation: Evaluation, readers: ReaderComparison) -> list[Section]:
    """Readers' operating points, those below the curves, and the agreement of readers."""

    def figure(values: FloatArray, position: int) -> Estimate:
        return Estimate(float(values[position]))

    columns = list(enumerate(evaluation.columns))
    points: list[list[Cell]] = []
    for at, column in columns:
        for reader in readers.placed:
            rates = (reader.point.sensitivity, reader.point.specificity, reader.point.precision)
            points.append([column, reader.name, *(figure(rate, at) for rate in rates)])
    names = ("Observation", ("Reader", Kind.TEXT), "Sensitivity", "Specificity", "Precision")
    sections = [_section("Readers", "Each reader against the truth.", names, points)]
    if evaluation.candidates[0].curves:
        sections.append(_below(evaluation, readers))
    if readers.cohen is not None:
        kappas = [("Cohen's kappa, mean over pairs", readers.cohen)]
        if readers.fleiss is not None and readers.krippendorff is not None:
            kappas.append(("Fleiss' kappa", readers.fleiss))
            kappas.append(("Krippendorff's alpha", readers.krippendorff))
        sections.append(
            _section(
                "Agreement of readers",
                f"Among {', '.join(readers.raters)}, positive against the rest.",
                ["Observation", *(title for title, _ in kappas)],
                [[name, *(figure(values, at) for _, values in kappas)] for at, name in columns],
            )
        )
    return sections


def _below(evaluation: Evaluation, readers: ReaderComparison) -> Section:
    def count(flags: Sequence[bool | None]) -> str | None:
        known = [flag for flag in flags if flag is not None]
        return f"{int(np.sum(known))} of {len(known)}" if known else None

    def yes(flag: bool | None) -> str | None:
        return None if flag is None else "yes" if flag else "no"

    headings = ["Observation", "Below ROC", "Below precision-recall"]
    rows: list[list[Cell]] = []
    for at, column in enumerate(evaluation.columns):
        roc_flags = [reader.below_roc[at] for reader in readers.readers]
        flags = [reader.below_precision_recall[at] for reader in readers.readers]
        rows.append([column, count(roc_flags), count(flags)])
        if readers.majority is not None:
            rows[-1].append(yes(readers.majority.below_roc[at]))
            rows[-1].append(yes(readers.majority.below_precision_recall[at]))
    means = [readers.mean_below_roc, readers.mean_below_precision_recall]
    rows.append(["mean number below", *(None if np.isnan(m) else f"{m:.1f}" for m in means)])
    if readers.majority is not None:
        headings += ["Majority below ROC", "Majority below precision-recall"]
        rows[-1] += ["", ""]
    return _section(
        f"Readers below the curves of {evaluation.candidates[0].name}",
        "How many readers lie strictly below, of those with a point in the plane; straight lines "
        "between ROC points, Davis and Goadrich's between precision-recall points.",
        headings,
        rows,
        averages=1,
    )
