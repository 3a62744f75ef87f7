"""An evaluation as one HTML file: no script, nothing fetched, plots inline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lingula.errors import MissingExtraError
from lingula.evaluation.plots import (
    confusion_plot,
    f1_plot,
    precision_recall_plot,
    reliability_plot,
    roc_plot,
)
from lingula.evaluation.result import Evaluation
from lingula.evaluation.tables import tables_of

TEMPLATE = Path(__file__).parent / "evaluation.html.j2"


@dataclass(frozen=True)
class Plot:
    """A drawing with its heading and its explanation."""

    title: str
    caption: str
    svg: str


def to_html(evaluation: Evaluation) -> str:
    """The whole document.

    Raises:
        MissingExtraError: If matplotlib or jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError:
        raise MissingExtraError("An HTML document", "report") from None
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        evaluation=evaluation,
        tables=tables_of(evaluation),
        plots=plots_of(evaluation),
    )


def plots_of(evaluation: Evaluation) -> tuple[Plot, ...]:
    """Every plot that the evaluation has data for."""
    names = [result.name for result in evaluation.candidates]
    both = f" Circles: {names[0]}; squares: {names[1]}." if len(names) == 2 else ""
    bars = "Bars are intervals." if evaluation.settings.bootstrap else "No intervals were asked."
    plots = []
    if all(result.counts is not None for result in evaluation.candidates):
        plots = [Plot("F1", f"Positive against the rest. {bars}{both}", f1_plot(evaluation))]
    if not evaluation.settings.positive_only:
        plots.extend(
            Plot(
                f"Confusion: {result.name}",
                "Reports by true (rows) and predicted label (columns); shades are shares of a row.",
                confusion_plot(evaluation, result),
            )
            for result in evaluation.candidates
            if result.confusion is not None
        )
    curves = [result.curves for result in evaluation.candidates if result.curves]
    if not curves:
        return tuple(plots)
    shown = [result.name for result in evaluation.candidates if result.curves]
    colors = f" Blue: {shown[0]}; brown: {shown[1]}." if len(shown) == 2 else f" {shown[0]}."
    people = ""
    if evaluation.readers is not None:
        listed = (f"{i} {r.name}" for i, r in enumerate(evaluation.readers.placed, start=1))
        people = f" Crosses are readers: {', '.join(listed)}."
    plots += [
        Plot(
            "ROC",
            f"Sensitivity over 1 - specificity.{colors}{people}",
            roc_plot(evaluation, curves),
        ),
        Plot(
            "Precision and recall",
            f"Precision over recall.{colors}{people}",
            precision_recall_plot(evaluation, curves),
        ),
    ]
    if all(curve.reliability is not None for each in curves for curve in each):
        text = "Share of positives over mean probability, in bins of equal width; the dotted line"
        plots.append(Plot("Reliability", f"{text} is perfect.{colors}", reliability_plot(curves)))
    return tuple(plots)
