"""Whether a ledger is what it was: each entry that was changed, dropped or moved is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from lingula.challenge.folder import BOARD, Challenge
from lingula.challenge.ledger import FIRST, RawEntry, Record, entry_hash, record_of
from lingula.challenge.scoring import mean_of, metric_of, stored_scores
from lingula.challenge.signing import is_signed
from lingula.errors import LingulaError

#: Figures that are recomputed may differ by rounding between versions of numpy.
_ROUNDING = 1e-9


def verify(
    challenge: Challenge, *, public_key: str | None = None, receipts: Sequence[str] = ()
) -> tuple[str, ...]:
    """All that is wrong with a challenge's ledger and what it stands on.

    Args:
        challenge: From ``open_challenge``.
        public_key: The key that participants know, from the page they were given; the one in
            ``challenge.toml`` if not given.
        receipts: Of teams, as "NUMBER HASH".

    Returns:
        One sentence a fault; empty if all holds.

    Raises:
        ChallengeError: If there is no ledger, or it is no database.
    """
    rows, highest = challenge.ledger.raw()
    key = (public_key or challenge.terms.key).strip().lower()
    faults: list[str] = []
    if key != challenge.terms.key:
        faults.append(f"challenge.toml names another key, {challenge.terms.key}")
    faults += _chain(rows, highest, key)
    faults += _board(challenge.path / BOARD / "board.json", rows)
    faults += _receipts(rows, receipts)
    faults += challenge.ledger.missing_guards()
    records = _records(rows, faults)
    faults += _files(challenge, records)
    faults += _submissions(challenge, records)
    return tuple(faults)


def _chain(rows: Sequence[RawEntry], highest: int, key: str) -> Iterator[str]:
    """Numbers, hashes and signatures, one entry after the other."""
    before, previous = 0, FIRST
    for row in rows:
        if row.number > before + 1:
            yield f"{_numbers(before + 1, row.number - 1)} dropped"
        if entry_hash(row.number, row.previous, row.text) != row.hash:
            home = _home(row, highest)
            yield (
                f"entry {row.number} was changed"
                if home is None
                else f"entry {row.number} is entry {home}, which was moved"
            )
        elif row.previous != previous and row.number == before + 1:
            yield (
                f"entry {row.number} does not follow the entry before it: one of the two was "
                "replaced, dropped or moved"
            )
        if not is_signed(key, row.signature, row.hash):
            yield f"entry {row.number} is not signed with the challenge's key"
        before, previous = row.number, row.hash
    if highest > before:
        yield f"{_numbers(before + 1, highest)} dropped"
    if not rows:
        yield "the ledger is empty, and even its first entry was dropped"


def _numbers(first: int, last: int) -> str:
    return f"entry {first} was" if first == last else f"entries {first} to {last} were"


def _home(row: RawEntry, highest: int) -> int | None:
    """The number under which an entry's hash is right, if there is one."""
    for number in range(1, highest + 1):
        if entry_hash(number, row.previous, row.text) == row.hash:
            return number
    return None


def _board(path: Path, rows: Sequence[RawEntry]) -> Iterator[str]:
    """The last board that was made must stand on the beginning of this ledger."""
    if not path.is_file():
        return
    try:
        ledger = json.loads(path.read_text(encoding="utf-8"))["ledger"]
        number, digest = int(ledger["entries"]), str(ledger["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{path}: is no board; make it anew"
        return
    if digest not in {row.hash for row in rows if row.number == number}:
        yield f"entry {number} has another hash than on the board, or is gone"


def _receipts(rows: Sequence[RawEntry], receipts: Iterable[str]) -> Iterator[str]:
    held = {f"{row.number} {row.hash}" for row in rows}
    for receipt in receipts:
        if " ".join(receipt.split()) not in held:
            yield f"the ledger does not hold the receipt {' '.join(receipt.split())!r}"


def _records(rows: Sequence[RawEntry], faults: list[str]) -> list[tuple[int, Record]]:
    found = []
    for row in rows:
        try:
            found.append((row.number, record_of(row.text)))
        except (ValueError, TypeError):
            faults.append(f"entry {row.number} cannot be read")
    return found


def _files(challenge: Challenge, records: Sequence[tuple[int, Record]]) -> Iterator[str]:
    """What the first entry says that the challenge stands on: terms, truth, readers."""
    if not records or records[0][1].kind != "created":
        yield "the first entry is not that of the challenge's making"
        return
    for name, digest in records[0][1].files:
        path = challenge.path / name
        if not path.is_file():
            yield f"{name} is missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield f"{name} was changed since the challenge was made"


def _submissions(challenge: Challenge, records: Sequence[tuple[int, Record]]) -> Iterator[str]:
    """Each scored entry's file is there, and gives the figures that stand in the entry."""
    truth, metric = challenge.truth, challenge.terms.metric
    for number, record in records:
        if record.kind != "scored":
            continue
        try:
            scores = stored_scores(challenge, number, record).scores
        except LingulaError as error:
            yield str(error)
            continue
        parts = [(truth.public, record.public)]
        if challenge.terms.sealed:
            parts.append((~truth.public, record.private))
        for part, told in parts:
            found = metric_of(truth, scores, part, metric)
            said = np.array([np.nan if x is None else x for x in told])
            if said.shape != found.shape or not np.allclose(
                said, found, rtol=0, atol=_ROUNDING, equal_nan=True
            ):
                yield (
                    f"entry {number} holds other figures than its submission has now "
                    f"(mean {mean_of(found):.6f})"
                )
                break
