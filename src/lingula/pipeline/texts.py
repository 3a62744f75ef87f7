"""The texts of a batch of rows, of one column or of several joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lingula.errors import ColumnError
from lingula.tables.arrays import text_scalar
from lingula.tables.columns import is_section_column
from lingula.text.sections import DEFAULT_SECTIONS, select_sections

if TYPE_CHECKING:
    import pyarrow as pa

#: Between joined columns: a blank line, so that no sentence runs on from one into the next.
JOINT = "\n\n"

_NUMBER = r"^\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*$"


def texts_of(batch: pa.RecordBatch, columns: Sequence[int]) -> pa.Array:
    """The text of each row, as pyarrow strings; null where there is none.

    Several columns are joined by a blank line; those without a text are left out.
    """
    import pyarrow.compute as pc

    joined = _plain(batch.column(columns[0]))
    if len(columns) == 1:
        return joined
    nothing = text_scalar("")
    joined = pc.fill_null(joined, nothing)
    for position in columns[1:]:
        piece = pc.fill_null(_plain(batch.column(position)), nothing)
        both = pc.binary_join_element_wise(joined, piece, text_scalar(JOINT))
        both = pc.if_else(_is_blank(joined), piece, both)
        joined = pc.if_else(_is_blank(piece), joined, both)
    return pc.if_else(_is_blank(joined), text_scalar(None), joined)


def chosen_sections(
    sections: Sequence[str] | str | None, columns: Sequence[str]
) -> tuple[str, ...] | None:
    """The sections that are taken out of a text of these columns; None for the text as it is.

    Args:
        sections: Names, one name, None, or "auto": findings and impression, but the text as it is
            if every column is named for a section.
        columns: Names of the columns.

    Raises:
        InputError: If a name is unknown; before any work is done.
    """
    if sections == "auto":
        return None if columns and all(map(is_section_column, columns)) else DEFAULT_SECTIONS
    if sections is None:
        return None
    wanted = (sections,) if isinstance(sections, str) else tuple(sections)
    select_sections("", wanted)
    return wanted


def locate(pieces: Sequence[str | None], offset: int) -> tuple[int, int]:
    """Where a place in a joined text is: which piece, and the offset in it.

    Args:
        pieces: The texts of one row's columns, as they are.
        offset: Characters from the start of the text that ``texts_of`` joins of them.
    """
    if len(pieces) == 1:
        return 0, offset
    place = (0, offset)
    for position, piece in enumerate(pieces):
        if piece is None or not piece.strip():
            continue
        place = (position, offset)
        if offset < len(piece):
            break
        offset -= len(piece) + len(JOINT)
    return place


def require_words(texts: pa.Array, column: str, source: str) -> None:
    """Refuse a text column whose every cell is a number.

    Raises:
        ColumnError: If no cell holds anything but a number.
    """
    import pyarrow.compute as pc

    filled = texts.filter(pc.invert(_is_blank(texts)))
    if len(filled) and pc.all(pc.match_substring_regex(filled, _NUMBER)).as_py():
        raise ColumnError(
            f"{source}: the column {column!r} holds numbers, not text; "
            "name the text's column with --text-column"
        )


def _plain(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    return pc.cast(column, pa.string())


def _is_blank(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.equal(pc.utf8_trim_whitespace(texts), text_scalar(""))
