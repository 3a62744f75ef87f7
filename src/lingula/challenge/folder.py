"""The folder of a challenge: where everything lies, and what is open to whom."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lingula.challenge.ledger import Entry, Ledger
from lingula.challenge.signing import Signer, read_key
from lingula.challenge.submission import Form
from lingula.challenge.terms import Terms, read_terms
from lingula.challenge.truth import Truth, read_truth

TERMS, LEDGER, PRIVATE, PUBLIC = "challenge.toml", "ledger.sqlite", "private", "public"
SUBMISSIONS, BOARD, KEY, FORM = "submissions", "board", "key.pem", "form.csv"


@dataclass(frozen=True)
class Challenge:
    """A challenge in its folder.

    Attributes:
        path: The folder.
        terms: What is asked.
        key: File of the ledger's private key; by default in ``private/``.
    """

    path: Path
    terms: Terms
    key: Path

    @property
    def ledger(self) -> Ledger:
        """Its ledger."""
        return Ledger(self.path / LEDGER)

    @property
    def private(self) -> Path:
        """What only the organizer reads."""
        return self.path / PRIVATE

    @cached_property
    def truth(self) -> Truth:
        """The hidden truth."""
        return read_truth(self.private, self.terms.observations)

    @cached_property
    def form(self) -> Form:
        """What a submission holds."""
        return Form(self.terms.id_column, self.truth.ids, self.terms.observations)

    def signer(self) -> Signer:
        """Signs entries of the ledger."""
        return read_key(self.key)

    def stored(self, sha256: str) -> Path:
        """Where a submission with that hash lies."""
        return self.path / SUBMISSIONS / f"{sha256}.csv"

    def closed(self, entries: tuple[Entry, ...]) -> bool:
        """Whether the challenge was closed, so that private figures may be shown."""
        return any(entry.record.kind == "closed" for entry in entries)


def open_challenge(folder: str | Path, key: str | Path | None = None) -> Challenge:
    """The challenge in a folder.

    Raises:
        ChallengeError: If there is none.
    """
    folder = Path(folder)
    terms = read_terms(folder / TERMS)
    return Challenge(folder, terms, folder / PRIVATE / KEY if key is None else Path(key))


def standing_files(folder: Path) -> tuple[tuple[str, str], ...]:
    """Name and sha256 of the files that a challenge stands on: terms, truth and readers."""
    private = folder / PRIVATE
    found = [folder / TERMS, *sorted(x for x in private.rglob("*.csv") if x.is_file())]
    return tuple(
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in found
    )
