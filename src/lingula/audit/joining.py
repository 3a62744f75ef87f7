"""Other tables brought to the rows of the audited one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.audit.inputs import Groups
from lingula.audit.known_tables import Layout
from lingula.errors import InputError
from lingula.labels import is_missing
from lingula.tables.columns import usual_column
from lingula.tables.ids import comparable_ids
from lingula.tables.reading import column_texts
from lingula.tables.usual_names import ID_NAMES

if TYPE_CHECKING:
    import pyarrow as pa

#: What stands for cells of one id that differ.
SEVERAL = "several values"


@dataclass(frozen=True, eq=False)
class Joiner:
    """The audited table as the left side of a join."""

    table: pa.Table
    layout: Layout
    by_row_order: bool
    source: str

    def columns(
        self, other: pa.Table, names: Sequence[str], source: str, named: str | None
    ) -> dict[str, list[str | None]]:
        """Columns of another table as texts, one a audited row; None where it has no such row.

        Several rows of one id, as all images of a study, give the value in which they agree, else
        "several values".
        """
        if self.by_row_order:
            self.positions(other, source, named)  # checks the lengths
            return {name: [text or None for text in column_texts(other, name)] for name in names}
        mine, theirs = self.keys(other, source, named)
        left, right = self._ids(other, mine, theirs)
        place: dict[str, int] = {}
        key = np.array([place.setdefault(text, len(place)) for text in right], dtype=np.intp)
        at = np.array([place.get(text, -1) for text in left], dtype=np.intp)
        self._need_some(at, mine, theirs, source)
        found = {}
        for name in names:
            cells = Groups.of(other.column(name))
            known = cells.codes >= 0
            low = np.full(len(place) + 1, len(cells.names), dtype=np.intp)
            high = np.full(len(place) + 1, -1, dtype=np.intp)
            np.minimum.at(low, key[known], cells.codes[known])
            np.maximum.at(high, key[known], cells.codes[known])
            # Reached by an id of several values, and by one of none (which is -1 here too).
            texts: list[str | None] = [*cells.names, SEVERAL, None]
            agreed = np.where(high < 0, len(texts) - 1, np.where(low == high, low, len(texts) - 2))
            found[name] = [texts[code] for code in agreed[at]]
        return found

    def positions(
        self, other: pa.Table, source: str, named: str | None, duplicates: str = "fail"
    ) -> npt.NDArray[np.intp]:
        """For each audited row its row in another table, -1 where it has none.

        The key is a column that both have (the audited id column, or a known name of ids), else
        the id columns of both. Of several rows with one id the first or, if ``duplicates`` says
        so, the last is taken; "fail" refuses them.
        """
        if self.by_row_order:
            if other.num_rows != self.table.num_rows:
                raise InputError(
                    f"by row order the tables need the same length: {self.source} has "
                    f"{self.table.num_rows} rows, {source} has {other.num_rows}"
                )
            return np.arange(other.num_rows)
        mine, theirs = self.keys(other, source, named)
        left, right = self._ids(other, mine, theirs)
        place: dict[str, int] = {}
        for position, key in enumerate(right):
            if is_missing(key):
                continue
            if key in place:
                if duplicates in ("first", "max"):
                    continue
                if duplicates == "last":
                    place[key] = position
                    continue
                raise InputError(
                    f"{source}: the id {key!r} of column {theirs!r} occurs in rows "
                    f"{place[key] + 1} and {position + 1}; say which of them counts (--duplicates)"
                )
            place[key] = position
        found = np.array([place.get(key, -1) for key in left], dtype=np.intp)
        self._need_some(found, mine, theirs, source)
        return found

    def ids_of(self, other: pa.Table, source: str, named: str | None) -> list[str]:
        """The ids of another table's rows, in the column that ``positions`` matches by."""
        return column_texts(other, self.keys(other, source, named)[1])

    def _ids(self, other: pa.Table, mine: str, theirs: str) -> list[list[str]]:
        """The audited rows' ids and the other's, comparable."""
        return comparable_ids([column_texts(self.table, mine), column_texts(other, theirs)])[0]

    def _need_some(self, found: npt.NDArray[np.intp], mine: str, theirs: str, source: str) -> None:
        if (found < 0).all():
            raise InputError(
                f"{self.source} (column {mine!r}) and {source} (column {theirs!r}) share no id; "
                "name the id column (--id-column), or match rows by their order (--by-row-order)"
            )

    def keys(self, other: pa.Table, source: str, named: str | None) -> tuple[str, str]:
        """The columns to match by: the audited table's and the other's."""
        mine = {name.strip().casefold(): name for name in self.table.column_names}
        theirs = {name.strip().casefold(): name for name in other.column_names}
        order = [] if self.layout.id is None else [self.layout.id.strip().casefold()]
        if named is not None:
            order = [named.strip().casefold()]
        for name in [*order, *ID_NAMES]:
            if name in mine and name in theirs:
                return mine[name], theirs[name]
        found = usual_column(other.column_names, ID_NAMES)
        if self.layout.id is None or found is None:
            lacking = self.source if self.layout.id is None else source
            raise InputError(
                f"{lacking}: no id column was found to match {source} by; name it (--id-column), "
                "or match rows by their order (--by-row-order)"
            )
        return self.layout.id, found
