"""The group's own words for each observation; the last one counts, those before are kept."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from lingula.errors import ReviewError
from lingula.review.records import Person, Review
from lingula.review.store.tables import DEFINITION
from lingula.review.store.texts import storable
from lingula.review.store.times import milliseconds

_LONGEST = 10_000


def definitions(connection: sa.Connection) -> dict[str, str]:
    """Observation -> definition, of those that have one."""
    rows = connection.execute(sa.select(DEFINITION).order_by(DEFINITION.c.seq))
    last = {row.observation: row.text for row in rows}
    return {name: text for name, text in last.items() if text}


def define(
    connection: sa.Connection,
    review: Review,
    person: Person,
    words: tuple[str, str],
    now: datetime,
) -> None:
    """Add a definition: an observation, and the words for it.

    Raises:
        ReviewError: If the person is no manager, the observation is unknown, or the text is too
            long.
    """
    observation, text = words
    if person.role != "manager":
        raise ReviewError("definitions are the manager's to write")
    if observation not in review.schema.names:
        raise ReviewError("the review has no such observation")
    if len(text) > _LONGEST:
        raise ReviewError(f"a definition has {_LONGEST:,} characters at most")
    connection.execute(
        sa.insert(DEFINITION).values(
            observation=observation,
            person_id=person.id,
            text=storable(text.strip()),
            recorded=milliseconds(now),
        )
    )
