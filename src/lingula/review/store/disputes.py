"""Where readers differ, as an adjudicator may see it: the cells alone, and nobody's name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from lingula.review.records import DisputedCell, DisputeView, Person, Review
from lingula.review.store.states import State, state_of, states
from lingula.review.store.tables import ASSIGNMENT, PERSON, REPORT, SELECTION


@dataclass(frozen=True)
class Vote:
    """What one reader made of a report.

    Attributes:
        person_id: The reader.
        labels: Observation -> class; None from who flagged the report.
        state: All of it.
    """

    person_id: int
    labels: dict[str, int] | None
    state: State


def votes(connection: sa.Connection, review: Review, report_id: int) -> list[Vote] | None:
    """The votes on a report, once all of its readers have submitted it; None before.

    Reports of the practice set have none: their agreement is what they are for.
    """
    readers = connection.execute(
        sa.select(ASSIGNMENT.c.person_id)
        .join(PERSON, PERSON.c.id == ASSIGNMENT.c.person_id)
        .join(SELECTION, SELECTION.c.report_id == ASSIGNMENT.c.report_id)
        .where(
            ASSIGNMENT.c.report_id == report_id,
            PERSON.c.role == "reader",
            SELECTION.c.why != "practice",
        )
        .order_by(ASSIGNMENT.c.person_id)
    ).scalars()
    out = []
    for reader, state in states(connection, report_id, readers.all()).items():
        labels = state.labels(review.schema.names)
        if labels is None:
            return None
        out.append(Vote(reader, None if state.flag else labels, state))
    return out or None


def differing(review: Review, given: list[Vote]) -> tuple[str, ...]:
    """Observations on which votes differ; flagged votes have none."""
    labeled = [vote.labels for vote in given if vote.labels is not None]
    return tuple(
        name for name in review.schema.names if len({labels[name] for labels in labeled}) > 1
    )


def is_disputed(review: Review, given: list[Vote]) -> bool:
    """Whether a cell differs, or some flag the report and others not, or with another flag."""
    return len({vote.state.flag for vote in given}) > 1 or bool(differing(review, given))


def open_cells(connection: sa.Connection, review: Review, report_id: int) -> tuple[str, ...] | None:
    """Observations that an adjudicator decides; None where there is nothing to decide."""
    given = votes(connection, review, report_id)
    if given is None or not is_disputed(review, given):
        return None
    return differing(review, given)


def decided_cells(
    connection: sa.Connection, review: Review, report_id: int
) -> dict[str, int | None]:
    """What all readers of a report agree on; None where they differ or nobody labeled it."""
    given = votes(connection, review, report_id) or []
    labeled = [vote.labels for vote in given if vote.labels is not None]
    out: dict[str, int | None] = {}
    for name in review.schema.names:
        found = {labels[name] for labels in labeled}
        out[name] = found.pop() if len(found) == 1 else None
    return out


def dispute_view(
    connection: sa.Connection, review: Review, person: Person, report_id: int
) -> DisputeView | None:
    """A disputed report as an adjudicator sees it; None for anybody else, and of any other."""
    if person.role != "adjudicator":
        return None
    given = votes(connection, review, report_id)
    if given is None or not is_disputed(review, given):
        return None
    report = connection.execute(sa.select(REPORT).where(REPORT.c.id == report_id)).one()
    # At random, but the same whenever the page is opened: places must not tell who is who.
    salt = f"{review.seed}/{person.id}/{report_id}"
    given = sorted(
        given, key=lambda vote: hashlib.sha256(f"{salt}/{vote.person_id}".encode()).digest()
    )
    own = state_of(connection, person.id, report_id)
    return DisputeView(
        report_id=report_id,
        name=report.name,
        text=report.text,
        cells=tuple(
            DisputedCell(
                name,
                tuple(None if vote.labels is None else vote.labels[name] for vote in given),
                tuple(vote.state.marks.get(name, "") for vote in given),
            )
            for name in differing(review, given)
        ),
        flags=tuple(vote.state.flag for vote in given),
        comments=tuple(vote.state.comment for vote in given),
        answers=own.answers,
        comment=own.comment,
        flag=own.flag,
        submitted=own.submitted,
        version="",
    )
