"""Figures as a reader sees them, and shapes of the page's drawings."""

from __future__ import annotations

import math

from lingula.audit.result import Cell, Curve, Kind
from lingula.audit.wording import percent

DASH = "–"
STARS = 5


def show(value: Cell, kind: Kind) -> str:
    """A cell as text; a missing figure is a dash."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return DASH
    if isinstance(value, str):
        return value
    if kind in (Kind.SHARE, Kind.BOUND):
        return "0%" if value == 0 else percent(float(value))
    if kind is Kind.STARS:
        return "★" * int(value) + "☆" * (STARS - int(value))
    if kind is Kind.COUNT:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def sort_key(value: Cell) -> str:
    """What the page's script sorts a cell by; a missing figure sorts last."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return value if isinstance(value, str) else repr(value)


def spoken_stars(value: Cell) -> str:
    """Stars in words, for those who hear the page."""
    return "not rated" if value is None else f"{value} of {STARS} stars"


def curve_points(curve: Curve, side: float) -> str:
    """The line of a curve as SVG points in a square, y growing upwards."""
    return " ".join(
        f"{side * x:.1f},{side * (1 - y):.1f}" for x, y in zip(curve.x, curve.y, strict=True)
    )


def tints(values: tuple[float | None, ...], faint: tuple[bool, ...]) -> list[float]:
    """Strength of each cell's tint, 0 to 1: the square of its part of the row's largest."""
    shares = [
        0.0 if v is None or not math.isfinite(v) or pale else v
        for v, pale in zip(values, faint, strict=True)
    ]
    top = max(shares, default=0.0)
    return [(share / top) ** 2 if top > 0 else 0.0 for share in shares]


def spans(text: str) -> list[tuple[bool, str]]:
    """A sentence of ours in parts: whether each is code (between backticks), and its text."""
    return [(place % 2 == 1, part) for place, part in enumerate(text.split("`"))]
