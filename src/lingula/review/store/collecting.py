"""What leaves a review: everything that was submitted, and the trail of every judgement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from lingula.review.records import Collected
from lingula.review.store.following import Follower
from lingula.review.store.people import people
from lingula.review.store.tables import (
    CURRENT_ANSWER,
    JUDGEMENT,
    PERSON,
    REPORT,
    SELECTION,
)
from lingula.review.store.times import moment

_STREAMED = {"yield_per": 10_000}


class Answer(NamedTuple):
    """One answer that holds now: whose, to what, when."""

    person_id: int
    report_id: int
    observation: str
    recorded: datetime


class Remark(NamedTuple):
    """One mark or comment that holds now; the observation of a comment is an empty text."""

    person_id: int
    report_id: int
    kind: str
    observation: str
    value: str


class TrailRow(NamedTuple):
    """One judgement as it was made."""

    number: int
    id: str
    person: str
    role: str
    report: str
    kind: str
    observation: str | None
    value: str
    classes: str | None
    page_version: str
    proposals_version: str
    seconds_spent: float
    recorded: datetime


def collected(connection: sa.Connection, follower: Follower) -> Collected:
    """All that readers and adjudicators have submitted of the chosen reports."""
    rows = connection.execute(
        sa.select(
            REPORT.c.id,
            REPORT.c.name,
            REPORT.c.text,
            REPORT.c.patient,
            SELECTION.c.round,
            SELECTION.c.probability,
            SELECTION.c.why,
        )
        .join(SELECTION, SELECTION.c.report_id == REPORT.c.id)
        .order_by(SELECTION.c.round, REPORT.c.id)
    ).all()
    reports = np.array([row.id for row in rows], dtype=np.int32)
    with follower.lock:
        everybody = tuple(one for one in people(connection) if one.role != "manager")
        held = [follower.reading(connection, one.id) for one in everybody]
        assigned = np.zeros((len(held), len(rows)), dtype=np.bool_)
        for row, reading in enumerate(held):
            assigned[row] = np.isin(reports, reading.order)
        return Collected(
            reports=reports,
            names=tuple(row.name for row in rows),
            texts=tuple(row.text for row in rows),
            patients=tuple(row.patient for row in rows),
            rounds=np.array([row.round for row in rows], dtype=np.int32),
            probabilities=np.array([row.probability for row in rows], dtype=np.float64),
            why=tuple(row.why for row in rows),
            people=everybody,
            assigned=assigned,
            submitted=np.stack([reading.submitted[reports] for reading in held]),
            flags=np.stack([reading.flags[reports] for reading in held]),
            classes=np.stack([reading.labels(reports) for reading in held]),
            turns=np.stack([reading.turns[reports] for reading in held]),
        )


def answers(connection: sa.Connection) -> Iterator[Answer]:
    """Every answer that holds now."""
    rows = connection.execute(
        sa.select(
            CURRENT_ANSWER.c.person_id,
            CURRENT_ANSWER.c.report_id,
            CURRENT_ANSWER.c.observation,
            CURRENT_ANSWER.c.recorded,
        ),
        execution_options=_STREAMED,
    )
    for person, report, observation, recorded in rows:
        yield Answer(person, report, observation, moment(recorded))


def remarks(connection: sa.Connection) -> Iterator[Remark]:
    """Every mark and comment that holds now."""
    later = JUDGEMENT.alias()
    same = sa.func.coalesce(later.c.observation, "") == sa.func.coalesce(
        JUDGEMENT.c.observation, ""
    )
    rows = connection.execute(
        sa.select(
            JUDGEMENT.c.person_id,
            JUDGEMENT.c.report_id,
            JUDGEMENT.c.kind,
            JUDGEMENT.c.observation,
            JUDGEMENT.c.value,
        ).where(
            JUDGEMENT.c.kind.in_(("mark", "comment")),
            JUDGEMENT.c.value != "",
            ~sa.exists().where(
                later.c.person_id == JUDGEMENT.c.person_id,
                later.c.report_id == JUDGEMENT.c.report_id,
                later.c.kind == JUDGEMENT.c.kind,
                same,
                later.c.seq > JUDGEMENT.c.seq,
            ),
        ),
        execution_options=_STREAMED,
    )
    for person, report, kind, observation, value in rows:
        yield Remark(person, report, kind, observation or "", value)


def trail(connection: sa.Connection) -> Iterator[TrailRow]:
    """Every judgement that was ever made, in order."""
    rows = connection.execute(
        sa.select(
            JUDGEMENT.c.seq,
            JUDGEMENT.c.id,
            PERSON.c.name,
            PERSON.c.role,
            REPORT.c.name,
            JUDGEMENT.c.kind,
            JUDGEMENT.c.observation,
            JUDGEMENT.c.value,
            JUDGEMENT.c.classes,
            JUDGEMENT.c.page_version,
            JUDGEMENT.c.proposals_version,
            JUDGEMENT.c.seconds_spent,
            JUDGEMENT.c.recorded,
        )
        .join(PERSON, PERSON.c.id == JUDGEMENT.c.person_id)
        .join(REPORT, REPORT.c.id == JUDGEMENT.c.report_id)
        .order_by(JUDGEMENT.c.seq),
        execution_options=_STREAMED,
    )
    for row in rows:
        *told, recorded = row
        yield TrailRow._make((*told, moment(recorded)))
