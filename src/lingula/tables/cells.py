"""Columns as the text of CSV cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lingula.errors import InputError
from lingula.tables.arrays import string_array
from lingula.tables.json_cells import to_json

if TYPE_CHECKING:
    import pyarrow as pa


def cell_texts(column: pa.Array, name: str) -> pa.Array:
    """A column as pyarrow strings, without quoting; null stays null.

    Numbers read as Python and pandas write them (1.0, not 1), truth as True and False, lists and
    records as JSON.

    Raises:
        InputError: If the column holds bytes that are no text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as kind

    held = column.type
    if kind.is_dictionary(held):
        return cell_texts(pc.cast(column, held.value_type), name)
    if kind.is_string(held) or kind.is_null(held):
        return pc.cast(column, pa.string())
    if kind.is_floating(held) or kind.is_boolean(held):
        return _each_distinct(column)
    if kind.is_nested(held):
        texts = [None if value is None else to_json(value) for value in column.to_pylist()]
        return string_array(texts)
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            f"the column {name!r} ({held}) cannot be written as text; write Parquet instead"
        ) from error


def _each_distinct(column: pa.Array) -> pa.Array:
    encoded = column.dictionary_encode()
    # str of a number is the shortest text that reads back as the same number of its width.
    narrow: Callable[[Any], Any] = {"float": np.float32, "halffloat": np.float16}.get(
        str(column.type), _same
    )
    texts = [str(narrow(value)) for value in encoded.dictionary.to_pylist()]
    return string_array(texts).take(encoded.indices)


def _same(value: Any) -> Any:
    return value
