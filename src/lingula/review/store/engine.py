"""Opens a review's database: SQLite in a file, or PostgreSQL by its address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url

from lingula.errors import MissingExtraError, ReviewError

#: How long a write waits for another process's (milliseconds).
_WAIT = 30_000
#: PostgreSQL's advisory lock of a write, one number for all reviews: a database holds one.
WRITE_LOCK = 0x4C696E67


def database_url(database: str | Path) -> URL:
    """The address of a database: a path is a SQLite file.

    Raises:
        ReviewError: If it is the address of another kind of database, or is none.
    """
    text = str(database)
    if "://" not in text:
        return URL.create("sqlite+pysqlite", database=text)
    try:
        url = make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise ReviewError(
            "the database's address cannot be read; write it as "
            "postgresql+psycopg://USER@HOST/DATABASE, or give the path of a SQLite file"
        ) from None
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return url.set(drivername="sqlite+pysqlite")
    raise ReviewError(
        f"{shown(url)}: a review is kept in a SQLite file or in PostgreSQL "
        "(postgresql+psycopg://USER@HOST/DATABASE)"
    )


def shown(url: URL) -> str:
    """A database as messages name it: without a password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(query={}).render_as_string(hide_password=True)


def open_engine(url: URL) -> sa.Engine:
    """An engine whose connections are set as a review needs them.

    SQLite: write-ahead log, so that readers do not wait for the writer; synchronous=FULL, so that
    what was acknowledged is on the disk; foreign keys. Its transactions begin when they are told
    to, which the driver by itself would put off until the first write. No error quotes a parameter
    of a statement: it can be a report.

    Raises:
        MissingExtraError: If PostgreSQL's driver is not installed.
    """
    if url.get_backend_name() == "postgresql":
        try:
            return sa.create_engine(
                url, pool_size=8, max_overflow=24, pool_pre_ping=True, hide_parameters=True
            )
        except ImportError:
            raise MissingExtraError("A review in PostgreSQL", "postgres") from None
    engine = sa.create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        pragmas = (
            f"busy_timeout={_WAIT}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        )
        try:
            for pragma in pragmas:
                connection.execute(f"pragma {pragma}")
        except BaseException:
            # A file that is no database: the pool has not taken the connection yet.
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes; one at a time, so that rows are numbered in the order of commits.

    A follower of the judgements relies on that: no row appears below a number it has seen.
    """
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITE_LOCK)))
        yield connection


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turns errors of opening a database into one that says what to do.

    Raises:
        ReviewError: If the block raises an OperationalError or DatabaseError.
    """
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
        reason = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
        raise ReviewError(f"{shown(url)}: cannot be opened: {reason}") from None
