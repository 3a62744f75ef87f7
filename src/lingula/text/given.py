"""Texts as Python hands them over: whatever holds a column of them becomes a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from lingula.errors import InputError

_CURE = 'pass a list of texts, such as ["No pneumothorax."], or one column of a table'


def as_texts(texts: Any) -> list[str | None]:
    """n texts as a list of str, None where a text is missing.

    Taken are lists, tuples, generators and other iterables, numpy arrays of one axis, pyarrow
    Arrays and ChunkedArrays, pandas and polars Series, and columns of Hugging Face ``datasets``.
    None, NaN, pandas' NA and NaT and null are missing.

    Raises:
        InputError: If it is one text, bytes, a mapping, a set or a whole table, none of which
            says what n texts in which order are meant; or if an item is neither a text nor
            missing. The message says what to pass.
    """
    _refuse(texts)
    if not isinstance(texts, (list, tuple)):
        for method in ("to_pylist", "tolist", "to_list"):
            # Arrow; numpy and pandas; polars. Their own lists hold plain Python values.
            if callable(getattr(texts, method, None)):
                texts = getattr(texts, method)()
                break
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        raise InputError(f"{type(texts).__name__} holds no texts; {_CURE}")
    return [text if type(text) is str else _one(text, row) for row, text in enumerate(texts, 1)]


def as_text_pairs(
    first: Any, second: Any, names: tuple[str, str]
) -> tuple[list[str | None], list[str | None], list[str] | None]:
    """Two sides of n texts each: sequences as ``as_texts`` takes, or two mappings of id to text.

    A mapping's value is a text, or a list of one. Ids are matched, in the first one's order.

    Args:
        first: The first side.
        second: The second side.
        names: What messages call the two.

    Returns:
        Both sides, and the ids where they are known.

    Raises:
        InputError: If only one side is a mapping, their ids differ, or a side holds no texts.
    """
    if not isinstance(first, Mapping) and not isinstance(second, Mapping):
        return as_texts(first), as_texts(second), None
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        raise InputError(
            f"{names[0]} and {names[1]} must both be mappings of id to text, or both lists"
        )
    for one, other, name in ((first, second, names[0]), (second, first, names[1])):
        lacking = [key for key in one if key not in other]
        if lacking:
            shown = ", ".join(repr(key) for key in lacking[:3])
            raise InputError(f"{len(lacking)} ids are in {name} only, such as {shown}")
    sides = [[_alone(side[key]) for key in first] for side in (first, second)]
    return as_texts(sides[0]), as_texts(sides[1]), [str(key) for key in first]


def _refuse(texts: Any) -> None:
    if isinstance(texts, str):
        raise InputError(f"one text was passed where several are expected; {_CURE}")
    if isinstance(texts, (bytes, bytearray, memoryview)):
        raise InputError(f"bytes are no text: decode them first; {_CURE}")
    if isinstance(texts, (Mapping, set, frozenset)):
        raise InputError(f"a {type(texts).__name__} is no list of texts; {_CURE}")
    # Tables of pandas, polars, pyarrow and datasets name their columns; one column does not.
    if hasattr(texts, "columns") or hasattr(texts, "column_names"):
        raise InputError(
            f'a whole {type(texts).__name__} was passed; pass one column, such as table["report"]'
        )
    if getattr(texts, "ndim", 1) != 1:
        raise InputError(f"an array of texts must have one axis, not {texts.ndim}; {_CURE}")


def _one(text: Any, row: int) -> str | None:
    if isinstance(text, str):
        return str(text)
    if text is None or type(text).__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(text, (float, np.floating)) and np.isnan(text):
        return None
    if hasattr(text, "as_py"):
        return _one(text.as_py(), row)
    raise InputError(f"text {row}: a report must be a text or None, not {type(text).__name__}")


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
