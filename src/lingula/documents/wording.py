"""Figures as a reader sees them, the same in every form."""

from __future__ import annotations

import math

from lingula.documents.exhibits import Cell, Estimate, Kind

#: A figure that there is not, and one that nothing defines (0/0).
DASH, UNDEFINED = "–", "undefined"
STARS = 5


def percent(share: float) -> str:
    """A share as a percentage with one decimal; two below 1%, so that a rare label is not 0.0%."""
    if 0 < share < 0.0001:
        return "under 0.01%"
    if 0.9999 < share < 1:
        return "over 99.99%"
    digits = 2 if share < 0.01 or 0.99 < share < 1 else 1
    return f"{100 * share:.{digits}f}%"


def show(value: Cell, kind: Kind = Kind.TEXT, *, interval: bool = True) -> str:
    """A cell as text.

    Args:
        value: What it holds; a missing figure becomes a dash, an undefined estimate "undefined".
        kind: How it is meant.
        interval: Whether an estimate's interval follows it, as in "0.712 (0.690 to 0.731)".
    """
    if isinstance(value, Estimate):
        return _estimate(value, kind, interval)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return DASH
    return value if isinstance(value, str) else _number(value, kind)


def _number(value: float, kind: Kind) -> str:
    if kind in (Kind.SHARE, Kind.BOUND):
        return "0%" if value == 0 else percent(float(value))
    if kind is Kind.STARS:
        return "★" * int(value) + "☆" * (STARS - int(value))
    if kind is Kind.COUNT:
        return f"{int(value):,}"
    if kind is Kind.P_VALUE:
        return "<0.001" if value < 0.001 else f"{value:.3f}"
    if kind is Kind.FIGURE:
        return f"{value:.3f}"
    if kind is Kind.SCORE:
        return f"{value:.2f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _estimate(found: Estimate, kind: Kind, interval: bool) -> str:
    if not math.isfinite(found.value):
        return UNDEFINED
    kind = Kind.FIGURE if kind is Kind.TEXT else kind
    text = _number(found.value, kind) + found.mark
    ends = interval_of(found)
    if not interval or ends is None:
        return text
    return f"{text} ({_number(ends[0], kind)} to {_number(ends[1], kind)})"


def interval_of(found: Estimate) -> tuple[float, float] | None:
    """The ends of an estimate's interval, if it has one."""
    if found.low is None or found.high is None:
        return None
    return (found.low, found.high) if math.isfinite(found.low + found.high) else None


def printable(text: str) -> str:
    """Control characters must not steer a terminal."""
    return "".join(
        x if x in "\n\t" or x.isprintable() else "\N{REPLACEMENT CHARACTER}" for x in text
    )


def code_parts(text: str) -> list[tuple[bool, str]]:
    """A note in parts: whether each is code (between backticks), and its text."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without a second is only a backtick
        return [(False, text)]
    return [(at % 2 == 1, part) for at, part in enumerate(parts) if part]


def shade(
    values: tuple[float | None, ...], kind: Kind, faint: tuple[bool, ...] = ()
) -> list[float]:
    """Strength of the tint of each cell of a grid's row, 0 to 1.

    Of counts it is the share of the row's total, of shares the square of the part of the row's
    largest.
    """
    pale = faint or (False,) * len(values)
    known = [
        0.0 if v is None or not math.isfinite(v) or skip else v
        for v, skip in zip(values, pale, strict=True)
    ]
    whole = sum(known) if kind is Kind.COUNT else max(known, default=0.0)
    power = 1 if kind is Kind.COUNT else 2
    return [(value / whole) ** power if whole > 0 else 0.0 for value in known]
