"""Arrow arrays from Python text and from numpy numbers, by their buffers.

``pyarrow.array``, ``pyarrow.scalar`` and ``to_numpy`` would do, but they import pandas wherever
it is installed: half a second and 45 MB that are used for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa


def string_array(values: Sequence[str | None]) -> pa.Array:
    """Texts as a pyarrow string array; None is null.

    Raises:
        UnicodeEncodeError: If a text holds half of a surrogate pair.
        OverflowError: If the texts have 2 GiB or more in all.
    """
    import pyarrow as pa

    data = [b"" if value is None else value.encode() for value in values]
    offsets = np.zeros(len(data) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, data), dtype=np.int64, count=len(data)), out=offsets[1:])
    if offsets[-1] >= 2**31:
        raise OverflowError("the texts of one batch have 2 GiB or more")
    valid = None
    if None in values:
        there = np.fromiter(
            (value is not None for value in values), dtype=np.bool_, count=len(values)
        )
        valid = pa.py_buffer(np.packbits(there, bitorder="little"))
    buffers = [valid, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(b"".join(data))]
    return pa.Array.from_buffers(pa.string(), len(data), buffers)


def text_scalar(text: str | None, *, large: bool = False) -> pa.Scalar:
    """A text as a pyarrow string (or large_string), for functions that mix it with columns."""
    import pyarrow as pa

    array = string_array([text])
    return (array.cast(pa.large_string()) if large else array)[0]


def float32_array(
    values: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    """Numbers as a pyarrow float32 array, null where missing; both have shape (n,)."""
    import pyarrow as pa

    valid = None
    if missing is not None:
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    data = pa.py_buffer(np.ascontiguousarray(values, dtype=np.float32))
    return pa.Array.from_buffers(pa.float32(), len(values), [valid, data])


def int32_numbers(array: pa.Array) -> npt.NDArray[np.int32]:
    """A pyarrow int32 array without nulls as numpy numbers, shape (n,), not copied."""
    numbers = np.frombuffer(array.buffers()[1], dtype=np.int32)
    return numbers[array.offset : array.offset + len(array)]
