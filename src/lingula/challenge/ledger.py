"""The ledger: an append-only SQLite table whose entries are chained by hash and signed.

Triggers refuse update and delete; the hash of an entry covers its number, its content and the hash
before it; the signature stops who owns the file but not the key. What is left to an owner of both,
writing all of it anew, is seen by any team that kept a receipt (number and hash of its entry).
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lingula.challenge.signing import Signer
from lingula.errors import ChallengeError

#: Seconds that a process waits for another that writes.
WAIT_SECONDS = 120
#: What the first entry follows.
FIRST = "0" * 64

_TABLE = """
CREATE TABLE entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    record TEXT NOT NULL,
    previous TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    signature TEXT NOT NULL
);
"""
#: Triggers that forbid changes, by name.
_GUARDS = {
    name: f"CREATE TRIGGER {name} BEFORE {change} ON entries "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for name, change in (("entries_stay", "UPDATE"), ("entries_remain", "DELETE"))
}


@dataclass(frozen=True)
class Record:
    """What one entry says.

    Attributes:
        kind: "created", "scored", "refused" (the submission was wrong), "failed" (its program
            was), or "closed".
        time: UTC, ISO 8601.
        team: Who submitted.
        title: Of the submission.
        link: To a paper or a page.
        ensemble: Whether it is an ensemble; None if the team did not say.
        sha256: Of the submission's bytes, which the store holds under this name.
        decisions: sha256 of its decisions, if it has any.
        shown: The figure that teams see before the close, under the Ladder.
        public: Metric of each observation on the public studies (all, where there is no split).
        private: The same on the private ones.
        reason: Why it was refused, or what was created.
        files: Name and sha256 of what the challenge stands on, in the first entry.
        versions: Of the programs that scored.
    """

    kind: str
    time: str
    team: str = ""
    title: str = ""
    link: str = ""
    ensemble: bool | None = None
    sha256: str = ""
    decisions: str = ""
    shown: float | None = None
    public: tuple[float | None, ...] = ()
    private: tuple[float | None, ...] = ()
    reason: str = ""
    files: tuple[tuple[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The record as canonical JSON: keys sorted, ASCII, no spaces."""
        return json.dumps(
            asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
        )


def record_of(text: str) -> Record:
    """A record from its JSON.

    Raises:
        ValueError: If it is none.
    """
    found = json.loads(text)
    names = {each.name for each in fields(Record)}
    if not isinstance(found, dict) or found.keys() != names:
        raise ValueError("the record has other keys than a record has")
    for name in ("public", "private"):
        found[name] = tuple(found[name])
    for name in ("files", "versions"):
        found[name] = tuple((str(key), str(value)) for key, value in found[name])
    return Record(**found)


@dataclass(frozen=True)
class Entry:
    """One row of the ledger: the record, its number from 1, and what chains and signs it."""

    number: int
    record: Record
    previous: str
    hash: str
    signature: str


@dataclass(frozen=True)
class RawEntry:
    """One row as it stands in the file, whatever it says."""

    number: int
    text: str
    previous: str
    hash: str
    signature: str


def entry_hash(number: int, previous: str, text: str) -> str:
    """What an entry's hash must be."""
    return hashlib.sha256(f"{number}\n{previous}\n{text}".encode()).hexdigest()


class Ledger:
    """The ledger of one challenge.

    Args:
        path: The SQLite file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make an empty ledger that only its owner reads."""
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(self._connect()) as connection:
            for statement in (_TABLE, *_GUARDS.values()):
                connection.execute(statement)

    def entries(self) -> tuple[Entry, ...]:
        """All entries, in order.

        Raises:
            ChallengeError: If the file or an entry cannot be read.
        """
        with self._errors(), closing(self._connect()) as connection:
            return _entries(connection, self.path)

    def raw(self) -> tuple[list[RawEntry], int]:
        """All rows as they stand, and the highest number that was ever given."""
        with self._errors(), closing(self._connect()) as connection:
            rows = connection.execute(
                "SELECT number, record, previous, hash, signature FROM entries ORDER BY number"
            ).fetchall()
            seen = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'")
            last = seen.fetchone()
        return [RawEntry(*row) for row in rows], int(last[0]) if last else 0

    def missing_guards(self) -> list[str]:
        """Triggers that should forbid a change and are gone, or are others."""
        with self._errors(), closing(self._connect()) as connection:
            rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            held = dict(rows.fetchall())
        return [
            f"the trigger {name}, which forbids changes, was removed or changed"
            for name, text in _GUARDS.items()
            if held.get(name) != text
        ]

    @contextmanager
    def writing(self, signer: Signer) -> Iterator[Writer]:
        """One transaction, alone among all processes: committed at its end, or not at all."""
        with self._errors(), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Writer(connection, signer, self.path)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _connect(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise ChallengeError(f"{self.path}: the ledger is missing")
        connection = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            # A commit is on the disk when it returns, whatever happens to process and power.
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ChallengeError(f"{self.path}: the ledger cannot be used: {error}") from None


class Writer:
    """Appends entries within one transaction."""

    def __init__(self, connection: sqlite3.Connection, signer: Signer, path: Path) -> None:
        self._connection = connection
        self._signer = signer
        self._path = path

    def entries(self) -> tuple[Entry, ...]:
        """All entries so far, in order; no other process can add one now."""
        return _entries(self._connection, self._path)

    def append(self, record: Record) -> Entry:
        """Add an entry behind the last."""
        last = self._connection.execute(
            "SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1"
        ).fetchone()
        number, previous = (last[0] + 1, last[1]) if last else (1, FIRST)
        text = record.text()
        digest = entry_hash(number, previous, text)
        entry = Entry(number, record, previous, digest, self._signer.sign(digest))
        self._connection.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?)",
            (number, text, previous, digest, entry.signature),
        )
        return entry


def _entries(connection: sqlite3.Connection, path: Path) -> tuple[Entry, ...]:
    rows = connection.execute(
        "SELECT number, record, previous, hash, signature FROM entries ORDER BY number"
    )
    found = []
    for number, text, *rest in rows:
        try:
            found.append(Entry(number, record_of(text), *rest))
        except (ValueError, TypeError) as error:
            raise ChallengeError(
                f"{path}: entry {number} cannot be read ({error}); lingula challenge verify says "
                "what became of the ledger"
            ) from None
    return tuple(found)
