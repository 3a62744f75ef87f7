"""What a table's columns are for, told by their names: the one place where that is guessed.

Names are compared without case and without white space around them; of a role's names the first
that a table has is taken, and what the user names wins over all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lingula.errors import ColumnError
from lingula.tables.usual_names import (
    ID_NAMES,
    PAIRS,
    SECTION_COLUMNS,
    TEXT_NAMES,
    USUAL_NAMES,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from lingula.labels import Schema

#: Column names longer than this are not shown: they may be the text of a report, in a table
#: whose header is missing.
SHOWN_CHARACTERS = 40


def choose_text_columns(
    schema: pa.Schema, named: Sequence[str], source: str, first: Sequence[str] = ()
) -> tuple[int, ...]:
    """Positions of the columns whose text is labeled, in the order in which it is joined.

    Args:
        schema: The table's columns.
        named: Names that the user gave; if none, the column is found by its name, and a table
            with both findings and impression gives both.
        source: The table, as messages name it.
        first: Names to look for before the usual ones, such as ``REFERENCE_NAMES``.

    Raises:
        ColumnError: If a column is missing, occurs twice, holds no text, or none is found.
    """
    side = None if named else usual_column(schema.names, first)
    if named or side is not None:
        wanted = named if side is None else [side]
        chosen = [find_column(schema.names, name, source) for name in wanted]
        if len(set(chosen)) < len(chosen):
            raise ColumnError(f"{source}: the same text column is named twice")
    else:
        chosen = _found_by_name(schema.names, source)
    for position in chosen:
        _require_text(schema.field(position), source)
    return tuple(chosen)


def choose_id_column(schema: pa.Schema, named: str | None, source: str) -> int | None:
    """Position of the column of ids; None if none was named and none is found by its name.

    Raises:
        ColumnError: If the named column is missing or occurs twice.
    """
    wanted = usual_column(schema.names, ID_NAMES) if named is None else named
    return None if wanted is None else find_column(schema.names, wanted, source, "id")


def shared_id_column(tables: Sequence[Sequence[str]]) -> str | None:
    """The first of ``ID_NAMES`` that every list of column names has, or None."""
    folded = [{_key(name) for name in names} for names in tables]
    return next((name for name in ID_NAMES if all(name in names for names in folded)), None)


def usual_column(names: Sequence[str], role: Sequence[str]) -> str | None:
    """The column of a role, by the first of its usual names (in lower case) that is there."""
    folded = {_key(name): name for name in reversed(names)}
    return next((folded[name] for name in role if name in folded), None)


def observation_columns(names: Sequence[str], schema: Schema, source: str) -> dict[str, str]:
    """Observation -> column, in the schema's order, of the observations that a table has.

    Raises:
        ColumnError: If no column is an observation, or two are the same one.
    """
    columns: dict[int, str] = {}
    for name in names:
        if name not in schema:
            continue
        position = schema.index(name)
        if position in columns:
            raise ColumnError(
                f"{source}: the columns {columns[position]!r} and {name!r} are both "
                f"{schema.names[position]!r}; drop or rename one"
            )
        columns[position] = name
    if not columns:
        raise ColumnError(
            f"{source}: no column is an observation of the schema {schema.name!r} "
            f"({', '.join(schema.names)}); {listed(names)}. Name another schema (--schema)"
        )
    return {schema.names[position]: columns[position] for position in sorted(columns)}


def find_column(names: Sequence[str], wanted: str, source: str, role: str = "") -> int:
    """Position of a column by its exact name, or else by its name in any case.

    Args:
        names: The table's columns.
        wanted: The name to look for.
        source: The table, as messages name it.
        role: What the column is for, as messages say it ("patient").

    Raises:
        ColumnError: If it is missing or cannot be told from another.
    """
    exact = [at for at, held in enumerate(names) if held == wanted]
    found = exact or [at for at, held in enumerate(names) if _key(held) == _key(wanted)]
    if len(found) > 1:
        raise ColumnError(f"{source}: the column {wanted!r} occurs {len(found)} times; rename one")
    if not found:
        kind = f"{role} column" if role else "column"
        raise ColumnError(f"{source}: has no {kind} {wanted!r}; {listed(names)}")
    return found[0]


def require_distinct(names: Sequence[str], source: str) -> None:
    """Refuse a table of which two columns have one name.

    Raises:
        ColumnError: If a name occurs twice.
    """
    for name in names:
        if names.count(name) > 1:
            raise ColumnError(f"{source}: the column {shown(name)} occurs twice; rename one")


def headless_names(first: Sequence[str]) -> tuple[str, ...]:
    """Column names of a table without a header whose first row is an id and a report.

    Empty if that row may be a header: unless it has two cells, one of words as a sentence has
    (four, or a full stop after two) and one without a space, and neither is a usual name.
    """
    if len(first) != 2 or any(_key(cell) in USUAL_NAMES for cell in first):
        return ()
    texts = [
        len(cell.split()) >= 4 or (len(cell.split()) >= 2 and cell.rstrip().endswith("."))
        for cell in first
    ]
    alone = [bool(cell.strip()) and " " not in cell.strip() for cell in first]
    if texts == [False, True] and alone[0]:
        return ("id", "text")
    return ("text", "id") if texts == [True, False] and alone[1] else ()


def is_text_column(name: str) -> bool:
    """Whether a column of that name usually holds reports."""
    return _key(name) in TEXT_NAMES


def is_section_column(name: str) -> bool:
    """Whether a column of that name holds one section of reports."""
    return _key(name) in SECTION_COLUMNS


def shown(name: str) -> str:
    """A column's name, or its length if it may be text of a report."""
    if len(name) > SHOWN_CHARACTERS:
        return f"(a name of {len(name)} characters)"
    return repr(name)


def listed(names: Sequence[str]) -> str:
    """The columns of a table, for messages; the first thirty of many."""
    parts = [shown(name) for name in names[:30]] or ["none"]
    if len(names) > 30:
        parts.append(f"and {len(names) - 30} more")
    return f"the columns are {', '.join(parts)}" if len(parts) > 1 else f"its column is {parts[0]}"


def _found_by_name(names: Sequence[str], source: str) -> list[int]:
    keys = {_key(name) for name in names}
    for pair in PAIRS:
        if "report impression" not in keys and keys.issuperset(pair):
            # MIMIC-CXR's table has a last paragraph for reports with neither of the two.
            more = [name for name in ("last_paragraph",) if name in keys]
            return [find_column(names, name, source) for name in (*pair, *more)]
    usual = usual_column(names, TEXT_NAMES)
    if usual is not None:
        return [find_column(names, _key(usual), source)]
    hint = ""
    if len(names) == 1:
        hint = "; if its first line is a report already, add --no-header"
        if ";" in names[0]:
            hint = "; if semicolons separate its cells, add --delimiter ';'"
    raise ColumnError(
        f"{source}: no column is named as text columns are ({', '.join(TEXT_NAMES[:6])}); "
        f"name it with --text-column; {listed(names)}{hint}"
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
