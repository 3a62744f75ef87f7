"""An explanation for a terminal, in colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lingula.explain.lines import label_word, reason_text
from lingula.explain.reasons import Explanation
from lingula.explain.segments import segments
from lingula.labels import Label

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

#: A mention is bold in its label's colour; its cue is underlined in the same.
COLOURS: dict[Label, str] = {
    Label.POSITIVE: "red",
    Label.NEGATIVE: "green",
    Label.UNCERTAIN: "yellow",
    Label.BLANK: "cyan",
}


def renderables(explanation: Explanation) -> Iterator[Text | Table]:
    """What to print with a rich console: the name, the report, and a table of the labels."""
    from rich.text import Text

    if explanation.name:
        yield Text(explanation.name, style="bold")
    yield _report(explanation)
    yield Text()
    yield _table(explanation)


def _report(explanation: Explanation) -> Text:
    from rich.text import Text

    report = Text()
    for segment in segments(explanation):
        style = ""
        if segment.label is not None:
            style = f"{'underline' if segment.is_cue else 'bold'} {COLOURS[segment.label]}"
        report.append(printable(segment.text), style=style)
    return report


def _table(explanation: Explanation) -> Table | Text:
    from rich.table import Table
    from rich.text import Text

    if not explanation.reasons:
        return Text("No label: the text names no observation.")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for reason in explanation.reasons:
        style = f"bold {COLOURS[reason.label]}"
        table.add_row(
            Text(reason.observation),
            Text(label_word(reason.label), style=style),
            Text(printable(reason_text(reason))),
        )
    return table


def printable(text: str) -> str:
    """Control characters of a report must not steer the terminal."""
    return "".join(
        x if x in "\n\t" or x.isprintable() else "\N{REPLACEMENT CHARACTER}" for x in text
    )
