"""Strata of many texts: columns of plain values, and the words that they were read from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.labels import Label

if TYPE_CHECKING:
    import pyarrow as pa

#: A cell: 1.0, 0.0 or -1.0 (presence), values joined by ";" (the other kinds), or None (blank).
Value = float | str | None


@dataclass(frozen=True)
class StratumEvidence:
    """Why one cell holds its value. Offsets are characters into the text given, end exclusive.

    Attributes:
        stratum: Name of the column.
        value: The value that these words give: "present", "absent" or "uncertain" for a presence.
        label: What the text says of the finding or device.
        start: First character of the finding's or device's name.
        end: One past its last.
        phrase: The name as it stands in the text.
        rule: Name of the rule.
        cue_start: First character of the words that told the value or the label, or None.
        cue_end: One past their last, or None.
        cue: Those words.
    """

    stratum: str
    value: str
    label: Label
    start: int
    end: int
    phrase: str
    rule: str
    cue_start: int | None = None
    cue_end: int | None = None
    cue: str = ""


@dataclass(frozen=True, eq=False)
class Strata:
    """The strata of n texts.

    Attributes:
        names: Names of the c columns.
        rows: intp, shape (n,): position of each text's values in ``distinct``.
        distinct: The combinations of values that occur, each a tuple of c.
        evidence: One tuple a text, or None when it was not asked for.
    """

    names: tuple[str, ...]
    rows: npt.NDArray[np.intp]
    distinct: tuple[tuple[Value, ...], ...]
    evidence: tuple[tuple[StratumEvidence, ...], ...] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[Value]:
        """The n values of one column.

        Raises:
            KeyError: If there is no such column.
        """
        values = self._distinct_values(name)
        return [values[row] for row in self.rows.tolist()]

    def columns(self) -> dict[str, list[Value]]:
        """All columns by name."""
        return {name: self.column(name) for name in self.names}

    def counts(self, name: str) -> dict[str | float, int]:
        """How many texts hold each value of a column, blanks left out, the most frequent first.

        Raises:
            KeyError: If there is no such column.
        """
        values = self._distinct_values(name)
        times = np.bincount(self.rows, minlength=len(values)).tolist()
        found: Counter[str | float] = Counter()
        for value, count in zip(values, times, strict=True):
            if value is not None and count:
                found[value] += count
        return dict(found.most_common())

    def to_arrow(self) -> pa.Table:
        """A pyarrow Table of n rows: float32 columns of presence, texts for the others."""
        import pyarrow as pa

        from lingula.strata.definitions import strata

        kinds = {item.name: item.kind for item in strata()}
        take = pa.array(self.rows, pa.int64())
        return pa.table(
            {
                name: pa.array(
                    self._distinct_values(name),
                    pa.float32() if kinds[name] == "presence" else pa.string(),
                ).take(take)
                for name in self.names
            }
        )

    def _distinct_values(self, name: str) -> list[Value]:
        if name not in self.names:
            raise KeyError(name)
        position = self.names.index(name)
        return [row[position] for row in self.distinct]
