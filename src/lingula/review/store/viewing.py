"""What one person may see. Who may not see a thing has no query that reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from lingula.review.records import Found, Person, ReportView, Review, Span
from lingula.review.store.tables import (
    ASSIGNMENT,
    CURRENT_ANSWER,
    CURRENT_SUBMIT,
    JUDGEMENT,
    PROPOSAL,
    REPORT,
    SELECTION,
)


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
    return ReportView(
        report_id=row.id,
        name=row.name,
        text=row.text,
        position=row.position,
        total=total(connection, person),
        practice=row.why == "practice",
        proposals=proposals,
        evidence=evidence,
        answers=answers_of(connection, person.id, [report_id]).get(report_id, {}),
        marks=marks_of(connection, person.id, report_id),
        comment=latest(connection, person.id, report_id, "comment"),
        flag=latest(connection, person.id, report_id, "flag"),
        submitted=latest(connection, person.id, report_id, "submit") == "1",
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
    return tuple(
        Found(
            row.id,
            row.name,
            row.position,
            latest(connection, person.id, row.id, "submit") == "1",
            latest(connection, person.id, row.id, "flag"),
        )
        for row in connection.execute(query).all()
    )


def answers_of(
    connection: sa.Connection, person_id: int, report_ids: Sequence[int]
) -> dict[int, dict[str, int]]:
    """A person's own answers to cells, by report and observation."""
    rows = connection.execute(
        sa.select(CURRENT_ANSWER).where(
            CURRENT_ANSWER.c.person_id == person_id, CURRENT_ANSWER.c.report_id.in_(report_ids)
        )
    )
    out: dict[int, dict[str, int]] = {}
    for row in rows.mappings():
        out.setdefault(row["report_id"], {})[row["observation"]] = int(row["class"])
    return out


def labels_of(
    connection: sa.Connection, review: Review, person_id: int, report_id: int
) -> dict[str, int] | None:
    """All labels of a report that a person has submitted; None if they have not."""
    classes = connection.execute(
        sa.select(CURRENT_SUBMIT.c.classes).where(
            CURRENT_SUBMIT.c.person_id == person_id, CURRENT_SUBMIT.c.report_id == report_id
        )
    ).scalar()
    if classes is None:
        return None
    labels = dict(zip(review.schema.names, map(int, classes), strict=True))
    labels.update(answers_of(connection, person_id, [report_id]).get(report_id, {}))
    return labels


def marks_of(connection: sa.Connection, person_id: int, report_id: int) -> dict[str, str]:
    """Words marked as the reason, by observation; the last list of each counts."""
    rows = connection.execute(
        sa.select(JUDGEMENT.c.observation, JUDGEMENT.c.value)
        .where(
            JUDGEMENT.c.person_id == person_id,
            JUDGEMENT.c.report_id == report_id,
            JUDGEMENT.c.kind == "mark",
        )
        .order_by(JUDGEMENT.c.seq)
    )
    last = {row.observation: row.value for row in rows}
    return {name: spans for name, spans in last.items() if spans}


def latest(connection: sa.Connection, person_id: int, report_id: int, kind: str) -> str:
    """The last comment, flag or submit of a report; an empty text if there is none."""
    value: str | None = connection.execute(
        sa.select(JUDGEMENT.c.value)
        .where(
            JUDGEMENT.c.person_id == person_id,
            JUDGEMENT.c.report_id == report_id,
            JUDGEMENT.c.kind == kind,
        )
        .order_by(JUDGEMENT.c.seq.desc())
        .limit(1)
    ).scalar()
    return value or ""


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
