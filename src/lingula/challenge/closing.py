"""The close: the last entry, after which nothing is taken and the hidden part is shown."""

from __future__ import annotations

from datetime import datetime, timezone

from lingula.challenge.folder import Challenge
from lingula.challenge.ledger import Entry, Record
from lingula.challenge.terms import moment, stamp
from lingula.errors import ChallengeError


def close(challenge: Challenge, *, early: bool = False, now: datetime | None = None) -> Entry:
    """Close a challenge.

    Args:
        challenge: From ``open_challenge``.
        early: Close it before its deadline.
        now: For the ledger.

    Raises:
        ChallengeError: If it was closed, or its deadline is to come.
    """
    when = now or datetime.now(timezone.utc)
    deadline = challenge.terms.deadline
    if deadline and when < moment(deadline) and not early:
        raise ChallengeError(f"the deadline is {deadline}; close before it with --early")
    with challenge.ledger.writing(challenge.signer()) as writer:
        for entry in writer.entries():
            if entry.record.kind == "closed":
                raise ChallengeError(f"the challenge was closed at {entry.record.time}")
        return writer.append(Record("closed", stamp(when)))
