"""Who takes part, and the digests of the links and sessions by which they are known.

A link's token and a session's are 256 random bits, so that their plain SHA-256 cannot be turned
back by guessing; neither is ever kept itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from lingula.errors import ReviewError
from lingula.review.records import ROLES, Person
from lingula.review.store.tables import PERSON, SESSION, TOKEN
from lingula.review.store.times import milliseconds

_LONGEST_NAME = 64


def people(connection: sa.Connection) -> tuple[Person, ...]:
    """Everybody, in the order in which they were added."""
    rows = connection.execute(sa.select(PERSON).order_by(PERSON.c.id))
    return tuple(Person(row.id, row.name, row.role) for row in rows)


def add_people(connection: sa.Connection, names: Sequence[tuple[str, str]]) -> tuple[Person, ...]:
    """Add people by name and role.

    Raises:
        ReviewError: If a name is empty, too long, not printable or taken, or a role is unknown.
    """
    known = {person.name for person in people(connection)}
    made = []
    for name, role in names:
        if not name or name != name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            raise ReviewError(
                f"{name[:_LONGEST_NAME]!r} cannot name a person: 1 to {_LONGEST_NAME} printable "
                "characters, no space at either end"
            )
        if role not in ROLES:
            raise ReviewError(f"{role!r} is no role; there are {', '.join(ROLES)}")
        if name in known:
            raise ReviewError(f"there is a {name!r} already; give everybody a name of their own")
        known.add(name)
        made.append(add_person(connection, name, role))
    return tuple(made)


def add_person(connection: sa.Connection, name: str, role: str) -> Person:
    """Add one person whose name and role were looked at."""
    number = connection.execute(
        sa.insert(PERSON).values(name=name, role=role).returning(PERSON.c.id)
    ).scalar_one()
    return Person(number, name, role)


def add_token(
    connection: sa.Connection, person_id: int, sha256: str, expires: datetime, now: datetime
) -> None:
    """Keep the digest of a link's token."""
    connection.execute(_kept(TOKEN, person_id, sha256, expires, now))


def use_token(connection: sa.Connection, sha256: str, now: datetime) -> Person | None:
    """Whose link it is, which is used up by this; None if it is unknown, used, old or revoked."""
    at = milliseconds(now)
    changed = connection.execute(
        sa.update(TOKEN)
        .where(
            TOKEN.c.sha256 == sha256,
            TOKEN.c.used.is_(None),
            TOKEN.c.revoked.is_(None),
            TOKEN.c.expires > at,
        )
        .values(used=at)
    )
    if not changed.rowcount:
        return None
    return _holder(connection, TOKEN, sha256)


def add_session(
    connection: sa.Connection, person_id: int, sha256: str, expires: datetime, now: datetime
) -> None:
    """Keep the digest of a session's token."""
    connection.execute(_kept(SESSION, person_id, sha256, expires, now))


def person_of_session(connection: sa.Connection, sha256: str, now: datetime) -> Person | None:
    """Whose session it is; None if it is unknown, old or ended."""
    alive = sa.and_(SESSION.c.ended.is_(None), SESSION.c.expires > milliseconds(now))
    return _holder(connection, SESSION, sha256, alive)


def end_session(connection: sa.Connection, sha256: str, now: datetime) -> None:
    """End one session."""
    connection.execute(
        sa.update(SESSION)
        .where(SESSION.c.sha256 == sha256, SESSION.c.ended.is_(None))
        .values(ended=milliseconds(now))
    )


def revoke(connection: sa.Connection, person_id: int, now: datetime) -> None:
    """End all sessions of a person, and all links that were not used."""
    at = milliseconds(now)
    for table, column in ((TOKEN, "revoked"), (SESSION, "ended")):
        connection.execute(
            sa.update(table)
            .where(table.c.person_id == person_id, table.c[column].is_(None))
            .values({column: at})
        )


def _kept(
    table: sa.Table, person_id: int, sha256: str, expires: datetime, now: datetime
) -> sa.Insert:
    return sa.insert(table).values(
        sha256=sha256,
        person_id=person_id,
        created=milliseconds(now),
        expires=milliseconds(expires),
    )


def _holder(
    connection: sa.Connection,
    table: sa.Table,
    sha256: str,
    condition: sa.ColumnElement[bool] | None = None,
) -> Person | None:
    query = (
        sa.select(PERSON)
        .join(table, table.c.person_id == PERSON.c.id)
        .where(table.c.sha256 == sha256)
    )
    if condition is not None:
        query = query.where(condition)
    row = connection.execute(query).one_or_none()
    return None if row is None else Person(row.id, row.name, row.role)
