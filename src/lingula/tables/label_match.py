"""Bring tables of labels and scores to the same rows and observations, or say why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError
from lingula.labels import Schema

if TYPE_CHECKING:
    from typing_extensions import Self

_SHOWN = 3


class Matchable(Protocol):
    """A table of labels or of scores."""

    @property
    def source(self) -> str:
        """Where it was read."""
        ...

    @property
    def schema(self) -> Schema:
        """The observations that it has."""
        ...

    @property
    def missing(self) -> tuple[str, ...]:
        """Observations of the wanted schema that it lacks."""
        ...

    @property
    def ids(self) -> npt.NDArray[np.object_] | None:
        """One a row."""
        ...

    def __len__(self) -> int: ...

    def take(self, rows: npt.NDArray[np.intp], observations: Sequence[str]) -> Self:
        """Some rows and observations."""
        ...


Table = TypeVar("Table", bound=Matchable)


@dataclass(frozen=True, eq=False)
class MatchedTables(Generic[Table]):
    """Tables of the same n rows and the same k observations, in one order.

    Attributes:
        tables: One a table that was given, in the order given; rows in the first table's order.
        left_out_observations: Observations that not every table has.
        left_out_rows: For each table, how many rows were dropped because another lacks their id
            (only with ``shared_only``).
    """

    tables: tuple[Table, ...]
    left_out_observations: tuple[str, ...]
    left_out_rows: tuple[int, ...]


def match_label_tables(
    tables: Sequence[Table], *, by_row_order: bool = False, shared_only: bool = False
) -> MatchedTables[Table]:
    """Match rows by id (or by their order, if asked) and columns by observation.

    Args:
        tables: At least two tables of one schema.
        by_row_order: Row i of each table is the same report; ids are not looked at.
        shared_only: Drop rows whose id is not in every table, instead of failing.

    Raises:
        InputError: If a table has no rows or no ids, an id occurs twice, ids do not match, or, by
            row order, the tables differ in length. The message names the table and some ids.
        ColumnError: If the tables share no observation.
    """
    for table in tables:
        if not len(table):
            raise InputError(f"{table.source}: the table has a header but no rows")
    shared = [
        name
        for name in tables[0].schema.names
        if all(name in table.schema.names for table in tables)
    ]
    if not shared:
        raise ColumnError(
            f"{tables[0].source} and {tables[-1].source} share no observation: "
            f"{', '.join(tables[0].schema.names)} against "
            f"{', '.join(tables[-1].schema.names)}"
        )
    rows = _by_order(tables) if by_row_order else _by_id(tables, shared_only)
    named = {name for table in tables for name in (*table.schema.names, *table.missing)}
    return MatchedTables(
        tuple(table.take(index, shared) for table, index in zip(tables, rows, strict=True)),
        tuple(sorted(named - set(shared))),
        tuple(len(table) - len(index) for table, index in zip(tables, rows, strict=True)),
    )


def _by_order(tables: Sequence[Matchable]) -> list[npt.NDArray[np.intp]]:
    for table in tables[1:]:
        if len(table) != len(tables[0]):
            raise InputError(
                f"by row order the tables need the same length: {tables[0].source} has "
                f"{len(tables[0])} rows, {table.source} has {len(table)}"
            )
    return [np.arange(len(table)) for table in tables]


def _by_id(tables: Sequence[Matchable], shared_only: bool) -> list[npt.NDArray[np.intp]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = []
    for table in tables:
        if table.ids is None:
            raise InputError(
                f"{table.source}: no id column was found; name it (--id-column), or match the "
                "tables by their row order if you are sure of it (--by-row-order)"
            )
        array = pa.array(table.ids, pa.string())
        _check_unique(table.source, array)
        ids.append(array)
    # Position of each of the first table's ids in the others; null where it is not there.
    positions = [pc.index_in(ids[0], value_set=other) for other in ids[1:]]
    in_all = np.ones(len(ids[0]), dtype=np.bool_)
    for found in positions:
        in_all &= found.is_valid().to_numpy(zero_copy_only=False)
    if not in_all.any():
        raise InputError(
            f"{tables[0].source} and the other tables share no id: {_examples(ids[0])} against "
            f"{_examples(ids[-1])}; is the id column the right one?"
        )
    if not shared_only:
        for other, array, found in zip(tables[1:], ids[1:], positions, strict=True):
            _check_same(tables[0].source, ids[0], other.source, array, found)
    rows = [np.flatnonzero(in_all)]
    rows.extend(
        found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)[in_all]
        for found in positions
    )
    return rows


def _check_unique(source: str, ids: object) -> None:
    import pyarrow.compute as pc

    if pc.count_distinct(ids).as_py() == len(ids):  # type: ignore[arg-type]
        return
    counts = pc.value_counts(ids)
    repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    raise InputError(
        f"{source}: {_number(len(repeated), 'id')} more than once: {_examples(repeated)}"
    )


def _check_same(first: str, ids: object, second: str, other: object, found: object) -> None:
    import pyarrow.compute as pc

    lacking = pc.filter(ids, pc.is_null(found))
    surplus = pc.filter(other, pc.invert(pc.is_in(other, value_set=ids)))
    parts = []
    if len(lacking):
        parts.append(f"{_number(len(lacking), 'id')} only in {first}: {_examples(lacking)}")
    if len(surplus):
        parts.append(f"{_number(len(surplus), 'id')} only in {second}: {_examples(surplus)}")
    if parts:
        raise InputError(
            "; ".join(parts) + ". Complete the tables, or evaluate the ids that they share "
            "(--shared-ids)"
        )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun} is" if count == 1 else f"{count} {noun}s are"


def _examples(ids: object) -> str:
    shown = [repr(value) for value in ids.slice(0, _SHOWN).to_pylist()]  # type: ignore[attr-defined]
    more = len(ids) - len(shown)  # type: ignore[arg-type]
    return ", ".join(shown) + (f" and {more} more" if more else "")
