"""Adds labels that were made elsewhere, as judgements of the people who made them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from lingula.review.records import Chosen, Person, Review
from lingula.review.store.filling import add_round, assign
from lingula.review.store.people import add_people, people
from lingula.review.store.tables import ASSIGNMENT, JUDGEMENT, SELECTION
from lingula.review.store.times import milliseconds

#: Stands for the page on which an imported judgement was made.
PAGE = "import"


@dataclass(frozen=True)
class Imported:
    """One person's labels of one report.

    Attributes:
        report_id: Number in the store.
        classes: One class an observation, in the schema's order.
        marks: Observation -> "start-end start-end".
        flag: One of ``FLAGS``, or an empty text.
    """

    report_id: int
    classes: tuple[int, ...]
    marks: tuple[tuple[str, str], ...] = ()
    flag: str = ""


def add_labels(
    connection: sa.Connection,
    review: Review,
    name: str,
    rows: Sequence[Imported],
    now: datetime,
) -> int:
    """Add labels of a reader, who is added too if there is none of that name.

    What was imported before changes nothing, for ids are digests of what is said.

    Returns:
        How many reports have new labels.
    """
    known = {person.name: person for person in people(connection)}
    person = known.get(name) or add_people(connection, [(name, "reader")])[0]
    _let_read(connection, review, person, [row.report_id for row in rows], now)
    added = 0
    for row in rows:
        made = [
            {
                "id": _digest(name, row.report_id, kind, observation, value, classes),
                "person_id": person.id,
                "report_id": row.report_id,
                "kind": kind,
                "observation": observation,
                "value": value,
                "classes": classes,
                "page_version": PAGE,
                "proposals_version": "",
                "seconds_spent": 0.0,
                "recorded": milliseconds(now),
            }
            for kind, observation, value, classes in _said(review, row)
        ]
        ids = [item["id"] for item in made]
        held = connection.execute(
            sa.select(JUDGEMENT.c.id).where(JUDGEMENT.c.id.in_(ids))
        ).scalars()
        there = set(held)
        if new := [item for item in made if item["id"] not in there]:
            connection.execute(sa.insert(JUDGEMENT), new)
            added += 1
    return added


def _said(review: Review, row: Imported) -> list[tuple[str, str | None, str, str | None]]:
    """Kind, observation, value and classes of each judgement."""
    digits = "".join(map(str, row.classes))
    out: list[tuple[str, str | None, str, str | None]] = []
    if row.flag:
        out.append(("flag", None, row.flag, None))
    else:
        for name, label in zip(review.schema.names, row.classes, strict=True):
            out.append(("label", name, str(label), None))
    out += [("mark", name, spans, None) for name, spans in row.marks]
    out.append(("submit", None, "1", digits))
    return out


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _let_read(
    connection: sa.Connection,
    review: Review,
    person: Person,
    reports: Sequence[int],
    now: datetime,
) -> None:
    """Choose and assign the reports that are not yet."""
    chosen = set(connection.execute(sa.select(SELECTION.c.report_id)).scalars())
    if new := [at for at in dict.fromkeys(reports) if at not in chosen]:
        add_round(connection, review, [Chosen(at, 1.0, "import") for at in new], len(new), now)
    held = set(
        connection.execute(
            sa.select(ASSIGNMENT.c.report_id).where(ASSIGNMENT.c.person_id == person.id)
        ).scalars()
    )
    assign(connection, person, [at for at in dict.fromkeys(reports) if at not in held])
