"""Geometry of a curve in the unit square; the page's template and stylesheet draw it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lingula.documents.exhibits import Curve, Line, Point

#: Side of the square in the drawing's own units; what is nearer than one is not told apart.
SIDE = 300.0


def polyline(line: Line) -> str:
    """The points of a line as SVG wants them."""
    found: list[tuple[int, int]] = []
    for across, down in ((round(x), round(y)) for x, y in dots(line)):
        if found and (across, down) == found[-1]:
            continue
        if line.steps and found:
            # The height of a step is that of its end.
            found.append((found[-1][0], down))
        found.append((across, down))
    return " ".join(f"{across},{down}" for across, down in found)


def dots(line: Line) -> Iterator[tuple[float, float]]:
    """Where the points of a line lie; those that are not numbers are left out."""
    for x, y in zip(line.x, line.y, strict=True):
        if not math.isnan(x + y):
            yield _placed(x, y)


def points(curve: Curve) -> Iterator[tuple[float, float, Point]]:
    """Where the named points lie, and which they are."""
    for point in curve.points:
        if not math.isnan(point.x + point.y):
            yield *_placed(point.x, point.y), point


def _placed(x: float, y: float) -> tuple[float, float]:
    """The place of a point of the unit square in the drawing, y growing downwards."""
    return round(SIDE * x, 1), round(SIDE * (1 - y), 1)
