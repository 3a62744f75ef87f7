"""One door to every reader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lingula.errors import InputError
from lingula.tables.columns import headless_names
from lingula.tables.csv_source import CsvSource
from lingula.tables.dicom_source import DicomSource
from lingula.tables.excel_source import ExcelSource
from lingula.tables.folder_source import FolderSource
from lingula.tables.formats import TableFormat, format_to_read
from lingula.tables.hl7_source import Hl7Source
from lingula.tables.json_source import JsonSource
from lingula.tables.jsonl_source import JsonlSource
from lingula.tables.parquet_source import ParquetSource
from lingula.tables.remote import local_path
from lingula.tables.source import BATCH_ROWS, TableSource

#: Sources of records whose columns are learned from them.
_RECORDS: dict[str, type[JsonlSource]] = {
    "jsonl": JsonlSource,
    "json": JsonSource,
    "hl7": Hl7Source,
    "dicom": DicomSource,
}


def open_source(
    path: Path,
    *,
    name: str | None = None,
    table_format: TableFormat | None = None,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    header: bool = True,
    skip_bad_rows: bool = False,
    batch_rows: int = BATCH_ROWS,
) -> TableSource:
    """A table or folder of reports, looked through once for rows that cannot be read.

    Args:
        path: A CSV, TSV, Parquet, JSON Lines, JSON or Excel file (the text forms also as .gz,
            .bz2, .xz, .zst, or alone in a .zip), HL7 v2 messages (.hl7), a DICOM structured report
            (.dcm), a .txt file of one report, or a folder of them; or the address of a file
            (``remote``).
        name: The source, as messages name it; its path if not given.
        table_format: The form of a file; told by its name if not given.
        delimiter: What separates the cells of CSV and TSV; told by the header if not given.
        encoding: Of the text forms.
        header: Whether the first row of CSV or TSV holds the column names. Two columns of which
            the first row shows a report beside a word, and whose words are all different, are id
            and text without a header all the same.
        skip_bad_rows: Whether bad rows are left out instead of raising.
        batch_rows: Rows of a batch at most.

    Raises:
        InputError: If there is no such file or folder, or it cannot be read as asked.
    """
    name = str(path) if name is None else name
    path = local_path(path)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise InputError(f"{delimiter!r} cannot separate cells; one character such as ';' can")
    table_format = format_to_read(path) if table_format is None and path.is_file() else table_format
    if path.is_dir() or (table_format is not None and table_format.kind == "txt"):
        return FolderSource(
            path,
            name=name,
            encoding=encoding,
            skip_bad_rows=skip_bad_rows,
            batch_rows=batch_rows,
        )
    if not path.exists():
        raise InputError(f"{name}: there is no such file or folder")
    table_format = format_to_read(path) if table_format is None else table_format
    if table_format.kind == "xlsx":
        return ExcelSource(path, name=name, batch_rows=batch_rows)
    if table_format.kind == "parquet":
        return ParquetSource(path, name=name, batch_rows=batch_rows)
    if table_format.kind in _RECORDS:
        return _RECORDS[table_format.kind](
            path,
            name=name,
            encoding=encoding,
            skip_bad_rows=skip_bad_rows,
            batch_rows=batch_rows,
        )

    def csv_source(names: Sequence[str] | None) -> CsvSource:
        return CsvSource(
            path,
            name=name,
            kind=table_format.kind,
            delimiter=delimiter,
            encoding=encoding,
            names=names,
            skip_bad_rows=skip_bad_rows,
            batch_rows=batch_rows,
        )

    source = csv_source(None if header else ())
    names = headless_names(source.schema.names) if header else ()
    if names:
        headless = csv_source(names)
        if _distinct(headless, names.index("id")):
            return headless
    return source


def _distinct(source: CsvSource, column: int) -> bool:
    seen: set[str] = set()
    for batch in source.batches():
        seen.update(batch.column(column).to_pylist())
    return len(seen) == source.rows
