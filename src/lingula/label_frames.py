"""Labels at the border: from and to the tables of pandas, polars and Arrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError, MissingExtraError, SchemaError
from lingula.observations import Schema

Floats = npt.NDArray[np.float64]


def polars_frame(table: Any) -> Any:
    """A pyarrow Table as a polars DataFrame.

    Raises:
        MissingExtraError: If polars is not installed.
    """
    try:
        import polars
    except ImportError:
        raise MissingExtraError("Labels.to_polars()", "polars") from None
    return polars.from_arrow(table)


def arrow_values(table: Any, schema: Schema | str | None) -> tuple[Schema, Floats]:
    """The label columns of a table that Arrow can read, by name.

    Args:
        table: A pyarrow Table or RecordBatch, or whatever exports an Arrow stream
            (``__arrow_c_stream__``: polars, pandas from 2.2, DuckDB, ...).
        schema: The observations, or the name or file of a schema; chexpert14 if not given.

    Returns:
        The schema, and float64 values of shape (n, k): NaN where a cell is null or NaN.

    Raises:
        ColumnError: If an observation has no column, or two.
        InputError: If it is no table, or a column holds no numbers.
        SchemaError: If there is no such schema.
    """
    import pyarrow as pa

    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    elif hasattr(table, "__arrow_c_stream__") and not isinstance(table, pa.Table):
        table = pa.table(table)
    if not isinstance(table, pa.Table):
        raise InputError(f"{type(table).__name__} is no Arrow table")

    def numbers(column: str) -> Floats:
        try:
            cells = table.column(column).cast(pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise _no_numbers(column) from None
        found: Floats = cells.to_numpy()
        return found

    return _read(table.column_names, len(table), schema, numbers)


def pandas_values(frame: Any, schema: Schema | str | None) -> tuple[Schema, Floats]:
    """The same of a pandas DataFrame; NaN, NA and None are blank.

    Raises:
        ColumnError: If an observation has no column, or two.
        InputError: If it is no DataFrame, or a column holds no numbers.
        SchemaError: If there is no such schema.
    """
    if not hasattr(frame, "columns") or not hasattr(frame, "iloc"):
        raise InputError(f"{type(frame).__name__} is no pandas DataFrame")
    names = [str(name) for name in frame.columns]

    def numbers(column: str) -> Floats:
        cells = frame.iloc[:, names.index(column)]
        try:
            found: Floats = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise _no_numbers(column) from None
        return found

    return _read(names, len(frame), schema, numbers)


def _read(
    columns: Sequence[str], rows: int, schema: Schema | str | None, numbers: Callable[[str], Floats]
) -> tuple[Schema, Floats]:
    if not isinstance(schema, Schema):
        from lingula.schemas import load_schema

        schema = load_schema("chexpert14" if schema is None else schema)
    found = [(schema.index(name), name) for name in columns if name in schema]
    counts = Counter(place for place, _ in found)
    twice = [name for place, name in found if counts[place] > 1]
    if twice:
        raise ColumnError(
            f"these columns are one observation: {', '.join(twice)}; drop all but one"
        )
    of_place = dict(found)
    missing = [name for place, name in enumerate(schema.names) if place not in of_place]
    if missing:
        cure = (
            "for a table with some of them, pass schema.restrict([...])"
            if len(missing) < len(schema)
            else f"it has {', '.join(columns) or 'none'}"
        )
        raise ColumnError(
            f"the table lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} of the "
            f"schema {schema.name!r}; {cure}"
        )
    values = np.empty((rows, len(schema)), dtype=np.float64)
    for place in range(len(schema)):
        values[:, place] = numbers(of_place[place])
    return schema, values


def _no_numbers(column: str) -> SchemaError:
    return SchemaError(
        f"column {column!r} holds no numbers; labels are 1, 0, -1 or blank (tables with words are "
        "read from files, by every command)"
    )
