"""What one person may see. Who may not see a thing has no query that reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from lingula.review.records import Found, Person, ReportView, Review, Span
from lingula.review.store.states import state_of
from lingula.review.store.tables import ASSIGNMENT, PROPOSAL, REPORT, SELECTION


def report_view(
    connection: sa.Connection, review: Review, person: Person, report_id: int
) -> ReportView | None:
    """A report as its reader sees it; None if it is not this person's."""
    row = connection.execute(
        sa.select(REPORT, ASSIGNMENT.c.position, SELECTION.c.why)
        .join(ASSIGNMENT, ASSIGNMENT.c.report_id == REPORT.c.id)
        .join(SELECTION, SELECTION.c.report_id == REPORT.c.id)
        .where(ASSIGNMENT.c.person_id == person.id, REPORT.c.id == report_id)
    ).one_or_none()
    if row is None:
        return None
    shown = None if review.blind else _proposed(connection, review, report_id)
    proposals, evidence, version = shown or (None, (), 0)
    state = state_of(connection, person.id, report_id)
    return ReportView(
        report_id=row.id,
        name=row.name,
        text=row.text,
        position=row.position,
        total=total(connection, person),
        practice=row.why == "practice",
        proposals=proposals,
        evidence=evidence,
        answers=state.answers,
        marks=state.marks,
        comment=state.comment,
        flag=state.flag,
        submitted=state.submitted,
        version=str(version),
    )


def total(connection: sa.Connection, person: Person) -> int:
    """How many reports are a person's; positions run from 1 without a gap."""
    last = sa.select(sa.func.max(ASSIGNMENT.c.position)).where(ASSIGNMENT.c.person_id == person.id)
    return connection.execute(last).scalar() or 0


def neighbour(connection: sa.Connection, person: Person, report_id: int, step: int) -> int | None:
    """The report a step before or after another in a person's order; None beyond its ends."""
    here = (
        sa.select(ASSIGNMENT.c.position)
        .where(ASSIGNMENT.c.person_id == person.id, ASSIGNMENT.c.report_id == report_id)
        .scalar_subquery()
    )
    found: int | None = connection.execute(
        sa.select(ASSIGNMENT.c.report_id).where(
            ASSIGNMENT.c.person_id == person.id, ASSIGNMENT.c.position == here + step
        )
    ).scalar()
    return found


def search(connection: sa.Connection, person: Person, words: str, limit: int) -> tuple[Found, ...]:
    """A person's own reports whose text or name holds every word, in order; all for no word."""
    query = (
        sa.select(REPORT.c.id, REPORT.c.name, ASSIGNMENT.c.position)
        .join(ASSIGNMENT, ASSIGNMENT.c.report_id == REPORT.c.id)
        .where(ASSIGNMENT.c.person_id == person.id)
        .order_by(ASSIGNMENT.c.position)
        .limit(limit)
    )
    for word in words.replace("\0", " ").split()[:10]:
        query = query.where(
            sa.or_(
                REPORT.c.text.icontains(word, autoescape=True),
                REPORT.c.name.icontains(word, autoescape=True),
            )
        )
    out = []
    for row in connection.execute(query).all():
        state = state_of(connection, person.id, row.id)
        out.append(Found(row.id, row.name, row.position, state.submitted, state.flag))
    return tuple(out)


def _proposed(
    connection: sa.Connection, review: Review, report_id: int
) -> tuple[dict[str, int], tuple[Span, ...], int]:
    row = connection.execute(
        sa.select(PROPOSAL)
        .where(PROPOSAL.c.report_id == report_id)
        .order_by(PROPOSAL.c.version.desc())
        .limit(1)
    ).one()
    classes = dict(zip(review.schema.names, map(int, row.classes), strict=True))
    return classes, spans_from_json(row.evidence), row.version


def spans_to_json(spans: Sequence[Span]) -> str:
    """Mentions as the database keeps them."""
    return json.dumps(
        [[s.observation, s.label, s.start, s.end, s.cue_start, s.cue_end, s.rule] for s in spans],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def spans_from_json(kept: str) -> tuple[Span, ...]:
    """The inverse of ``spans_to_json``."""
    rows: list[list[Any]] = json.loads(kept)
    return tuple(Span(*row) for row in rows)
