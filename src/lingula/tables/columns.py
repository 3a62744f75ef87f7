"""Which columns hold the text and the id, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lingula.errors import ColumnError

if TYPE_CHECKING:
    import pyarrow as pa

#: Names of text columns, in lower case, the first that a table has is taken.
TEXT_NAMES: tuple[str, ...] = (
    "report impression",
    "impression",
    "findings",
    "conclusion",
    "report",
    "text",
    "radiology report",
    "radiology_report",
    "report_text",
    "report text",
    "reports",
    "full_report",
    "note_text",
)

#: Text columns that hold one section already, so that no section is looked for in them.
SECTION_COLUMNS: frozenset[str] = frozenset(
    {"report impression", "impression", "findings", "conclusion"}
)

#: Names of id columns, in lower case, the first that a table has is taken.
ID_NAMES: tuple[str, ...] = (
    "id",
    "uid",
    "report_id",
    "report id",
    "note_id",
    "study_id",
    "study",
    "accession_number",
    "accession number",
    "accession",
)

#: Column names longer than this are not shown: they may be the text of a report, in a table
#: whose header is missing.
SHOWN_CHARACTERS = 40


def choose_text_columns(schema: pa.Schema, named: Sequence[str], source: str) -> tuple[int, ...]:
    """Positions of the columns whose text is labeled, in the order in which it is joined.

    Args:
        schema: The table's columns.
        named: Names that the user gave; if none, the column is found by its name, and a table
            with both findings and impression gives both.
        source: The table, as messages name it.

    Raises:
        ColumnError: If a column is missing, occurs twice, holds no text, or none is found.
    """
    if named:
        chosen = [find_column(schema, name, source) for name in named]
        if len(set(chosen)) < len(chosen):
            raise ColumnError(f"{source}: the same text column is named twice")
    else:
        chosen = _found_by_name(schema, source)
    for position in chosen:
        _require_text(schema.field(position), source)
    return tuple(chosen)


def choose_id_column(schema: pa.Schema, named: str | None, source: str) -> int | None:
    """Position of the column of ids; None if none was named and none is found by its name.

    Raises:
        ColumnError: If the named column is missing or occurs twice.
    """
    if named is not None:
        return find_column(schema, named, source)
    names = [_key(name) for name in schema.names]
    return next((names.index(name) for name in ID_NAMES if name in names), None)


def find_column(schema: pa.Schema, name: str, source: str) -> int:
    """Position of a column by its exact name, or else by its name in any case.

    Raises:
        ColumnError: If it is missing or cannot be told from another.
    """
    exact = [at for at, held in enumerate(schema.names) if held == name]
    found = exact or [at for at, held in enumerate(schema.names) if _key(held) == _key(name)]
    if len(found) > 1:
        raise ColumnError(f"{source}: the column {name!r} occurs {len(found)} times; rename one")
    if not found:
        raise ColumnError(f"{source}: has no column {name!r}; {_listed(schema)}")
    return found[0]


def is_section_column(name: str) -> bool:
    """Whether a column of that name holds one section of reports."""
    return _key(name) in SECTION_COLUMNS


def shown(name: str) -> str:
    """A column's name, or its length if it may be text of a report."""
    if len(name) > SHOWN_CHARACTERS:
        return f"(a name of {len(name)} characters)"
    return repr(name)


def _found_by_name(schema: pa.Schema, source: str) -> list[int]:
    names = {_key(name) for name in schema.names}
    if "report impression" not in names and {"findings", "impression"} <= names:
        return [find_column(schema, name, source) for name in ("findings", "impression")]
    for name in TEXT_NAMES:
        if name in names:
            return [find_column(schema, name, source)]
    hint = ""
    if len(schema.names) == 1:
        hint = "; if its first line is a report already, add --no-header"
        if ";" in schema.names[0]:
            hint = "; if semicolons separate its cells, add --delimiter ';'"
    raise ColumnError(
        f"{source}: no column is named as text columns are ({', '.join(TEXT_NAMES[:6])}); "
        f"name it with --text-column; {_listed(schema)}{hint}"
    )


def _require_text(field: pa.Field, source: str) -> None:
    import pyarrow.types as kind

    from lingula.tables.json_cells import is_json_field

    held = field.type
    if kind.is_dictionary(held):
        held = held.value_type
    text = kind.is_string(held) or kind.is_large_string(held) or kind.is_null(held)
    if is_json_field(field) or not (text or str(held) == "string_view"):
        kind_name = "values of several kinds" if is_json_field(field) else f"{held} values"
        raise ColumnError(f"{source}: the column {shown(field.name)} holds {kind_name}, not text")


def _key(name: str) -> str:
    return name.strip().casefold()


def _listed(schema: pa.Schema) -> str:
    names = [shown(name) for name in schema.names[:30]]
    if len(schema.names) > 30:
        names.append(f"and {len(schema.names) - 30} more")
    return f"the columns are {', '.join(names)}" if len(names) > 1 else f"its column is {names[0]}"
