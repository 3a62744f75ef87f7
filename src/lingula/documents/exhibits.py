"""What can be shown: plain frozen records that every form (page, terminal, Markdown, ...) reads."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import compress
from typing import Any

import numpy as np


class Kind(str, Enum):
    """How the cells of a column are meant."""

    TEXT = "text"
    PROSE = "prose"  #: Sentences; on a narrow page the rows become blocks.
    SECTION = "section"  #: The title of a section of the same document; a page links to it.
    LABEL = "label"  #: "positive", "negative", "uncertain" or "blank", coloured.
    LEVEL = "level"  #: The value of a ``Level``, as a badge.
    COUNT = "count"
    SHARE = "share"  #: A share in 0 to 1, as a percentage; a page draws a bar below it.
    BOUND = "bound"  #: A share without a bar, such as the end of an interval.
    SCORE = "score"  #: A number in 0 to 1 with two digits; a page draws a bar below it.
    NUMBER = "number"  #: Two digits, none from 100 on.
    FIGURE = "figure"  #: Three digits; what measures and their intervals are written in.
    P_VALUE = "p value"
    STARS = "stars"  #: One to five; None is "missing".

    @property
    def is_number(self) -> bool:
        """Whether a table sets the column to the right."""
        return self in _NUMBERS


_NUMBERS = frozenset(
    {
        *(Kind.COUNT, Kind.SHARE, Kind.BOUND, Kind.SCORE),
        *(Kind.NUMBER, Kind.FIGURE, Kind.P_VALUE),
    }
)


class Level(str, Enum):
    """What a reader should do about something."""

    GOOD = "good"
    LOOK = "look"
    ACT = "act"
    MISSING = "not checked"


@dataclass(frozen=True)
class Estimate:
    """A figure that may have an interval.

    Attributes:
        value: The figure; NaN is shown as "undefined".
        low: Lower end of its interval; None (or NaN) where it has none.
        high: Upper end.
        mark: A sign behind the figure that a note explains, such as "*".
    """

    value: float
    low: float | None = None
    high: float | None = None
    mark: str = ""


#: What a cell holds; None is a figure that there is not, shown as a dash and never as zero.
Cell = str | int | float | Estimate | None


@dataclass(frozen=True)
class Measure:
    """One figure by its name.

    Attributes:
        name: Key in JSON.
        title: What a reader sees.
        value: The figure; None where it cannot be had.
        kind: How it is meant.
    """

    name: str
    title: str
    value: str | int | float | None
    kind: Kind = Kind.COUNT


@dataclass(frozen=True)
class Column:
    """A column of a ``Table``: its key in JSON and CSV, its heading, and what it holds."""

    name: str
    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Table:
    """A table of figures; ``rows`` has one tuple a row, one cell a column.

    Attributes:
        name: Key in JSON.
        title: Heading.
        columns: What each column holds.
        rows: The cells.
        note: What the figures mean.
        detail: Folded away on a page, and not shown on a terminal.
        averages: How many of the last rows are averages or totals; a line divides them.
        terse: On a terminal its figures go without their intervals, for it is a wide table.
        headed: Whether the headings are shown on a terminal and in text.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    detail: bool = False
    averages: int = 0
    terse: bool = False
    headed: bool = True

    @classmethod
    def of(
        cls,
        name: str,
        title: str,
        *columns: tuple[str, str, Kind, Iterable[Any]],
        keep: Iterable[Any] | None = None,
        note: str = "",
        detail: bool = False,
    ) -> Table:
        """A table from its columns: key, heading, kind, and as many values each (NaN is None).

        Args:
            name: Key in JSON.
            title: Heading.
            columns: Sequences or numpy arrays of shape (n,).
            keep: Which of the n rows are shown; all if not given.
            note: What the figures mean.
            detail: Folded away on a page.
        """
        heads = tuple(Column(key, heading, kind) for key, heading, kind, _ in columns)
        every = zip(*(_cells(values) for *_, values in columns), strict=True)
        rows = tuple(every if keep is None else compress(every, keep))
        return cls(name, title, heads, rows, note, detail)

    def column(self, name: str) -> tuple[Cell, ...]:
        """The cells of one column.

        Raises:
            KeyError: If there is no such column.
        """
        for position, column in enumerate(self.columns):
            if column.name == name:
                return tuple(row[position] for row in self.rows)
        raise KeyError(name)

    def select(self, *names: str) -> Table:
        """The table with some columns only, in its own order."""
        kept = [at for at, column in enumerate(self.columns) if column.name in names]
        columns = tuple(self.columns[at] for at in kept)
        rows = tuple(tuple(row[at] for at in kept) for row in self.rows)
        return Table(self.name, self.title, columns, rows, self.note, averages=self.averages)


def _cells(values: Iterable[Any]) -> Iterator[Cell]:
    """Cells of a column as plain values."""
    for value in values.tolist() if isinstance(values, np.ndarray) else values:
        yield None if isinstance(value, float) and math.isnan(value) else value


@dataclass(frozen=True)
class Stack:
    """Stacked bars: for each row, how a total divides into at most four parts.

    Attributes:
        parts: Titles of the parts, as in ``("positive", "uncertain", "negative", "blank")``.
        rows: A title and one count a part.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """A tinted table by row and column; None where there is nothing to divide.

    Shares are tinted by their part of the row's largest, squared; counts (a confusion matrix) by
    their share of the row's total.

    Attributes:
        faint: Columns that stand on too few rows to be compared: they get no tint.
        kind: ``Kind.SHARE`` or ``Kind.COUNT``.
        rows_are: Heading of the rows' names.
    """

    name: str
    title: str
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    faint: tuple[bool, ...] = ()
    note: str = ""
    kind: Kind = Kind.SHARE
    rows_are: str = "Label"


@dataclass(frozen=True)
class Line:
    """A line of a ``Curve``; NaN points are left out.

    Attributes:
        name: What it is, for the legend.
        x: Values in 0 to 1.
        y: Values in 0 to 1, as many.
        steps: Whether each height holds from the point before up to the point, as precision does.
        dots: Whether the points are drawn too.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    steps: bool = False
    dots: bool = False


@dataclass(frozen=True)
class Point:
    """A named point of a ``Curve``, such as a reader; ``label`` stands beside it."""

    x: float
    y: float
    name: str
    label: str = ""


@dataclass(frozen=True)
class Curve:
    """Lines and points in the unit square.

    Attributes:
        lines: At most four.
        points: Points worth a name.
        diagonal: Whether the line from (0, 0) to (1, 1) is drawn, for comparison.
        percent: Whether the axes are percentages.
    """

    name: str
    title: str
    x_title: str
    y_title: str
    lines: tuple[Line, ...]
    points: tuple[Point, ...] = ()
    diagonal: bool = True
    percent: bool = False
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """Figures with their intervals on one scale, one to four in a row.

    Attributes:
        series: Names of the figures of a row, such as two labelers.
        rows: A title and one figure a series; None where there is none.
        low: Left end of the scale.
        high: Right end.
    """

    name: str
    title: str
    series: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Estimate | None, ...]], ...]
    low: float = 0.0
    high: float = 1.0
    note: str = ""


class Tone(str, Enum):
    """What marked words say; the first four are labels, the last two are weights."""

    POSITIVE = "positive"
    UNCERTAIN = "uncertain"
    NEGATIVE = "negative"
    BLANK = "blank"
    FOR = "for"
    AGAINST = "against"


@dataclass(frozen=True)
class Span:
    """Marked words of a ``Passage``.

    Attributes:
        start: First character.
        end: One past the last.
        tone: What they say.
        cue: Underlined instead of tinted.
        strength: How strongly they are tinted, 0 to 1.
        mark: A number that stands behind them on a page; a table tells what it means.
    """

    start: int
    end: int
    tone: Tone
    cue: bool = False
    strength: float = 1.0
    mark: str = ""


@dataclass(frozen=True)
class Passage:
    """A text, shown as it is given, with words marked. Spans are in order and do not overlap."""

    name: str
    text: str
    spans: tuple[Span, ...] = ()
    title: str = ""
    note: str = ""

    def runs(self) -> tuple[tuple[str, Span | None], ...]:
        """The text cut where spans begin and end; joined, the runs are the text."""
        found: list[tuple[str, Span | None]] = []
        at = 0
        for span in self.spans:
            if span.start > at:
                found.append((self.text[at : span.start], None))
            found.append((self.text[span.start : span.end], span))
            at = span.end
        if at < len(self.text):
            found.append((self.text[at:], None))
        return tuple(found)


@dataclass(frozen=True)
class Note:
    """A sentence or a paragraph; words between backticks are code.

    Attributes:
        text: What it says.
        level: How much it matters, if it is a finding.
        word: A word before it, such as "To be written".
        lead: Whether it is what a reader should read first.
    """

    text: str
    level: Level | None = None
    word: str = ""
    lead: bool = False


@dataclass(frozen=True)
class Notes:
    """A list of notes; ``boxed`` sets it off from what stands around it."""

    items: tuple[Note, ...]
    title: str = ""
    boxed: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture on a page; elsewhere its words.

    Attributes:
        name: Key in JSON.
        title: Heading.
        png: The bytes of a PNG file.
        words: What it shows, for who cannot see it.
        note: What stands below it.
    """

    name: str
    title: str
    png: bytes
    words: str
    note: str = ""

    @property
    def address(self) -> str:
        """The picture inside the page."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Measures:
    """A few figures by their names, side by side."""

    items: tuple[Measure, ...]


@dataclass(frozen=True)
class Group:
    """Small exhibits side by side, such as one curve an observation."""

    name: str
    title: str
    items: tuple[Curve | Grid, ...]
    note: str = ""


#: Exhibits that have a name, a title and values.
Drawn = Table | Stack | Grid | Curve | Bars
Exhibit = Drawn | Group | Passage | Picture | Note | Notes | Measures


@dataclass(frozen=True)
class Section:
    """A part of a document.

    Attributes:
        title: Heading; empty for none.
        exhibits: What it shows, in order.
        name: Key in JSON and anchor on a page; made of its position if not given.
        level: A badge behind the heading.
        question: A line below the heading.
    """

    title: str
    exhibits: tuple[Exhibit, ...]
    name: str = ""
    level: Level | None = None
    question: str = ""


@dataclass(frozen=True)
class Document:
    """What one command shows.

    Attributes:
        title: Heading.
        sections: Its parts, in order.
        form: What sort of document it is, above the heading, such as "Label audit".
        summary: What every figure in it depends on; at the head, on a terminal at the end.
        measures: Figures at the head.
        footer: A line at the end of a page.
    """

    title: str
    sections: tuple[Section, ...]
    form: str = ""
    summary: str = ""
    measures: tuple[Measure, ...] = ()
    footer: str = ""

    def _repr_html_(self) -> str:
        from lingula.documents.notebook import to_notebook

        return to_notebook(self)
