"""The tables that every document of an evaluation shows, as texts ready to lay out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lingula.evaluation.figures import BINARY, LABELS, PROBABILITY, Figure
from lingula.evaluation.people import ReaderComparison
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.metrics.bootstrap import Interval
from lingula.metrics.counts import BinaryCounts

#: Shown where a figure is undefined.
NOTHING = "n/a"


@dataclass(frozen=True)
class TextTable:
    """A table of texts.

    Attributes:
        title: Heading.
        caption: What the figures mean, in one sentence.
        header: Column names; the first column names the rows.
        rows: Cells.
        averages: How many of the last rows are averages or totals.
    """

    title: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    averages: int = 0


def number(value: float, digits: int = 3) -> str:
    """A figure as text; ``NOTHING`` for NaN."""
    return NOTHING if math.isnan(value) else f"{value:.{digits}f}"


def with_interval(value: float, interval: Interval | None) -> str:
    """A figure with its interval, if it has one."""
    if interval is None or math.isnan(interval.low):
        return number(value)
    return f"{number(value)} ({number(interval.low)} to {number(interval.high)})"


def p_text(value: float) -> str:
    """A p value as text."""
    if math.isnan(value):
        return NOTHING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def tables_of(evaluation: Evaluation, *, narrow: bool = False) -> tuple[TextTable, ...]:
    """All tables of an evaluation, in the order in which they are shown.

    Args:
        evaluation: What was found.
        narrow: Leave the intervals out of the widest table.
    """
    out: list[TextTable] = []
    for result in evaluation.candidates:
        if result.counts is not None:
            out.append(binary_table(evaluation, result, result.counts))
    if len(evaluation.candidates) == 2:
        out.append(difference_table(evaluation))
    for result in evaluation.candidates:
        if not evaluation.settings.positive_only and result.confusion is not None:
            out.append(label_table(evaluation, result, intervals=not narrow))
        if result.bounds is not None and result.bounds.uncertain_cells.any():
            out.append(bounds_table(evaluation, result))
        if result.curves:
            out.append(probability_table(evaluation, result))
    if evaluation.readers is not None:
        out.extend(reader_tables(evaluation))
    return tuple(out)


def binary_table(
    evaluation: Evaluation, result: CandidateResult, counts: BinaryCounts
) -> TextTable:
    """Precision, recall and F1 of the binary columns."""
    metrics = ("f1", "precision", "recall")
    rows = []
    for position, name in enumerate(evaluation.columns):
        cells = [_cell(result, Figure(BINARY, metric, observation=name)) for metric in metrics]
        support = int(counts.support[position])
        predicted = int(counts.predicted[position])
        rows.append((name, *cells, f"{support:,}", f"{predicted:,}"))
    support, predicted = (
        int(counts.support.sum()),
        int(counts.predicted.sum()),
    )
    for average in ("micro", "macro", "weighted", "samples"):
        cells = [_cell(result, Figure(BINARY, metric, average=average)) for metric in metrics]
        rows.append((f"{average} average", *cells, f"{support:,}", f"{predicted:,}"))
    exact = _cell(result, Figure(BINARY, "exact match", average="reports"))
    return TextTable(
        f"Positive against the rest: {result.name}",
        f"Uncertain: {evaluation.settings.uncertain.meaning}; blank and negative are not positive; "
        f"0/0 is {evaluation.settings.zero_division_text}. "
        f"Reports right in every counted cell: {exact}.",
        ("Observation", "F1", "Precision", "Recall", "True", "Predicted"),
        tuple(rows),
        averages=4,
    )


def label_table(
    evaluation: Evaluation, result: CandidateResult, *, intervals: bool = True
) -> TextTable:
    """F1 of each task and the figures over four labels."""

    def cell(figure: Figure) -> str:
        return _cell(result, figure, intervals=intervals)

    tasks = ("mention", "negation", "uncertainty", "positive", "blank")
    figures = ("chexbert weighted f1", "kappa", "matthews", "accuracy")
    rows = []
    for name in evaluation.schema.names:
        rows.append(
            (
                name,
                *(cell(Figure(task, "f1", observation=name)) for task in tasks),
                *(cell(Figure(LABELS, metric, observation=name)) for metric in figures),
            )
        )
    for average in ("macro", "micro"):
        rows.append(
            (
                f"{average} average",
                *(cell(Figure(task, "f1", average=average)) for task in tasks),
                *(cell(Figure(LABELS, metric, average=average)) for metric in figures),
            )
        )
    return TextTable(
        f"Four labels: {result.name}",
        "F1 of each task against the rest; CheXbert's weighted F1; Cohen's kappa, Matthews "
        "correlation and accuracy over blank, positive, negative and uncertain. Means leave out "
        "undefined figures; the notes say which.",
        (
            "Observation",
            *(f"{task.capitalize()} F1" for task in tasks),
            "Weighted F1",
            "Kappa",
            "Matthews",
            "Accuracy",
        ),
        tuple(rows),
        averages=2,
    )


def bounds_table(evaluation: Evaluation, result: CandidateResult) -> TextTable:
    """F1 when every uncertain cell is resolved for the worse, and for the better."""
    bounds = result.bounds
    if bounds is None:
        raise ValueError("there are no bounds without uncertain labels")
    rows = tuple(
        (
            name,
            f"{int(bounds.uncertain_cells[position]):,}",
            number(float(bounds.lower[position])),
            number(float(bounds.upper[position])),
        )
        for position, name in enumerate(evaluation.schema.names)
    )
    return TextTable(
        f"Bounds of F1 over uncertain labels: {result.name}",
        "F1 of positive if every cell that is uncertain in truth or prediction is resolved wrong "
        "(lower) or right (upper).",
        ("Observation", "Uncertain cells", "Lower F1", "Upper F1"),
        rows,
    )


def probability_table(evaluation: Evaluation, result: CandidateResult) -> TextTable:
    """Areas under curves and calibration."""
    calibrated = all(curve.reliability is not None for curve in result.curves)
    titles = {"auroc": "AUROC", "average precision": "Average precision"}
    if calibrated:
        titles |= {"brier": "Brier", "calibration error": "Calibration error"}
    metrics = tuple(titles)
    rows = [
        (
            curve.name,
            f"{len(curve.truth):,}",
            *(
                _cell(result, Figure(PROBABILITY, metric, observation=curve.name))
                for metric in metrics
            ),
        )
        for curve in result.curves
    ]
    rows.append(
        (
            "macro average",
            "",
            *(_cell(result, Figure(PROBABILITY, metric, average="macro")) for metric in metrics),
        )
    )
    return TextTable(
        f"{'Probabilities' if calibrated else 'Scores'}: {result.name}",
        f"Calibration error over {evaluation.settings.bins} bins of equal width."
        if calibrated
        else "Scores that are no probabilities have no calibration.",
        ("Observation", "Reports", *titles.values()),
        tuple(rows),
        averages=1,
    )


def difference_table(evaluation: Evaluation) -> TextTable:
    """Second minus first labeler: F1 of each column, and the averages."""
    first, second = evaluation.candidates
    found = dict(evaluation.differences)
    rows = []
    shared = set(first.figures) & set(second.figures)
    labeled = first.counts is not None and second.counts is not None
    wanted = [(name, Figure(BINARY, "f1", observation=name)) for name in evaluation.columns]
    averages = [
        (f"F1, {average} average", Figure(BINARY, "f1", average=average))
        for average in ("micro", "macro", "weighted", "samples")
    ]
    if not labeled:
        wanted = [(name, Figure(PROBABILITY, "auroc", observation=name)) for name, _ in wanted]
        averages = [("AUROC, macro average", Figure(PROBABILITY, "auroc", average="macro"))]
    wanted += averages
    if labeled and not evaluation.settings.positive_only:
        wanted += [
            (f"{title}, mean", Figure(LABELS, metric, average="macro"))
            for title, metric in (
                ("CheXbert weighted F1", "chexbert weighted f1"),
                ("Kappa", "kappa"),
            )
        ]
    wanted = [(name, figure) for name, figure in wanted if {figure} <= shared]
    for name, figure in wanted:
        before, after = first.value(figure), second.value(figure)
        gap = found.get(figure)
        interval = None if gap is None else gap.interval
        rows.append(
            (
                name,
                number(before),
                number(after),
                with_interval(after - before, interval),
                NOTHING if gap is None else p_text(gap.p_value),
            )
        )
    note = "" if evaluation.differences else " Intervals and p values need --bootstrap."
    return TextTable(
        f"Difference: {second.name} minus {first.name}",
        f"{'F1 of positive' if labeled else 'AUROC'}, on the same resamples; two-sided p values, "
        f"not corrected for the number of rows.{note}",
        ("Figure", first.name, second.name, "Difference", "p"),
        tuple(rows),
        averages=sum(figure.observation is None for _, figure in wanted),
    )


def reader_tables(evaluation: Evaluation) -> tuple[TextTable, ...]:
    """Readers' operating points, those below the curves, and the agreement of readers."""
    readers = evaluation.readers
    if readers is None:
        return ()
    rows = []
    for position, column in enumerate(evaluation.columns):
        for reader in readers.placed:
            rows.append(
                (
                    column,
                    reader.name,
                    number(float(reader.point.sensitivity[position])),
                    number(float(reader.point.specificity[position])),
                    number(float(reader.point.precision[position])),
                )
            )
    out = [
        TextTable(
            "Readers",
            "Each reader against the truth.",
            ("Observation", "Reader", "Sensitivity", "Specificity", "Precision"),
            tuple(rows),
        )
    ]
    if evaluation.candidates[0].curves:
        out.append(_below_table(evaluation, readers))
    if readers.cohen is not None:
        columns = [("Cohen's kappa, mean over pairs", readers.cohen)]
        if readers.fleiss is not None and readers.krippendorff is not None:
            columns += [
                ("Fleiss' kappa", readers.fleiss),
                ("Krippendorff's alpha", readers.krippendorff),
            ]
        out.append(
            TextTable(
                "Agreement of readers",
                f"Among {', '.join(readers.raters)}, positive against the rest.",
                ("Observation", *(title for title, _ in columns)),
                tuple(
                    (name, *(number(float(values[position])) for _, values in columns))
                    for position, name in enumerate(evaluation.columns)
                ),
            )
        )
    return tuple(out)


def _below_table(evaluation: Evaluation, readers: ReaderComparison) -> TextTable:
    majority = readers.majority
    rows = []
    for position, column in enumerate(evaluation.columns):
        cells = [
            _below([reader.below_roc[position] for reader in readers.readers]),
            _below([reader.below_precision_recall[position] for reader in readers.readers]),
        ]
        if majority is not None:
            cells.append(_yes(majority.below_roc[position]))
            cells.append(_yes(majority.below_precision_recall[position]))
        rows.append((column, *cells))
    means = [readers.mean_below_roc, readers.mean_below_precision_recall]
    blank = [] if majority is None else ["", ""]
    rows.append(("mean number below", *(number(mean, 1) for mean in means), *blank))
    header = ["Observation", "Below ROC", "Below precision-recall"]
    if majority is not None:
        header += ["Majority below ROC", "Majority below precision-recall"]
    return TextTable(
        f"Readers below the curves of {evaluation.candidates[0].name}",
        "How many readers lie strictly below, of those with a point in the plane; straight lines "
        "between ROC points, Davis and Goadrich's between precision-recall points.",
        tuple(header),
        tuple(rows),
        averages=1,
    )


def _yes(flag: bool | None) -> str:
    return NOTHING if flag is None else "yes" if flag else "no"


def _below(flags: list[bool | None]) -> str:
    known = [flag for flag in flags if flag is not None]
    return f"{int(np.sum(known))} of {len(known)}" if known else NOTHING


def _cell(result: CandidateResult, figure: Figure, *, intervals: bool = True) -> str:
    """The figure with its interval, or a dash where there is no such figure."""
    try:
        interval = result.interval(figure) if intervals else None
        return with_interval(result.value(figure), interval)
    except KeyError:
        return "-"
