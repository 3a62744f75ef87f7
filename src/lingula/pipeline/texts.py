"""Which sections of joined texts are labeled, and where a place in a joined text is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lingula.errors import ColumnError
from lingula.tables.columns import is_section_column
from lingula.tables.report_table import JOINT, is_blank
from lingula.text.sections import DEFAULT_SECTIONS, select_sections

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER = r"^\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*$"


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

    filled = texts.filter(pc.invert(is_blank(texts)))
    if len(filled) and pc.all(pc.match_substring_regex(filled, _NUMBER)).as_py():
        raise ColumnError(
            f"{source}: the column {column!r} holds numbers, not text; "
            "name the text's column with --text-column"
        )
