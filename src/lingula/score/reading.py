"""How tables of reports or of labels are read for scoring, and the reading itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lingula.errors import InputError, SchemaError
from lingula.labels import is_missing
from lingula.tables.formats import format_to_read
from lingula.tables.ids import check_duplicates, rows_of_ids, settled
from lingula.tables.label_table import LabelTable, read_label_table
from lingula.tables.label_values import LABEL_CODES
from lingula.tables.remote import local_path
from lingula.tables.report_table import (
    ReportTable,
    check_not_all_empty,
    read_report_lines,
    read_report_table,
)
from lingula.tables.usual_names import GENERATED_NAMES, REFERENCE_NAMES
from lingula.text.content import placeholder, reads_as_english


@dataclass(frozen=True)
class Reading:
    """How tables are read and matched.

    Attributes:
        id_columns: Column of the ids in every table, or of the references and of the others;
            found by its name if none is given.
        by_row_order: Match row i to row i; ids only name the rows of the per-report table.
        shared_only: Leave out ids that a table lacks, instead of failing.
        duplicates: What becomes of several rows with one id (``tables.ids.DUPLICATES``); "max" is
            for labels only.
        keep_empty: Whether references without a text count; they are left out if not.
        text_columns: Columns of the reports, joined; found by name if none is given.
        generated_text_columns: Those of the generated reports, if they have other names.
        label_codes: What numbers mean as labels (``label_values.LABEL_CODES``).

    Raises:
        InputError: If there are more than two id columns, or a choice is unknown.
    """

    id_columns: tuple[str, ...] = ()
    by_row_order: bool = False
    shared_only: bool = False
    duplicates: str = "fail"
    keep_empty: bool = False
    text_columns: tuple[str, ...] = ()
    generated_text_columns: tuple[str, ...] = ()
    label_codes: str = "chexpert"

    def __post_init__(self) -> None:
        if len(self.id_columns) > 2:
            raise InputError("name one id column, or one for the references and one for the others")
        check_duplicates(self.duplicates)
        if self.label_codes not in LABEL_CODES:
            raise InputError(f"label codes are {', '.join(LABEL_CODES)}, not {self.label_codes!r}")

    def id_column(self, position: int) -> str | None:
        """The id column of a table; the references are at position 0."""
        if not self.id_columns:
            return None
        return self.id_columns[0 if position == 0 else -1]


def read_reports(
    paths: Sequence[str | Path], reading: Reading, notes: list[str]
) -> list[ReportTable]:
    """Reports of the references (the first path) and of generators (the others).

    Several .txt files, and no table beside them, hold one report a line. A cell such as "n/a" or
    "to be dictated" (``text.content.placeholder``) is an empty report.

    Args:
        paths: Any form of table, or folders of .txt files.
        reading: How.
        notes: Gets a sentence on what was left out or is read otherwise than it stands.

    Raises:
        InputError: If a table cannot be read, has no row or only empty reports, or two sides are
            the same column.
        ColumnError: If a column is missing.
    """
    by_line = all(_is_text_file(path) for path in paths)
    tables: list[ReportTable] = []
    for position, path in enumerate(paths):
        if by_line:
            table = read_report_lines(path)
        else:
            table = read_report_table(
                path,
                text_columns=(position and reading.generated_text_columns) or reading.text_columns,
                id_column=reading.id_column(position),
                side_names=GENERATED_NAMES if position else REFERENCE_NAMES,
            )
        twin = next(
            (t for t in tables if (t.source, t.columns) == (table.source, table.columns)), None
        )
        if twin is not None:
            raise InputError(
                f"{table.source}: references and generated reports are the same column "
                f"{table.columns[0]!r}; name the two with --text-column and "
                "--generated-text-column"
            )
        table = _without_placeholders(table, notes)
        check_not_all_empty(table)
        notes += _foreign_note(table)
        tables.append(table if reading.by_row_order else _one_row_an_id(table, reading, notes))
    return tables


def read_labels(
    paths: Sequence[str | Path], reading: Reading, notes: list[str]
) -> list[LabelTable]:
    """Labels of the references (the first path) and of generators (the others).

    Raises:
        InputError: If a table cannot be read or has no row, or a cell is no label.
        ColumnError: If a column is missing.
        SchemaError: If one of the 14 observations is missing.
    """
    tables: list[LabelTable] = []
    for position, path in enumerate(paths):
        column = reading.id_column(position)
        table = read_label_table(
            path,
            id_column=column,
            by_row_order=reading.by_row_order and column is None,
            words=LABEL_CODES[reading.label_codes],
        )
        if not len(table):
            raise InputError(f"{table.source}: the table has a header but no rows")
        if table.missing:
            raise SchemaError(
                f"{table.source}: the conventions score CheXpert's 14 observations; the table "
                f"lacks {', '.join(table.missing)}"
            )
        notes += table.notes
        if not reading.by_row_order:
            kept, note = settled(table, reading.duplicates)
            notes += [note] if note else []
            table = kept if isinstance(kept, LabelTable) else table
        tables.append(table)
    return tables


def _is_text_file(path: str | Path) -> bool:
    local = local_path(Path(path))
    return local.is_file() and format_to_read(local).kind == "txt"


def _without_placeholders(table: ReportTable, notes: list[str]) -> ReportTable:
    words = [None if text is None else placeholder(text) for text in table.texts]
    found = [word for word in words if word is not None]
    if not found:
        return table
    shown = ", ".join(repr(word) for word in list(dict.fromkeys(found))[:3])
    cells = "1 cell stands" if len(found) == 1 else f"{len(found):,} cells stand"
    notes.append(f"{table.source}: {cells} for no report, such as {shown}: an empty report.")
    texts = (text if word is None else None for text, word in zip(table.texts, words, strict=True))
    return replace(table, texts=tuple(texts))


def _foreign_note(table: ReportTable) -> list[str]:
    """A sentence on reports that do not read as English, if there are some."""
    texts = [str(text) for text in table.texts if not is_missing(text)]
    count = sum(not reads_as_english(text) for text in texts)
    if not count:
        return []
    what = "1 report does" if count == 1 else f"{count:,} reports do"
    return [f"{table.source}: {what} not read as English; figures on them mean nothing."]


def _one_row_an_id(table: ReportTable, reading: Reading, notes: list[str]) -> ReportTable:
    if reading.duplicates == "max":
        raise InputError("--duplicates max is for labels; of reports the first or last can count")
    if table.ids is None or reading.duplicates == "fail":
        return table
    rows, _ = rows_of_ids(table.ids, reading.duplicates)
    extra = len(table) - len(rows)
    if not extra:
        return table
    what = "1 row repeats" if extra == 1 else f"{extra:,} rows repeat"
    notes.append(f"{table.source}: {what} an id; of each id the {reading.duplicates} counts.")
    return table.take(rows)
