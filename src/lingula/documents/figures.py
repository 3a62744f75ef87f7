"""The numbers of a drawing as a table, for those who cannot see it."""

from __future__ import annotations

import math

import numpy as np

from lingula.documents.exhibits import Bars, Cell, Column, Curve, Drawn, Grid, Kind, Stack, Table

#: Points of a line that its table tells; more are only drawn.
MOST_POINTS = 41


def as_table(exhibit: Drawn, *, points_only: bool = False) -> Table:
    """An exhibit's numbers.

    Args:
        exhibit: What is drawn; a table is returned as it is.
        points_only: Of a curve, the points with a name only.
    """
    if isinstance(exhibit, Table):
        return exhibit
    columns, rows = _parts(exhibit, points_only)
    return Table(exhibit.name, exhibit.title, columns, rows, exhibit.note)


Parts = tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]


def _parts(exhibit: Stack | Grid | Curve | Bars, points_only: bool) -> Parts:
    if isinstance(exhibit, Curve):
        return _curve(exhibit, points_only)
    if isinstance(exhibit, Stack):
        names, kind = exhibit.parts, Kind.COUNT
        rows: list[tuple[Cell, ...]] = [(title, *counts) for title, counts in exhibit.rows]
        head = "Label"
    elif isinstance(exhibit, Grid):
        names, head = exhibit.column_names, exhibit.rows_are
        kind = Kind.BOUND if exhibit.kind is Kind.SHARE else exhibit.kind
        rows = [
            (name, *values) for name, values in zip(exhibit.row_names, exhibit.values, strict=True)
        ]
    else:
        names, kind, head = exhibit.series, Kind.FIGURE, ""
        rows = [(title, *values) for title, values in exhibit.rows]
    columns = (Column("name", head), *(Column(name, name, kind) for name in names))
    return columns, tuple(rows)


def _curve(curve: Curve, points_only: bool) -> Parts:
    kind = Kind.BOUND if curve.percent else Kind.FIGURE
    rows: list[tuple[Cell, ...]] = [
        (point.name, point.x, point.y)
        for point in curve.points
        if not math.isnan(point.x + point.y)
    ]
    if not points_only:
        for line in curve.lines:
            kept = thinned(len(line.x), MOST_POINTS)
            rows += [
                (line.name, line.x[at], line.y[at])
                for at in kept
                if not math.isnan(line.x[at] + line.y[at])
            ]
    columns = (
        Column("line", "Line"),
        Column("x", curve.x_title, kind),
        Column("y", curve.y_title, kind),
    )
    return columns, tuple(rows)


def thinned(count: int, most: int) -> list[int]:
    """At most so many positions of a row of points, evenly, with the first and the last."""
    if count <= most:
        return list(range(count))
    return [int(at) for at in np.linspace(0, count - 1, most).round()]
