"""Curves of the best entries, with the readers' points and their majority."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lingula.challenge.board import Board, Person, Row
from lingula.challenge.names import harmless
from lingula.documents import Curve, Group, Line, Point, Section
from lingula.metrics.counts import FloatArray
from lingula.metrics.curves import ThresholdCounts

#: Curves on one drawing.
_CURVES = 4
#: Steps along an axis below which the points of a curve cannot be told apart.
_GRID = 400

#: An empty drawing, the line of a curve, and where a person lies at an observation.
_Frame = tuple[
    Curve, Callable[[str, ThresholdCounts], Line], Callable[[Person, int], tuple[float, float]]
]


def who(row: Row) -> str:
    """An entry as rows and legends name it."""
    record = row.entry.record
    title = f": {harmless(record.title, 30)}" if record.title else ""
    return f"{row.entry.number} {harmless(record.team, 30)}{title}"


def drawings(board: Board) -> list[Section]:
    """ROC and precision-recall curves, one an observation."""
    best = board.rows[:_CURVES]
    listed = ", ".join(f"{n} {harmless(p.name)}" for n, p in enumerate(board.people, start=1))
    notes = [f"The best {len(best)} entries."] if len(board.rows) > len(best) else []
    notes += [f"Points: {listed}."] if listed else []
    sections = []
    for frame, line, place in _FRAMES:
        items = []
        for k, name in enumerate(board.challenge.terms.observations):
            lines = tuple(line(who(row), row.curves[k]) for row in best)
            points = tuple(
                Point(*place(person, k), harmless(person.name), str(n))
                for n, person in enumerate(board.people, start=1)
            )
            key = f"{frame.name} of {name}"
            items.append(replace(frame, name=key, title=name, lines=lines, points=points))
        group = Group(frame.name, "", tuple(items), " ".join(notes))
        sections.append(Section(frame.name, (group,)))
    return sections


def _roc_line(name: str, curve: ThresholdCounts) -> Line:
    return Line(name, *_thin(curve.false_positive_rate, curve.true_positive_rate))


def _roc_place(person: Person, k: int) -> tuple[float, float]:
    return float(person.point.false_positive_rate[k]), float(person.point.sensitivity[k])


def _precision_line(name: str, curve: ThresholdCounts) -> Line:
    return Line(name, *_thin(curve.true_positive_rate[1:], curve.precision[1:]), steps=True)


def _precision_place(person: Person, k: int) -> tuple[float, float]:
    return float(person.point.sensitivity[k]), float(person.point.precision[k])


_FRAMES: tuple[_Frame, ...] = (
    (Curve("ROC", "", "1 - specificity", "sensitivity", ()), _roc_line, _roc_place),
    (
        Curve("Precision and recall", "", "recall", "precision", (), diagonal=False),
        _precision_line,
        _precision_place,
    ),
)


def _thin(x: FloatArray, y: FloatArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A curve without the points that cannot be told from their predecessor."""
    keep = np.ones(len(x), dtype=np.bool_)
    keep[1:] = (np.diff(np.round(np.stack([x, y]) * _GRID), axis=1) != 0).any(0)
    keep[-1:] = True
    return tuple(x[keep].tolist()), tuple(y[keep].tolist())
