"""A page of temperatures: reliability before and after, one plot an observation."""

from __future__ import annotations

from collections.abc import Sequence

from lingula.documents import Curve, Document, Group, Kind, Line, Note, Section, Table
from lingula.images.calibrate import BINS, Fitted
from lingula.metrics.calibration import Reliability


def calibration_document(fitted: Sequence[Fitted], source: str) -> Document:
    """What ``fit_temperatures`` found on the films of a table.

    Args:
        fitted: One an observation.
        source: Name of the table.
    """
    table = Table.of(
        "temperatures",
        "Temperatures",
        ("observation", "Observation", Kind.TEXT, [item.observation for item in fitted]),
        ("temperature", "Temperature", Kind.FIGURE, [item.temperature for item in fitted]),
        ("before", "Error before", Kind.FIGURE, [item.before for item in fitted]),
        ("after", "Error after", Kind.FIGURE, [item.after for item in fitted]),
    )
    plots = Group(
        "reliability",
        "Reliability",
        tuple(_plot(item) for item in fitted if item.bins),
        note=f"Share of positive films against the mean score, in {BINS} bins of equal width; an "
        "honest probability lies on the diagonal.",
    )
    note = Note(
        "Errors are expected calibration errors on the films that chose the temperatures, so too "
        "good for others; an observation with too few films of either class keeps its scores."
    )
    return Document(f"Calibration on {source}", (Section("", (table, plots, note)),))


def _plot(item: Fitted) -> Curve:
    before, after = item.bins
    return Curve(
        item.observation,
        item.observation,
        "Score",
        "Positive",
        (_line("before", before), _line("after", after)),
    )


def _line(name: str, bins: Reliability) -> Line:
    filled = bins.count > 0
    x, y = (tuple(each[filled].tolist()) for each in (bins.predicted, bins.observed))
    return Line(name, x, y, dots=True)
