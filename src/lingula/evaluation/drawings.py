"""Drawings of an evaluation: confusion matrices, and curves with the readers' points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lingula.documents import Bars, Curve, Grid, Group, Kind, Line, Point, Section
from lingula.evaluation.figures import AVERAGES, BINARY, PROBABILITY, Figure
from lingula.evaluation.probabilities import ColumnCurves
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.labels import Label
from lingula.metrics.counts import FloatArray
from lingula.metrics.readers import OperatingPoint

#: Steps along an axis below which the points of a curve cannot be told apart.
_GRID = 400


def headline_bars(evaluation: Evaluation) -> list[Section]:
    """F1 of labels, and AUROC of probabilities and scores: each observation and the averages."""
    drawn = "Lines are intervals." if evaluation.settings.bootstrap else "No intervals were asked."
    sections = []
    for title, group, metric in (("F1", BINARY, "f1"), ("AUROC", PROBABILITY, "auroc")):
        figures = {name: Figure(group, metric, observation=name) for name in evaluation.columns}
        figures |= {f"{name} average": Figure(group, metric, average=name) for name in AVERAGES}
        found = {result.name: result.estimates() for result in evaluation.candidates}
        rows = [
            (name, tuple(each.get(f) for each in found.values())) for name, f in figures.items()
        ]
        known = tuple(row for row in rows if any(row[1]))
        if known:
            note = f"Positive against the rest. {drawn}"
            sections.append(Section(title, (Bars(metric, "", tuple(found), known, note=note),)))
    return sections


def confusion(evaluation: Evaluation, result: CandidateResult) -> Section:
    """The confusion matrix of each observation."""
    if result.confusion is None:
        raise ValueError("there is no confusion without labels")
    names = tuple(label.name.lower() for label in Label)
    grids = tuple(
        Grid(
            f"confusion of {observation}",
            observation,
            names,
            ("blank", "pos.", "neg.", "unc."),
            tuple(tuple(int(count) for count in row) for row in counts),
            kind=Kind.COUNT,
            rows_are="True",
        )
        for observation, counts in zip(evaluation.schema.names, result.confusion, strict=True)
    )
    note = "Reports by true (rows) and predicted label (columns); shades are shares of a row."
    return Section(f"Confusion: {result.name}", (Group("confusion", "", grids, note),))


def curves(evaluation: Evaluation) -> list[Section]:
    """ROC, precision-recall and reliability curves of each column, as far as there are any."""
    people = () if evaluation.readers is None else evaluation.readers.placed
    listed = ", ".join(f"{number} {reader.name}" for number, reader in enumerate(people, start=1))
    named = f" Points are readers: {listed}." if people else ""
    shown = [result for result in evaluation.candidates if result.curves]
    sections = []
    for frame, note, line_of, place in _FRAMES:
        items = []
        for column in shown[0].curves:
            pairs = [(r.name, c) for r in shown for c in r.curves if c.name == column.name]
            lines = [line for name, c in pairs if (line := line_of(name, c)) is not None]
            points = []
            if place is not None:
                for number, reader in enumerate(people, start=1):
                    x, y = place(reader.point, column.position)
                    points.append(Point(x, y, reader.name, str(number)))
            if lines:
                item = replace(frame, title=column.name, lines=tuple(lines), points=tuple(points))
                items.append(item)
        if items:
            text = note + (named if place else "")
            sections.append(Section(frame.name, (Group(frame.name, "", tuple(items), text),)))
    return sections


def _roc(name: str, curve: ColumnCurves) -> Line | None:
    counts = curve.counts
    if not counts.both_classes:
        return None
    return Line(name, *_thin(counts.false_positive_rate, counts.true_positive_rate))


def _precision_recall(name: str, curve: ColumnCurves) -> Line | None:
    counts = curve.counts
    if not counts.positives:
        return None
    return Line(name, *_thin(counts.true_positive_rate[1:], counts.precision[1:]), steps=True)


def _reliability(name: str, curve: ColumnCurves) -> Line | None:
    bins = curve.reliability
    if bins is None:
        return None
    filled = bins.count > 0
    return Line(name, *_thin(bins.predicted[filled], bins.observed[filled]), dots=True)


def _roc_place(point: OperatingPoint, column: int) -> tuple[float, float]:
    return float(point.false_positive_rate[column]), float(point.sensitivity[column])


def _precision_recall_place(point: OperatingPoint, column: int) -> tuple[float, float]:
    return float(point.sensitivity[column]), float(point.precision[column])


#: An empty curve, what it shows, its lines, and where a reader lies (None: readers have no place).
_FRAMES: tuple[
    tuple[
        Curve,
        str,
        Callable[[str, ColumnCurves], Line | None],
        Callable[[OperatingPoint, int], tuple[float, float]] | None,
    ],
    ...,
] = (
    (
        Curve("ROC", "", "1 - specificity", "sensitivity", ()),
        "Sensitivity over 1 - specificity.",
        _roc,
        _roc_place,
    ),
    (
        Curve("Precision and recall", "", "recall", "precision", (), diagonal=False),
        "Precision over recall.",
        _precision_recall,
        _precision_recall_place,
    ),
    (
        Curve("Reliability", "", "predicted probability", "share of positives", ()),
        "Share of positives over mean probability, in bins of equal width; the dotted line is "
        "perfect.",
        _reliability,
        None,
    ),
)


def _thin(x: FloatArray, y: FloatArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A curve without the points that cannot be told from their predecessor; NaN is left out."""
    known = ~np.isnan(x + y)
    x, y = x[known], y[known]
    keep = np.ones(len(x), dtype=np.bool_)
    keep[1:] = (np.diff(np.round(np.stack([x, y]) * _GRID), axis=1) != 0).any(0)
    if len(keep):
        keep[-1] = True
    return tuple(x[keep].tolist()), tuple(y[keep].tolist())
