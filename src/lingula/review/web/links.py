"""Secret links, one a person, each of which opens one session."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta, timezone
from typing import Protocol

from lingula.review.records import Person

#: How long a link that nobody used can be used.
LINK_DAYS = 14


class TokenKeeper(Protocol):
    """What of a store a link needs."""

    def add_token(self, person_id: int, sha256: str, expires: datetime) -> None:
        """Keep the digest of a link's token."""
        ...


def new_link(store: TokenKeeper, url: str, person: Person, days: float = LINK_DAYS) -> str:
    """A link that opens one session for a person.

    The token stands behind ``#``: that part of an address stays in the browser, and so is in no
    log of a server or proxy. It is 256 random bits, of which the store keeps the SHA-256.

    Args:
        store: Keeps the token's digest.
        url: Of the review's server, without a path.
        person: Whom it lets in.
        days: How long it can be used.
    """
    token = secrets.token_urlsafe(32)
    expires = datetime.now(timezone.utc) + timedelta(days=days)
    store.add_token(person.id, digest(token), expires)
    return f"{url.rstrip('/')}/enter#{token}"


def digest(secret: str) -> str:
    """SHA-256 of a token, as the store keeps it: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
