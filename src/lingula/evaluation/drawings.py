"""Drawings of an evaluation: confusion matrices, and curves with the readers' points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from lingula.documents import Curve, Grid, Group, Kind, Line, Point, Section
from lingula.evaluation.probabilities import ColumnCurves
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.labels import Label
from lingula.metrics.counts import FloatArray

#: Steps along an axis below which the points of a curve cannot be told apart.
_GRID = 400


def confusion(evaluation: Evaluation, result: CandidateResult) -> Section:
    """The confusion matrix of each observation."""
    names = tuple(label.name.lower() for label in Label)
    grids = tuple(
        Grid(
            f"confusion of {observation}",
            observation,
            names,
            names,
            tuple(tuple(int(count) for count in row) for row in counts),
            kind=Kind.COUNT,
            rows_are="True",
        )
        for observation, counts in zip(evaluation.schema.names, result.confusion, strict=True)
    )
    note = "Reports by true (rows) and predicted label (columns); shades are shares of a row."
    return Section(f"Confusion: {result.name}", (Group("confusion", "", grids, note),))


def curves(evaluation: Evaluation) -> list[Section]:
    """ROC, precision-recall and reliability curves of each column that has probabilities."""

    def roc(curve: ColumnCurves) -> tuple[FloatArray, FloatArray]:
        return curve.counts.false_positive_rate, curve.counts.true_positive_rate

    def precision_recall(curve: ColumnCurves) -> tuple[FloatArray, FloatArray]:
        return curve.counts.true_positive_rate[1:], curve.counts.precision[1:]

    def reliability(curve: ColumnCurves) -> tuple[FloatArray, FloatArray]:
        filled = curve.reliability.count > 0
        return curve.reliability.predicted[filled], curve.reliability.observed[filled]

    people = () if evaluation.readers is None else evaluation.readers.placed
    listed = ", ".join(f"{i} {reader.name}" for i, reader in enumerate(people, start=1))
    named = f" Points are readers: {listed}." if people else ""
    return [
        _curves(
            evaluation,
            Curve("ROC", "", "1 - specificity", "sensitivity", ()),
            f"Sensitivity over 1 - specificity.{named}",
            roc,
            [(r.point.false_positive_rate, r.point.sensitivity, r.name) for r in people],
        ),
        _curves(
            evaluation,
            Curve("Precision and recall", "", "recall", "precision", (), diagonal=False),
            f"Precision over recall.{named}",
            precision_recall,
            [(r.point.sensitivity, r.point.precision, r.name) for r in people],
        ),
        _curves(
            evaluation,
            Curve("Reliability", "", "predicted probability", "share of positives", ()),
            "Share of positives over mean probability, in bins of equal width; the dotted line is "
            "perfect.",
            reliability,
            [],
        ),
    ]


def _curves(
    evaluation: Evaluation,
    frame: Curve,
    note: str,
    path: Callable[[ColumnCurves], tuple[FloatArray, FloatArray]],
    people: Sequence[tuple[FloatArray, FloatArray, str]],
) -> Section:
    """One curve a column, a line a labeler, and the readers as points."""
    shown = [result for result in evaluation.candidates if result.curves]
    items = []
    for first in shown[0].curves:
        lines = []
        for result in shown:
            curve = next((c for c in result.curves if c.name == first.name), None)
            if curve is not None:
                x, y = _thin(*path(curve))
                dots = frame.name == "Reliability"
                steps = frame.name.startswith("Precision")
                lines.append(Line(result.name, x, y, steps=steps, dots=dots))
        at = first.position
        points = tuple(
            Point(float(x[at]), float(y[at]), name, str(number))
            for number, (x, y, name) in enumerate(people, start=1)
        )
        items.append(replace(frame, title=first.name, lines=tuple(lines), points=points))
    return Section(frame.name, (Group(frame.name, "", tuple(items), note),))


def _thin(x: FloatArray, y: FloatArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A curve without the points that cannot be told from their predecessor; NaN is left out."""
    known = ~np.isnan(x + y)
    x, y = x[known], y[known]
    keep = np.ones(len(x), dtype=np.bool_)
    keep[1:] = (np.diff(np.round(np.stack([x, y]) * _GRID), axis=1) != 0).any(0)
    if len(keep):
        keep[-1] = True
    return tuple(x[keep].tolist()), tuple(y[keep].tolist())
