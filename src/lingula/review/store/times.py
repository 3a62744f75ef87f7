"""Times as the database keeps them: milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(timezone.utc)


def milliseconds(time: datetime) -> int:
    """A time with its zone as the database keeps it.

    Raises:
        ValueError: If it has no zone.
    """
    if time.tzinfo is None:
        raise ValueError("a time needs its zone")
    return round(time.timestamp() * 1000)


def moment(kept: int) -> datetime:
    """The inverse of ``milliseconds``."""
    return datetime.fromtimestamp(kept / 1000, timezone.utc)
