"""Match the rows of tables by id, or by their order if asked, or say why that fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.tables.ids import comparable_ids

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 3


class HasRows(Protocol):
    """A table of anything."""

    @property
    def source(self) -> str:
        """Where it was read."""
        ...

    @property
    def ids(self) -> Sequence[str] | npt.NDArray[np.object_] | None:
        """One a row, or None if there is no id column."""
        ...

    def __len__(self) -> int: ...


def match_rows(
    tables: Sequence[HasRows],
    *,
    by_row_order: bool = False,
    shared_only: bool = False,
    if_apart: str = "Complete the tables, or evaluate the ids that they share (--shared-ids)",
    if_repeated: str = "",
    notes: list[str] | None = None,
) -> list[npt.NDArray[np.intp]]:
    """Positions of the same n rows in each table, in the first table's order.

    Args:
        tables: At least two.
        by_row_order: Row i of each table is the same report; ids are not looked at.
        shared_only: Drop rows whose id is not in every table, instead of failing.
        if_apart: What a message advises where ids are in one table only.
        if_repeated: What a message advises where an id occurs twice in a table.
        notes: Gets a sentence if ids are not compared as they are (``ids.comparable_ids``).

    Raises:
        InputError: If a table has no ids, an id occurs twice, ids do not match, or, by row order,
            the tables differ in length. The message names the table and some ids.
    """
    if by_row_order:
        return _by_order(tables)
    import pyarrow as pa

    sides: list[Any] = []
    ids = []
    for table in tables:
        if table.ids is None:
            raise InputError(
                f"{table.source}: no id column was found; name it (--id-column), or match the "
                "tables by their row order if you are sure of it (--by-row-order)"
            )
        sides.append(table.ids)
        ids.append(pa.array(table.ids, pa.string()))
        check_unique(table.source, ids[-1], if_repeated)
    positions, in_all = _positions(ids)
    if not in_all.any():
        plain, note = comparable_ids(sides)
        if note:
            ids = [pa.array(side, pa.string()) for side in plain]
            positions, in_all = _positions(ids)
            if notes is not None:
                notes.append(note)
    names = [table.source for table in tables]
    if not in_all.any():
        raise InputError(
            f"{names[0]} and the other tables share no id: {_examples(ids[0])} against "
            f"{_examples(ids[-1])}; is the id column the right one?"
        )
    if not shared_only:
        for other, array, found in zip(names[1:], ids[1:], positions, strict=True):
            _check_same((names[0], other), ids[0], array, found, if_apart)
    rows = [np.flatnonzero(in_all)]
    rows.extend(
        found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)[in_all]
        for found in positions
    )
    return rows


def _positions(ids: Sequence[pa.Array]) -> tuple[list[pa.Array], npt.NDArray[np.bool_]]:
    """Where the first table's ids are in the others (null: nowhere), and which are in all."""
    import pyarrow.compute as pc

    positions = [pc.index_in(ids[0], value_set=other) for other in ids[1:]]
    in_all = np.ones(len(ids[0]), dtype=np.bool_)
    for found in positions:
        in_all &= found.is_valid().to_numpy(zero_copy_only=False)
    return positions, in_all


def _by_order(tables: Sequence[HasRows]) -> list[npt.NDArray[np.intp]]:
    for table in tables[1:]:
        if len(table) != len(tables[0]):
            raise InputError(
                f"by row order the tables need the same length: {tables[0].source} has "
                f"{len(tables[0])} rows, {table.source} has {len(table)}"
            )
    return [np.arange(len(table)) for table in tables]


def check_unique(
    source: str, ids: Sequence[str] | npt.NDArray[np.object_] | pa.Array, cure: str = ""
) -> None:
    """Refuse repeated ids.

    Raises:
        InputError: If an id occurs twice; the message names some, and the cure.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    array = ids if isinstance(ids, pa.Array) else pa.array(ids, pa.string())
    if pc.count_distinct(array).as_py() == len(array):
        return
    counts = pc.value_counts(array)
    repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    message = f"{source}: {_number(len(repeated), 'id')} more than once: {_examples(repeated)}"
    raise InputError(f"{message}. {cure}" if cure else message)


def _check_same(names: tuple[str, str], first: Any, second: Any, found: Any, cure: str) -> None:
    import pyarrow.compute as pc

    lacking = pc.filter(first, pc.is_null(found))
    surplus = pc.filter(second, pc.invert(pc.is_in(second, value_set=first)))
    parts = [
        f"{_number(len(alone), 'id')} only in {name}: {_examples(alone)}"
        for name, alone in zip(names, (lacking, surplus), strict=True)
        if len(alone)
    ]
    if parts:
        raise InputError(f"{'; '.join(parts)}. {cure}")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun} is" if count == 1 else f"{count} {noun}s are"


def _examples(ids: Any) -> str:
    shown = [repr(value) for value in ids.slice(0, _SHOWN).to_pylist()]
    more = len(ids) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
