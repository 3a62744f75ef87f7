"""Plots of an evaluation as SVG texts, by matplotlib, sized for a telephone's width."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lingula.errors import MissingExtraError
from lingula.evaluation.figures import BINARY, Figure
from lingula.evaluation.probabilities import ColumnCurves
from lingula.evaluation.result import CandidateResult, Evaluation
from lingula.labels import Label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

#: Inches; at 96 pixels an inch this fits a screen of 390 pixels without shrinking.
_WIDTH = 3.7
#: Dark enough on white for text (contrast 4.5 or more), and told apart by marker as well.
_COLORS = ("#1b5e9e", "#a8440a")
_MARKERS = ("o", "s")
_GREY = "#5a5a5a"
#: Points kept along a curve: more cannot be seen at this size.
_GRID = 400

_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "axes.labelcolor": "#1a1a1a",
    "text.color": "#1a1a1a",
    "legend.frameon": False,
}


def f1_plot(evaluation: Evaluation) -> str:
    """F1 of each binary column and the averages, with intervals, of one or two labelers."""
    averages = ("micro", "macro", "weighted", "samples")
    names = [*evaluation.columns, *(f"{name} average" for name in averages)]
    figures = [
        *(Figure(BINARY, "f1", observation=name) for name in evaluation.columns),
        *(Figure(BINARY, "f1", average=name) for name in averages),
    ]

    def draw(canvas: Canvas) -> None:
        axes = canvas.add_subplot()
        places = np.arange(len(names))[::-1].astype(float)
        shifts = (0.0,) if len(evaluation.candidates) == 1 else (0.16, -0.16)
        for index, (result, shift) in enumerate(zip(evaluation.candidates, shifts, strict=True)):
            values = np.array([result.value(figure) for figure in figures])
            low, high = _interval_ends(result, figures, values)
            axes.errorbar(
                values,
                places + shift,
                xerr=[np.maximum(values - low, 0), np.maximum(high - values, 0)],
                fmt=_MARKERS[index],
                markersize=4,
                linewidth=1.2,
                color=_COLORS[index],
                label=_plain(result.name),
            )
        axes.set_yticks(places, [_plain(name) for name in names])
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("F1")
        axes.axhline(len(averages) - 0.5, color=_GREY, linewidth=0.6)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        if len(evaluation.candidates) > 1:
            canvas.legend(loc="outside upper left", ncols=1)

    return _svg(draw, 0.8 + 0.21 * len(names), "f1", "F1 of each observation")


def confusion_plot(evaluation: Evaluation, result: CandidateResult) -> str:
    """Confusion matrices of each observation; shades are shares of the true label's row."""
    labels = ["blank", "pos.", "neg.", "unc."]

    def panel(axes: Axes, position: int) -> None:
        if result.confusion is None:
            return
        counts = result.confusion[position]
        totals = np.maximum(counts.sum(1, keepdims=True), 1)
        # The light half of the map only, so that dark digits stay readable on every shade.
        axes.imshow(counts / totals, cmap="Blues", vmin=0, vmax=2.2, aspect="auto")
        for true in Label:
            for predicted in Label:
                count = int(counts[true, predicted])
                if count:
                    axes.text(predicted, true, _short(count), ha="center", va="center", size=7)
        axes.set_xticks(range(4), labels, size=6.5)
        axes.set_yticks(range(4), labels, size=6.5)
        axes.set_title(_plain(evaluation.schema.names[position]), size=7)

    return _panels(
        panel,
        len(evaluation.schema),
        f"confusion-{_slug(result.name)}",
        f"Confusion matrices of {result.name}",
        x_label="predicted",
        y_label="true",
    )


def roc_plot(evaluation: Evaluation, curves: Sequence[Sequence[ColumnCurves]]) -> str:
    """ROC curves of each column, with the readers' operating points."""

    def panel(axes: Axes, position: int) -> None:
        name = curves[0][position].name
        for index, curve in enumerate(_named(curves, name)):
            if curve is not None and curve.counts.both_classes:
                x, y = _thin(curve.counts.false_positive_rate, curve.counts.true_positive_rate)
                axes.plot(x, y, color=_COLORS[index], linewidth=1.2)
        axes.plot([0, 1], [0, 1], color=_GREY, linewidth=0.6, linestyle=":")
        if evaluation.readers is not None:
            column = curves[0][position].position
            for number, point in enumerate((r.point for r in evaluation.readers.placed), start=1):
                x, y = point.false_positive_rate[column], point.sensitivity[column]
                _reader(axes, float(x), float(y), number)
        _unit_square(axes, name)

    return _panels(
        panel,
        len(curves[0]),
        "roc",
        "ROC curves",
        x_label="1 - specificity",
        y_label="sensitivity",
    )


def precision_recall_plot(evaluation: Evaluation, curves: Sequence[Sequence[ColumnCurves]]) -> str:
    """Precision-recall curves of each column, with the readers' points."""

    def panel(axes: Axes, position: int) -> None:
        name = curves[0][position].name
        for index, curve in enumerate(_named(curves, name)):
            if curve is not None and curve.counts.positives:
                x, y = _thin(curve.counts.true_positive_rate, curve.counts.precision)
                axes.step(x[1:], y[1:], where="pre", color=_COLORS[index], linewidth=1.2)
        if evaluation.readers is not None:
            column = curves[0][position].position
            for number, point in enumerate((r.point for r in evaluation.readers.placed), start=1):
                x, y = point.sensitivity[column], point.precision[column]
                _reader(axes, float(x), float(y), number)
        _unit_square(axes, name)

    return _panels(
        panel,
        len(curves[0]),
        "precision-recall",
        "Precision-recall curves",
        x_label="recall",
        y_label="precision",
    )


def reliability_plot(curves: Sequence[Sequence[ColumnCurves]]) -> str:
    """Reliability curves of each column."""

    def panel(axes: Axes, position: int) -> None:
        name = curves[0][position].name
        axes.plot([0, 1], [0, 1], color=_GREY, linewidth=0.6, linestyle=":")
        for index, curve in enumerate(_named(curves, name)):
            bins = None if curve is None else curve.reliability
            if bins is not None:
                filled = bins.count > 0
                axes.plot(
                    bins.predicted[filled],
                    bins.observed[filled],
                    marker=_MARKERS[index],
                    markersize=3,
                    color=_COLORS[index],
                    linewidth=1.0,
                )
        _unit_square(axes, name)

    return _panels(
        panel,
        len(curves[0]),
        "reliability",
        "Reliability curves",
        x_label="predicted probability",
        y_label="share of positives",
    )


def _interval_ends(
    result: CandidateResult, figures: Sequence[Figure], values: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    found = [result.interval(figure) for figure in figures]
    low = [v if i is None else i.low for v, i in zip(values, found, strict=True)]
    high = [v if i is None else i.high for v, i in zip(values, found, strict=True)]
    return np.array(low), np.array(high)


def _named(curves: Sequence[Sequence[ColumnCurves]], name: str) -> list[ColumnCurves | None]:
    return [next((curve for curve in each if curve.name == name), None) for each in curves]


def _reader(axes: Axes, x: float, y: float, number: int) -> None:
    if np.isnan(x) or np.isnan(y):
        return
    axes.plot([x], [y], marker="x", markersize=5, color="#1a1a1a", clip_on=False)
    axes.annotate(str(number), (x, y), textcoords="offset points", xytext=(4, -7), size=7)


def _unit_square(axes: Axes, name: str) -> None:
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_title(_plain(name), size=7)


def _panels(
    panel: Callable[[Axes, int], None],
    count: int,
    salt: str,
    title: str,
    *,
    x_label: str,
    y_label: str,
) -> str:
    """Small multiples in two columns."""
    rows = (count + 1) // 2

    def draw(canvas: Canvas) -> None:
        grid = canvas.subplots(rows, 2, squeeze=False)
        for position, axes in enumerate(grid.flat):
            if position < count:
                panel(axes, position)
            else:
                axes.set_axis_off()
        canvas.supxlabel(x_label, size=8.5)
        canvas.supylabel(y_label, size=8.5)

    return _svg(draw, 0.4 + 1.75 * rows, salt, title)


def _svg(draw: Callable[[Canvas], None], height: float, salt: str, title: str) -> str:
    """One drawing as an inline <svg> element, the same bytes every time.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure as Canvas
    except ImportError:
        raise MissingExtraError("An HTML document", "report") from None
    style: dict[Any, Any] = {**_STYLE, "svg.hashsalt": salt}
    with mpl.rc_context(style):
        canvas = Canvas(figsize=(_WIDTH, height), layout="constrained")
        FigureCanvasSVG(canvas)
        draw(canvas)
        out = io.StringIO()
        canvas.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()
    return _inline(text[text.index("<svg") :], salt, title)


def _inline(svg: str, salt: str, title: str) -> str:
    """Ids become unique in the document, and the drawing gets a name for screen readers."""
    from xml.sax.saxutils import quoteattr

    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{salt}-', svg)
    svg = svg.replace('xlink:href="#', f'xlink:href="#{salt}-').replace("url(#", f"url(#{salt}-")
    return svg.replace("<svg", f'<svg role="img" aria-label={quoteattr(title)}', 1)


def _thin(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A curve without the points that cannot be told from their predecessor at this size."""
    grid = np.round(np.stack([x, y]) * _GRID)
    keep = np.append(np.True_, (np.diff(grid, axis=1) != 0).any(0))
    keep[-1] = True
    return x[keep], y[keep]


def _plain(name: str) -> str:
    """A name that matplotlib takes as it is: a dollar would start a formula."""
    return name.replace("$", r"\$")


def _short(count: int) -> str:
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "labeler"
