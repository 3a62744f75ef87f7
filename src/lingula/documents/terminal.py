"""A document for a terminal, with rich; nothing is printed here."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lingula.documents.exhibits import (
    Cell,
    Column,
    Document,
    Estimate,
    Exhibit,
    Kind,
    Level,
    Measures,
    Note,
    Notes,
    Passage,
    Section,
    Span,
    Table,
    Tone,
)
from lingula.documents.wording import code_parts, interval_of, printable, show

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.table import Table as RichTable
    from rich.text import Text

#: Wide enough that nothing is broken.
_UNBROKEN = 1_000_000
_COLOURS = {
    Tone.POSITIVE: "red",
    Tone.UNCERTAIN: "yellow",
    Tone.NEGATIVE: "green",
    Tone.BLANK: "cyan",
    Tone.FOR: "red",
    Tone.AGAINST: "blue",
}
_LEVELS = {Level.GOOD: "green", Level.LOOK: "yellow", Level.ACT: "red", Level.MISSING: "dim"}
#: From these strengths on, weighted words are coloured, faintly and strongly.
_FAINT, _STRONG = 0.15, 0.5


def to_terminal(shown: Document | Section | Sequence[Exhibit]) -> RenderableType:
    """What ``rich`` prints of a document, a section or some exhibits.

    Tables, texts and notes are shown; drawings and folded tables are for a page. A document's
    summary comes last, where a reader looks first.
    """
    from rich.console import Group

    return Group(*_parts(shown))


def to_text(shown: Document | Section | Sequence[Exhibit], width: int | None = 120) -> str:
    """The same for a pipe: no colours, no spaces at the ends of lines.

    Args:
        shown: What is shown.
        width: Columns that it may take; None breaks no line.
    """
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=width or _UNBROKEN, color_system=None, highlight=False)
    console.print(to_terminal(shown))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _parts(shown: Document | Section | Sequence[Exhibit]) -> Iterator[RenderableType]:
    from rich.text import Text

    if isinstance(shown, Document):
        for number, section in enumerate(shown.sections):
            if number:
                yield Text()
            yield from _parts(section)
        if shown.summary:
            yield Text(printable(shown.summary), style="bold")
        return
    if isinstance(shown, Section):
        if shown.title:
            yield Text(printable(shown.title), style="bold")
        shown = shown.exhibits
    before: Exhibit | None = None
    for exhibit in shown:
        part = _exhibit(exhibit)
        if part is not None:
            if before is not None and not isinstance(before, (Note, Notes)):
                yield Text()
            yield part
            before = exhibit


def _exhibit(exhibit: Exhibit) -> RenderableType | None:
    from rich.text import Text

    if isinstance(exhibit, Table):
        return None if exhibit.detail else _FittingTable(exhibit)
    if isinstance(exhibit, Passage):
        return _passage(exhibit)
    if isinstance(exhibit, Note):
        return _note(exhibit)
    if isinstance(exhibit, Notes):
        lines = [Text(exhibit.title, style="bold")] if exhibit.title else []
        return Text("\n").join([*lines, *map(_note, exhibit.items)])
    if isinstance(exhibit, Measures):
        rows = ((item.title, show(item.value, item.kind)) for item in exhibit.items)
        columns = (Column("name", ""), Column("value", "", Kind.COUNT))
        return _FittingTable(Table("measures", "", columns, tuple(rows), headed=False))
    return None


def _note(note: Note) -> Text:
    from rich.text import Text

    text = Text(f"{note.word}: " if note.word else "")
    for code, part in code_parts(note.text):
        text.append(printable(part), style="cyan" if code else "")
    return text


def _passage(passage: Passage) -> Text:
    from rich.text import Text

    text = Text()
    if passage.title:
        text.append(printable(passage.title) + "\n", style="bold")
    for words, span in passage.runs():
        text.append(printable(words), style="" if span is None else _style(span))
    return text


def _style(span: Span) -> str:
    colour = _COLOURS[span.tone]
    if span.tone in (Tone.FOR, Tone.AGAINST):
        if span.strength < _FAINT:
            return ""
        return f"bold {colour}" if span.strength >= _STRONG else colour
    return f"{'underline' if span.cue else 'bold'} {colour}"


class _FittingTable:
    """A table that never cuts a number.

    If it is too wide for the console, intervals go on a second line; if it still is, its columns
    of numbers are divided among several tables that repeat the columns of text.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        numbers = [at for at, column in enumerate(self._table.columns) if column.kind.is_number]
        every = range(len(self._table.columns))
        broken = not self._fits(every, False, console, options)
        chosen: list[int] = []
        if not broken or self._fits(every, True, console, options) or len(numbers) < 2:
            yield self._drawn(every, broken)
        else:
            texts = [at for at in every if at not in numbers]
            for at in numbers:
                if chosen and not self._fits([*texts, *chosen, at], True, console, options):
                    yield self._drawn(sorted([*texts, *chosen]), True)
                    yield Text()
                    chosen = []
                chosen.append(at)
            yield self._drawn(sorted([*texts, *chosen]), True)
        if self._table.note:
            yield Text(printable(self._table.note), style="dim")

    def _fits(
        self, columns: Iterable[int], broken: bool, console: Console, options: ConsoleOptions
    ) -> bool:
        drawn = self._drawn(columns, broken)
        # Sentences can be broken, names and numbers cannot.
        narrowest = console.measure(drawn, options=options.update(width=_UNBROKEN)).maximum
        prose = sum(
            max((len(show(row[at])) for row in self._table.rows), default=0)
            for at, column in enumerate(self._table.columns)
            if column.kind in (Kind.PROSE, Kind.SECTION)
        )
        return narrowest - max(prose - 20, 0) <= options.max_width

    def _drawn(self, columns: Iterable[int], broken: bool) -> RichTable:
        from rich import box
        from rich.table import Table as RichTable
        from rich.text import Text

        table, columns = self._table, list(columns)
        drawn = RichTable(
            title=Text(printable(table.title)) if table.title else None,
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD if table.headed else None,
            show_header=table.headed,
            pad_edge=False,
            padding=(0, 2, 0, 0),
            collapse_padding=True,
        )
        for at in columns:
            column = table.columns[at]
            drawn.add_column(
                Text(printable(column.title)),
                justify="right" if column.kind.is_number else "left",
                no_wrap=column.kind in (Kind.LABEL, Kind.LEVEL),
                min_width=len("uncertain") if column.kind is Kind.LABEL else None,
                overflow="fold",
            )
        first_average = len(table.rows) - table.averages
        for place, row in enumerate(table.rows):
            cells = [self._cell(row[at], table.columns[at].kind, broken) for at in columns]
            drawn.add_row(*cells, end_section=table.averages > 0 and place == first_average - 1)
        return drawn

    def _cell(self, value: Cell, kind: Kind, broken: bool) -> Text:
        from rich.text import Text

        if isinstance(value, Estimate) and broken and interval_of(value) and not self._table.terse:
            text = show(value, kind).replace(" (", "\n").replace(")", "")
            return Text(text.replace(" to ", "-"))
        text = printable(show(value, kind, interval=not self._table.terse))
        if kind is Kind.LABEL:
            return Text(text, style=f"bold {_COLOURS[Tone(text)]}")
        if kind is Kind.LEVEL:
            return Text(text, style=_LEVELS[Level(text)])
        return Text(text)
