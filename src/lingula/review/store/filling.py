"""Puts a review into an empty database, and rounds into one that is under way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from lingula.errors import ReviewError
from lingula.review.records import Chosen, NewReport, Person, Review
from lingula.review.store.tables import (
    ASSIGNMENT,
    OBSERVATION,
    PROPOSAL,
    REPORT,
    REVIEW,
    ROUND,
    SELECTION,
)
from lingula.review.store.texts import storable
from lingula.review.store.times import milliseconds, moment
from lingula.review.store.viewing import spans_to_json
from lingula.schemas import schema_from_dict, schema_to_dict

_ROWS = 5_000


def add_review(connection: sa.Connection, review: Review) -> None:
    """Keep what was settled.

    Raises:
        ReviewError: If the database holds a review already.
    """
    if connection.execute(sa.select(REVIEW.c.id)).first() is not None:
        raise ReviewError("the database holds a review already; a review has a database of its own")
    connection.execute(
        sa.insert(REVIEW).values(
            id=1,
            name=review.name,
            schema=json.dumps(schema_to_dict(review.schema)),
            blind=int(review.blind),
            readers_per_report=review.readers_per_report,
            reading_order=review.order,
            practice=review.practice,
            labeler=review.labeler,
            labeler_sha256=review.labeler_sha256,
            seed=review.seed,
            sections=None if review.sections is None else ",".join(review.sections),
            created=milliseconds(review.created),
        )
    )
    connection.execute(
        sa.insert(OBSERVATION),
        [{"position": at, "name": name} for at, name in enumerate(review.schema.names)],
    )


def read_review(connection: sa.Connection) -> Review | None:
    """What was settled, or None in a database without a review."""
    row = connection.execute(sa.select(REVIEW)).one_or_none()
    if row is None:
        return None
    return Review(
        name=row.name,
        schema=schema_from_dict(json.loads(row.schema), where="the review's schema"),
        blind=bool(row.blind),
        readers_per_report=row.readers_per_report,
        order=row.reading_order,
        practice=row.practice,
        labeler=row.labeler,
        labeler_sha256=row.labeler_sha256,
        seed=row.seed,
        created=moment(row.created),
        sections=None if row.sections is None else tuple(row.sections.split(",")),
    )


def add_reports(connection: sa.Connection, reports: Iterable[NewReport]) -> int:
    """Add reports, numbered from 1 in their order, and version 1 of their proposals."""
    count = 0
    rest = iter(reports)
    while batch := list(islice(rest, _ROWS)):
        numbered = list(enumerate(batch, start=count + 1))
        connection.execute(
            sa.insert(REPORT),
            [
                {
                    "id": at,
                    "name": storable(item.name),
                    "text": storable(item.text),
                    "patient": storable(item.patient),
                }
                for at, item in numbered
            ],
        )
        add_proposals(connection, 1, dict(numbered))
        count += len(batch)
    return count


def add_proposals(
    connection: sa.Connection, version: int, proposed: Mapping[int, NewReport]
) -> None:
    """Add a version of the proposals, by report number."""
    connection.execute(
        sa.insert(PROPOSAL),
        [
            {
                "report_id": at,
                "version": version,
                "classes": "".join(map(str, item.proposals)),
                "evidence": spans_to_json(item.evidence),
            }
            for at, item in proposed.items()
        ],
    )


def add_round(
    connection: sa.Connection,
    review: Review,
    chosen: Sequence[Chosen],
    pool: int,
    now: datetime,
) -> int:
    """Keep which reports were chosen, from how many; returns the round's number, from 1."""
    number = (connection.execute(sa.select(sa.func.max(ROUND.c.number))).scalar() or 0) + 1
    connection.execute(
        sa.insert(ROUND).values(
            number=number,
            reading_order=review.order,
            labeler=review.labeler,
            labeler_sha256=review.labeler_sha256,
            pool=pool,
            created=milliseconds(now),
        )
    )
    for start in range(0, len(chosen), _ROWS):
        connection.execute(
            sa.insert(SELECTION),
            [
                {
                    "report_id": item.report_id,
                    "round": number,
                    "probability": item.probability,
                    "why": item.why,
                }
                for item in chosen[start : start + _ROWS]
            ],
        )
    return number


def assign(connection: sa.Connection, person: Person, report_ids: Sequence[int]) -> None:
    """Put reports behind those that a person has."""
    last = connection.execute(
        sa.select(sa.func.max(ASSIGNMENT.c.position)).where(ASSIGNMENT.c.person_id == person.id)
    ).scalar()
    rows = [
        {"person_id": person.id, "position": at, "report_id": report_id}
        for at, report_id in enumerate(report_ids, start=(last or 0) + 1)
    ]
    for start in range(0, len(rows), _ROWS):
        connection.execute(sa.insert(ASSIGNMENT), rows[start : start + _ROWS])


def pool(connection: sa.Connection) -> tuple[list[int], list[str]]:
    """Numbers and texts of the reports that no round has chosen."""
    rows = connection.execute(
        sa.select(REPORT.c.id, REPORT.c.text)
        .outerjoin(SELECTION, SELECTION.c.report_id == REPORT.c.id)
        .where(SELECTION.c.report_id.is_(None))
        .order_by(REPORT.c.id)
    ).all()
    return [row.id for row in rows], [row.text for row in rows]


def report_numbers(connection: sa.Connection) -> dict[str, int]:
    """The table's id of every report -> its number."""
    return {row.name: row.id for row in connection.execute(sa.select(REPORT.c.name, REPORT.c.id))}


def report_texts(connection: sa.Connection) -> dict[str, int]:
    """The text of every report, white space aside -> its number, where only one has it."""
    out: dict[str, int] = {}
    twice = set()
    for row in connection.execute(sa.select(REPORT.c.text, REPORT.c.id)):
        text = " ".join(row.text.split())
        if text in out:
            twice.add(text)
        out[text] = row.id
    return {text: number for text, number in out.items() if text not in twice}
