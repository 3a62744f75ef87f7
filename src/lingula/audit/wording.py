"""Numbers and lists in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def join(items: Sequence[str], most: int = 8) -> str:
    """A list in a sentence; items beyond ``most`` are counted."""
    shown = list(items[:most])
    if len(items) > most:
        shown.append(f"{len(items) - most} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def count_of(count: int, units: str) -> str:
    """ "1 patient", "1,204 patients"; ``units`` is the plural."""
    single = units[:-3] + "y" if units.endswith("ies") and units != "studies" else units[:-1]
    if units == "studies":
        single = "study"
    return f"{count:,} {single if count == 1 else units}"


def clause(count: int, units: str, one: str, many: str) -> str:
    """A count and its verb: "1 row has", "3 rows have"."""
    return f"{count_of(count, units)} {one if count == 1 else many}"
