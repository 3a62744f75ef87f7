"""Which generated report belongs to which reference: rows are matched as those of any tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lingula.score.conventions import CONVENTIONS, Convention
from lingula.tables.row_match import HasRows, check_unique, match_rows

_DROPPING = ", ".join(c.name for c in CONVENTIONS.values() if c.drops_duplicates)
_IF_REPEATED = (
    "Say which of their rows counts (--duplicates first or last); of the conventions only "
    f"{_DROPPING} drops them itself"
)
_IF_APART = (
    "Every reference needs its generated report and the other way round: leaving reports out would "
    "change the score"
)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Positions of n pairs.

    Attributes:
        references: Position of each pair's reference, shape (n,).
        generated: Position of each pair's generated report, shape (n,).
        dropped: How many pairs were left out because their id had occurred before.
        notes: How ids were compared and what was left out. One sentence each.
    """

    references: npt.NDArray[np.intp]
    generated: npt.NDArray[np.intp]
    dropped: int = 0
    notes: tuple[str, ...] = ()

    def only(self, references: npt.NDArray[np.intp]) -> Pairs:
        """The pairs of some references, by the references' positions."""
        kept = np.isin(self.references, references)
        return replace(self, references=self.references[kept], generated=self.generated[kept])


@dataclass(frozen=True, eq=False)
class Side:
    """The ids of some rows; ``source`` is what messages call them."""

    source: str
    ids: npt.NDArray[np.object_] | None

    def __len__(self) -> int:
        return 0 if self.ids is None else len(self.ids)


def pair_rows(
    references: HasRows,
    generated: HasRows,
    conventions: Sequence[Convention],
    *,
    by_row_order: bool = False,
    shared_only: bool = False,
) -> Pairs:
    """Pair equal ids, or rows by their order, in the references' order.

    Args:
        references: The references, in any form of table.
        generated: The generated reports.
        conventions: If all of them drop duplicates, of rows with one id only the first counts;
            otherwise repeated ids are an error, unless rows are paired by their order.
        by_row_order: Pair row i with row i.
        shared_only: Leave out ids that one side lacks, instead of failing; the notes count them.

    Raises:
        InputError: If an id occurs twice or on one side only (the message names some), a side has
            no ids, or, by row order, the two differ in length.
    """
    sides = (references, generated)
    if by_row_order:
        rows = match_rows(sides, by_row_order=True)[0]
        ids = references.ids if references.ids is not None else generated.ids
        if ids is not None and _all_drop(conventions):
            rows = _first_rows(ids)
        return Pairs(rows, rows, len(references) - len(rows))
    kept = [kept_rows(side, conventions) for side in sides]
    shown = [
        Side(side.source, None if side.ids is None else np.asarray(side.ids, object)[rows])
        for side, rows in zip(sides, kept, strict=True)
    ]
    notes: list[str] = []
    left, right = match_rows(shown, shared_only=shared_only, if_apart=_IF_APART, notes=notes)
    alone = [len(side) - len(left) for side in shown]
    if any(alone):
        notes.append(
            f"Left out, since the other side lacks their ids: {alone[0]:,} references and "
            f"{alone[1]:,} generated reports. The scores are of the {len(left):,} pairs that are "
            "left."
        )
    dropped = max(len(side) - len(rows) for side, rows in zip(sides, kept, strict=True))
    return Pairs(kept[0][left], kept[1][right], dropped, tuple(notes))


def kept_rows(side: HasRows, conventions: Sequence[Convention]) -> npt.NDArray[np.intp]:
    """Rows that count: the first of each id if every convention drops duplicates, else all.

    Raises:
        InputError: If an id occurs twice and a convention does not drop it.
    """
    if side.ids is None:
        return np.arange(len(side))
    if not _all_drop(conventions):
        check_unique(side.source, side.ids, _IF_REPEATED)
    return _first_rows(side.ids)


def dropped_note(count: int) -> str:
    """A sentence on dropped duplicates, for the reader of the scores."""
    rows = "report with a repeated id was" if count == 1 else "reports with a repeated id were"
    return f"{count} {rows} dropped; of each id the first counts."


def _all_drop(conventions: Sequence[Convention]) -> bool:
    return all(convention.drops_duplicates for convention in conventions)


def _first_rows(ids: Iterable[str]) -> npt.NDArray[np.intp]:
    places: dict[str, int] = {}
    for place, text in enumerate(ids):
        places.setdefault(text, place)
    return np.array(list(places.values()), dtype=np.intp)
