"""Bring tables of labels and scores to the same rows and observations, or say why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError
from lingula.labels import Schema
from lingula.tables.row_match import HasRows, match_rows

if TYPE_CHECKING:
    from typing_extensions import Self


class Matchable(HasRows, Protocol):
    """A table of labels or of scores."""

    @property
    def schema(self) -> Schema:
        """The observations that it has."""
        ...

    @property
    def missing(self) -> tuple[str, ...]:
        """Observations of the wanted schema that it lacks."""
        ...

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
        notes: How ids were compared, where not as they are. One sentence each.
    """

    tables: tuple[Table, ...]
    left_out_observations: tuple[str, ...]
    left_out_rows: tuple[int, ...]
    notes: tuple[str, ...] = ()


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
    notes: list[str] = []
    rows = match_rows(
        tables,
        by_row_order=by_row_order,
        shared_only=shared_only,
        if_repeated="Say which of their rows counts (--duplicates first, last or max)",
        notes=notes,
    )
    named = {name for table in tables for name in (*table.schema.names, *table.missing)}
    return MatchedTables(
        tuple(table.take(index, shared) for table, index in zip(tables, rows, strict=True)),
        tuple(sorted(named - set(shared))),
        tuple(len(table) - len(index) for table, index in zip(tables, rows, strict=True)),
        tuple(notes),
    )
