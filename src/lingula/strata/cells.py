"""A report's strata as the bits of one number, and the cells that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lingula.labels import Label
from lingula.rules.aggregation import AGGREGATIONS, BITS
from lingula.strata.definitions import Stratum
from lingula.strata.result import Value

_PRESENCE = AGGREGATIONS["chexpert"]


@dataclass(frozen=True)
class Field:
    """The bits of one stratum: first bit, and number of bits."""

    offset: int
    width: int

    def of(self, mask: int) -> int:
        """The bits, from 0."""
        return (mask >> self.offset) & ((1 << self.width) - 1)


class Cells:
    """Turns masks into cells.

    A presence has three bits (positive, negative, uncertain); a detail one for "affirmed or
    suspected" and one a value; a choice one a value; a companion only "affirmed or suspected": its
    value is told by the cells of finding and device.
    """

    def __init__(self, strata: Sequence[Stratum]) -> None:
        self._strata = tuple(strata)
        self._position = {item.name: at for at, item in enumerate(strata)}
        self._fields: list[Field] = []
        #: Position of the stratum to which each bit belongs.
        self._owner: list[int] = []
        offset = 0
        for item in strata:
            width = {"presence": 3, "companion": 1, "detail": len(item.values) + 1}.get(
                item.kind, len(item.values)
            )
            self._fields.append(Field(offset, width))
            self._owner += [len(self._fields) - 1] * width
            offset += width

    def presence_bit(self, at: int, label: Label) -> int:
        """The bit of a label of the presence at a position."""
        return BITS[label] << self._fields[at].offset

    def affirmed_bit(self, at: int) -> int:
        """The bit that says that a detail's or companion's finding is affirmed or suspected."""
        return 1 << self._fields[at].offset

    def value_bit(self, at: int, value: int) -> int:
        """The bit of a value of the detail or choice at a position."""
        first = 1 if self._strata[at].kind == "detail" else 0
        return 1 << (self._fields[at].offset + first + value)

    def decode(self, mask: int) -> tuple[Value, ...]:
        """The cells of a report, in the strata's order."""
        cells: list[Value] = [None] * len(self._strata)
        rest = mask
        while rest:
            at = self._owner[(rest & -rest).bit_length() - 1]
            cells[at] = self._cell(at, self._strata[at], mask)
            field = self._fields[at]
            rest &= ~(((1 << field.width) - 1) << field.offset)
        return tuple(cells)

    def _cell(self, at: int, item: Stratum, mask: int) -> Value:
        bits = self._fields[at].of(mask)
        if not bits:
            return None
        if item.kind == "presence":
            return _PRESENCE[bits].number
        if item.kind == "companion":
            return self._companion(item, mask)
        if item.kind == "detail":
            bits >>= 1
        told = [value for number, value in enumerate(item.values) if bits >> number & 1]
        if item.whole and (item.whole in told or len(told) > 1):
            return item.whole
        return ";".join(told) or item.unstated or None

    def _companion(self, item: Stratum, mask: int) -> str:
        beside, other_side, removed, unmentioned = item.values
        at = self._position[item.companion]
        present = self._cell(at, self._strata[at], mask)
        if present is None:
            return unmentioned
        if present == 0.0:
            return removed
        own, device = (
            self._cell(side, self._strata[side], mask)
            for side in (self._position[name] for name in item.sides)
        )
        apart = {own, device} == {"left", "right"}
        return other_side if apart else beside
