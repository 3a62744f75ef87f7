"""Files into the input of an audit: labels, and what is joined to them by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.audit.inputs import AuditInput, OtherLabels
from lingula.audit.joining import Joiner
from lingula.audit.known_tables import Columns, Layout, layout_of
from lingula.errors import ColumnError, InputError
from lingula.labels import Labels, Schema
from lingula.schemas import load_schema
from lingula.tables.columns import find_column, is_text_column, listed, usual_column
from lingula.tables.film_columns import PATH_NAMES
from lingula.tables.ids import check_duplicates, highest_classes, rows_of_ids
from lingula.tables.label_columns import (
    FoundLabels,
    labels_in_columns,
    labels_in_list,
    likely_schema,
    list_column,
)
from lingula.tables.label_table import left_out_notes
from lingula.tables.label_values import LABEL_CODES
from lingula.tables.reading import column_texts, read_table
from lingula.tables.report_table import report_texts
from lingula.tables.score_table import read_score_table

if TYPE_CHECKING:
    import pyarrow as pa

    from lingula.images.gray_ranges import GrayRanges


@dataclass(frozen=True)
class Files:
    """What to read.

    Attributes:
        labels: Table of the audited labels.
        reports: Table or folder of reports, or None.
        metadata: Table of further columns, or None.
        compare: Tables of other labels.
        truth: Table of expert labels, or None.
        schema: A schema's name or TOML file; told by the columns if not given.
        columns: Columns that the user names.
        text_columns: Columns of the report text; found by their names if not given.
        by_row_order: Match tables row by row instead of by id.
        label_codes: What numbers mean as labels (``label_values.LABEL_CODES``).
        duplicates: What becomes of several rows with one id in the tables that are joined
            (``tables.ids.DUPLICATES``); "max" is for labels only.
        related: Those of ``compare`` that were made with what made the audited labels.
        scores: Table of an image model's probabilities, or None.
        images: Folder of the images, or None.

    Raises:
        InputError: If a choice is unknown, or a related table is not compared.
    """

    labels: Path
    reports: Path | None = None
    metadata: Path | None = None
    compare: tuple[Path, ...] = ()
    truth: Path | None = None
    schema: str | None = None
    columns: Columns = field(default_factory=Columns)
    text_columns: tuple[str, ...] = ()
    by_row_order: bool = False
    label_codes: str = "chexpert"
    duplicates: str = "fail"
    related: tuple[Path, ...] = ()
    scores: Path | None = None
    images: Path | None = None

    def __post_init__(self) -> None:
        check_duplicates(self.duplicates)
        for path in self.related:
            if path not in self.compare:
                raise InputError(f"{path}: is said to be related, but is not compared (--compare)")


@dataclass(frozen=True, eq=False)
class AuditedTable:
    """The audited table and what was made of it, for writing a corrected one.

    Attributes:
        table: All columns as they are.
        found: Its labels.
        data: The input of the audit.
    """

    table: pa.Table
    found: FoundLabels
    data: AuditInput


def read_audit(files: Files) -> AuditedTable:
    """Read and join everything.

    Raises:
        InputError: If a file cannot be read or has no rows, or tables cannot be joined.
        ColumnError: If a column is missing.
        SchemaError: If the schema is unknown.
    """
    path = files.labels
    table = read_table(path)
    layout = layout_of(table, files.columns, str(path))
    schema = _schema(files.schema, layout, table)
    found = _labels(table, layout, schema, files)
    left = Joiner(table, layout, files.by_row_order, str(path))
    texts = _texts(table, left, files)
    metadata = _metadata(table, left, layout, found, files)
    splits = layout.splits
    if splits is None and metadata is not None and "split" in metadata.column_names:
        splits = layout_of(metadata, Columns(), str(path)).splits
    data = AuditInput(
        labels=found.labels,
        ids=() if layout.id is None else column_texts(table, layout.id),
        name=f"{layout.known} ({path.name})" if layout.known else path.name,
        unit="report" if texts is not None and layout.unit == "study" else layout.unit,
        patients=layout.patients,
        studies=layout.studies,
        splits=splits,
        texts=texts,
        metadata=metadata,
        compare=tuple(
            _other(other, name, left, found.labels, files)
            for other, name in zip(files.compare, _names(files.compare), strict=True)
        ),
        truth=None
        if files.truth is None
        else _other(files.truth, files.truth.name, left, found.labels, files),
        outside=found.outside,
        scores=None if files.scores is None else _scores(files.scores, left, found.labels, files),
        grays=None if files.images is None else _grays(table, files.images, path),
    )
    return AuditedTable(table, found, data)


def _schema(named: str | None, layout: Layout, table: pa.Table) -> Schema:
    if named is not None:
        return load_schema(named)
    if layout.schema is not None:
        return load_schema(layout.schema)
    return likely_schema(table.column_names)


def _labels(table: pa.Table, layout: Layout, schema: Schema, files: Files) -> FoundLabels:
    listing = layout.finding_list or list_column(table.column_names, schema)
    if listing is not None:
        return labels_in_list(table, listing, schema, layout.separator)
    words = LABEL_CODES[files.label_codes]
    return labels_in_columns(table, schema, str(files.labels), words)


def _texts(table: pa.Table, left: Joiner, files: Files) -> list[str | None] | None:
    if files.reports is not None:
        other = read_table(files.reports)
        joined = report_texts(other, files.text_columns, str(files.reports))
        how = files.duplicates if files.duplicates != "max" else "fail"
        at = left.positions(other, str(files.reports), files.columns.id, how)
        return [joined[place] if place >= 0 else None for place in at]
    if files.text_columns or any(map(is_text_column, table.column_names)):
        return report_texts(table, files.text_columns, str(files.labels))
    return None


def _metadata(
    table: pa.Table, left: Joiner, layout: Layout, found: FoundLabels, files: Files
) -> pa.Table | None:
    """The columns that are neither labels nor ids nor text, and those of the metadata file."""
    import pyarrow as pa

    listing = list_column(table.column_names, found.labels.schema)
    used = {*layout.used, *found.columns.values(), *([listing] if listing else [])}
    used |= {
        table.column_names[find_column(table.column_names, n, left.source)]
        for n in files.text_columns
        if files.reports is None
    }
    kept = [n for n in table.column_names if n not in used and not is_text_column(n)]
    # Lists and objects, as Parquet can hold them, are no groups.
    metadata = table.select([n for n in kept if not pa.types.is_nested(table.column(n).type)])
    if files.metadata is not None:
        other = read_table(files.metadata)
        new = [
            name
            for name in other.column_names
            if name not in table.column_names and not pa.types.is_nested(other.column(name).type)
        ]
        joined = left.columns(other, new, str(files.metadata), files.columns.id)
        for name, cells in joined.items():
            metadata = metadata.append_column(name, pa.array(cells, pa.string()))
    return metadata if metadata.num_columns else None


def _names(paths: Sequence[Path]) -> list[str]:
    """File names, or whole paths where two files have one name."""
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise InputError(f"{twice}: is given twice to be compared with")
    names = [path.name for path in paths]
    return [
        name if names.count(name) == 1 else str(path)
        for name, path in zip(names, paths, strict=True)
    ]


def _other(path: Path, name: str, left: Joiner, audited: Labels, files: Files) -> OtherLabels:
    """Another table's labels, brought to the audited rows and columns."""
    table = read_table(path)
    layout = layout_of(
        table, Columns(finding_list=None, separator=files.columns.separator), str(path)
    )
    found = _labels(table, layout, audited.schema, replace(files, labels=path))
    # A list names what is there; names that are no observation of the schema are left out of it.
    labels = found.strict(str(path)) if found.columns else _named_in_list(found.labels)
    at = left.positions(table, str(path), files.columns.id, files.duplicates)
    if files.duplicates == "max" and not files.by_row_order:
        _, group = rows_of_ids(left.ids_of(table, str(path), files.columns.id), "first")
        labels = Labels(labels.schema, highest_classes(labels.classes, group)[group])
    rows = np.flatnonzero(at >= 0)
    classes = np.zeros((len(rows), len(audited.schema)), dtype=np.int8)
    columns = np.zeros(len(audited.schema), dtype=np.bool_)
    for position, observation in enumerate(labels.schema.names):
        place = audited.schema.index(observation)
        classes[:, place] = labels.classes[at[rows], position]
        columns[place] = True
    if not columns.any():
        raise InputError(
            f"{path}: names none of the audited labels ({', '.join(audited.schema.names)})"
        )
    return OtherLabels(
        name,
        rows,
        Labels(audited.schema, classes),
        columns,
        related=path in files.related,
        notes=() if found.columns else left_out_notes(found.outside, path),
    )


def _scores(path: Path, left: Joiner, audited: Labels, files: Files) -> npt.NDArray[np.float64]:
    """A model's scores, brought to the audited rows and columns; NaN where there is none."""
    held = read_score_table(path, schema=audited.schema, by_row_order=True).scores
    at = left.positions(read_table(path), str(path), files.columns.id, files.duplicates)
    out = np.full((len(at), len(audited.schema)), np.nan)
    for position, observation in enumerate(held.schema.names):
        place = audited.schema.index(observation)
        out[:, place] = np.where(at >= 0, held.values[at, position], np.nan)
    return out


def _grays(table: pa.Table, root: Path, source: Path) -> GrayRanges:
    """Gray ranges of the images of the rows."""
    from lingula.images.gray_ranges import measure_gray_ranges
    from lingula.images.paths import resolve_files

    name = usual_column(table.column_names, PATH_NAMES)
    if name is None:
        raise ColumnError(
            f"{source}: no column is named as columns of paths are ({', '.join(PATH_NAMES[:5])}, "
            f"...), so its images cannot be found; {listed(table.column_names)}"
        )
    return measure_gray_ranges(resolve_files(column_texts(table, name), root, str(source)))


def _named_in_list(labels: Labels) -> Labels:
    """The labels of a list, of the observations that it names at all."""
    named = np.flatnonzero((labels.classes != 0).any(axis=0))
    names = [labels.schema.names[at] for at in named.tolist()]
    schema = labels.schema.restrict(names)
    return Labels(schema, labels.classes[:, [labels.schema.index(name) for name in schema.names]])
