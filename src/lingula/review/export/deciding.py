"""From what each person submitted to one label a cell: decided, agreed, or by majority."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import ReviewError
from lingula.labels import Label
from lingula.review.records import Collected

#: In arrays of classes: not settled.
OPEN = -1
#: Whose labels an export holds, besides a person's name.
FINAL, MAJORITY = "final", "majority"


@dataclass(frozen=True, eq=False)
class Decided:
    """One label a cell.

    Attributes:
        classes: int8, shape (n, k); -1 where nothing is settled.
        complete: bool, shape (n,): all readers of the report have submitted it, and every cell is
            settled.
        flagged: bool, shape (n,): no report to label, as an adjudicator or all readers say.
        how: "adjudicated", "agreed", "majority", "reader" or "" a report.
    """

    classes: npt.NDArray[np.int8]
    complete: npt.NDArray[np.bool_]
    flagged: npt.NDArray[np.bool_]
    how: tuple[str, ...]


def decide(data: Collected, whose: str) -> Decided:
    """Labels by a rule, or of one person.

    Args:
        data: What was submitted.
        whose: "final": what an adjudicator decided, else what all readers of the report agree on;
            "majority": the class that most of its readers gave, cell by cell, open at a tie; or a
            person's name.

    Raises:
        ReviewError: If there is no such person.
    """
    if whose == FINAL:
        return _final(data)
    if whose == MAJORITY:
        return _majority(data)
    names = [person.name for person in data.people]
    if whose not in names:
        raise ReviewError(
            f"there is no {whose!r} in this review: name {FINAL}, {MAJORITY}, or one of "
            f"{', '.join(names)}"
        )
    row = names.index(whose)
    labeled = (data.classes[row] != OPEN).all(axis=1)
    return Decided(
        data.classes[row],
        labeled,
        data.submitted[row] & (data.flags[row] > 0),
        tuple("reader" if one else "" for one in labeled),
    )


def _readers(data: Collected) -> tuple[list[int], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Places of the readers, whether all of a report's have submitted it, and all flagged it."""
    rows = data.rows_of("reader")
    assigned, submitted = data.assigned[rows], data.submitted[rows]
    some = assigned.any(axis=0)
    whole: npt.NDArray[np.bool_] = np.all(submitted | ~assigned, axis=0) & some
    flagged: npt.NDArray[np.bool_] = np.all((data.flags[rows] > 0) | ~assigned, axis=0) & whole
    return rows, whole, flagged


def _final(data: Collected) -> Decided:
    rows, whole, flagged = _readers(data)
    classes = _agreed(data.classes[rows])
    # Who flags a report against others leaves it open, even where those others agree.
    split = (data.submitted[rows] & (data.flags[rows] > 0)).any(axis=0) & ~flagged
    classes[split] = OPEN
    how = np.where((classes != OPEN).all(axis=1), "agreed", "").astype(object)
    judges = data.rows_of("adjudicator")
    if judges:
        turns = np.where(data.submitted[judges], data.turns[judges], 0)
        last = np.array(judges)[turns.argmax(axis=0)]
        decided = np.flatnonzero(turns.max(axis=0) > 0)
        classes[decided] = data.classes[last[decided], decided]
        flagged[decided] = data.flags[last[decided], decided] > 0
        how[decided] = "adjudicated"
    complete = whole & ~flagged & (classes != OPEN).all(axis=1)
    return Decided(classes, complete, flagged, tuple(map(str, how)))


def _agreed(classes: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """The class of all who labeled, shape (r, n, k) to (n, k); -1 where they differ or none did."""
    high = classes.max(axis=0)
    low = np.where(classes == OPEN, 127, classes).min(axis=0)
    return np.where(high == low, high, OPEN).astype(np.int8)


def _majority(data: Collected) -> Decided:
    rows, whole, flagged = _readers(data)
    classes = plurality(data.classes[rows])
    settled = (classes != OPEN).all(axis=1)
    how = tuple("majority" if one else "" for one in settled)
    return Decided(classes, whole & ~flagged & settled, flagged, how)


def plurality(classes: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """The class that most gave, shape (r, n, k) to (n, k); -1 at a tie and where none voted."""
    votes = np.stack([(classes == label).sum(axis=0) for label in Label])
    ranked = np.sort(votes, axis=0)
    clear = ranked[-1] > ranked[-2]
    return np.where(clear, votes.argmax(axis=0), OPEN).astype(np.int8)


def open_reports(decided: Decided, data: Collected, rows: Sequence[int]) -> int:
    """How many reports were submitted by all of those people and are settled by nothing."""
    every = data.submitted[list(rows)] | ~data.assigned[list(rows)]
    return int((every.all(axis=0) & ~decided.complete & ~decided.flagged).sum())
