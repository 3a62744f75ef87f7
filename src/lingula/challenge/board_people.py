"""Tables of people beside entries, and of entries that decide as people do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingula.challenge.board import Board
from lingula.challenge.board_drawings import who
from lingula.challenge.names import harmless
from lingula.documents import Cell, Estimate, Kind, Table

#: Entries that a table with a row for each person and observation holds.
_ENTRIES = 20


def readers(board: Board) -> Table:
    """Each person's rates at each observation."""
    names = board.challenge.terms.observations
    cells = [(name, person, k) for k, name in enumerate(names) for person in board.people]
    rates = (
        ("sensitivity", [person.point.sensitivity[k] for _, person, k in cells]),
        ("specificity", [person.point.specificity[k] for _, person, k in cells]),
        ("precision", [person.point.precision[k] for _, person, k in cells]),
    )
    return Table.of(
        "readers",
        "Readers against the truth",
        ("observation", "Observation", Kind.TEXT, [name for name, *_ in cells]),
        ("reader", "Reader", Kind.TEXT, [harmless(person.name) for _, person, _ in cells]),
        *(
            (name, name.capitalize(), Kind.FIGURE, [Estimate(float(x)) for x in values])
            for name, values in rates
        ),
    )


def below(board: Board) -> Table:
    """Each person against each entry: below how many of the observations' curves."""
    columns: list[tuple[str, str, Kind, Sequence[Cell]]] = [
        ("entry", "Entry", Kind.TEXT, [who(row) for row in board.rows])
    ]
    for at, person in enumerate(board.people):
        roc = [_of(row.below_roc[at]) for row in board.rows]
        other = [_of(row.below_precision_recall[at]) for row in board.rows]
        name = "majority" if person.is_majority else harmless(person.name, 30)
        columns.append((f"{person.name} roc", f"{name}, ROC", Kind.TEXT, roc))
        columns.append((f"{person.name} pr", f"{name}, precision-recall", Kind.TEXT, other))
    note = (
        "Of how many observations' curves a person's point lies strictly below: straight lines "
        "between ROC points, Davis and Goadrich's between precision-recall points, in whole "
        "counts. The majority is no reader: the number of readers below leaves it out."
    )
    return Table.of("below", "Below the curves", *columns, note=note, detail=True)


def _of(flags: Sequence[bool | None]) -> str:
    known = [flag for flag in flags if flag is not None]
    return f"{sum(known)} of {len(known)}"


def at_specificity(board: Board) -> Table:
    """What an entry finds at the specificity of each person, beside what the person finds."""
    names = board.challenge.terms.observations
    cells = [
        (at, k, name, row)
        for k, name in enumerate(names)
        for at in range(len(board.people))
        for row in board.rows[:_ENTRIES]
    ]
    people = [board.people[at] for at, *_ in cells]
    own = [person.point.sensitivity[cell[1]] for person, cell in zip(people, cells, strict=True)]
    return Table.of(
        "at specificity",
        "Sensitivity at the readers' specificity",
        ("observation", "Observation", Kind.TEXT, [name for *_, name, _ in cells]),
        ("reader", "Reader", Kind.TEXT, [harmless(person.name) for person in people]),
        ("entry", "Entry", Kind.TEXT, [who(row) for *_, row in cells]),
        ("own", "Reader's", Kind.FIGURE, [Estimate(float(value)) for value in own]),
        ("model", "Entry's", Kind.FIGURE, [row.sensitivity[at][k] for at, k, _, row in cells]),
        note=f"Of the best {_ENTRIES} entries; all are in board.json."
        if len(board.rows) > _ENTRIES
        else "",
        detail=True,
    )


def decisions(board: Board) -> Table:
    """F1 and Matthews correlation of the entries that came with decisions."""
    names = board.challenge.terms.observations
    rows = [row for row in board.rows if row.decisions is not None]
    columns: list[tuple[str, str, Kind, Sequence[Cell]]] = [
        ("entry", "Entry", Kind.TEXT, [who(row) for row in rows])
    ]
    for key, title in (("f1", "F1"), ("matthews", "Matthews")):
        each = np.stack([getattr(row, key) for row in rows])
        means = [Estimate(float(value)) for value in each.mean(1)]
        columns.append((key, f"Mean {title}", Kind.FIGURE, means))
        for k, name in enumerate(names):
            values = [Estimate(float(value)) for value in each[:, k]]
            columns.append((f"{key} {name}", f"{title}, {name}", Kind.FIGURE, values))
    note = "Of decisions, 1 or 0. The order of the board does not count them."
    return Table.of("decisions", "", *columns, note=note)
