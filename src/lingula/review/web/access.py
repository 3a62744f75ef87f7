"""Who asks: a session's cookie, the CSRF token that belongs to it, and the role it takes.

A link's token is exchanged once for a session. The cookie is HttpOnly and SameSite=Strict, and
Secure unless the server is on loopback (RFC 6265bis; its prefix ``__Host-`` binds it to this host).
The CSRF token is the HMAC of a fixed word under the session's own secret, so that nothing is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from lingula.review.records import Person
from lingula.review.store import Store
from lingula.review.web.links import digest
from lingula.review.web.rates import SIGNED_IN, STRANGERS, Buckets
from lingula.web import Problem

#: A working day; a new link opens the next session.
SESSION_HOURS = 12
CSRF_HEADER = "x-csrf-token"
#: Tokens are 43 characters; longer texts are none of ours, and are not digested.
_LONGEST = 128
_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Visitor:
    """A person with a session.

    Attributes:
        person: Who.
        secret: The session's; never leaves the cookie.
    """

    person: Person
    secret: str

    @property
    def csrf(self) -> str:
        """What a request that changes something must bring."""
        return hmac.new(self.secret.encode(), b"csrf", hashlib.sha256).hexdigest()


class Access:
    """Lets people in, and knows them again.

    Args:
        store: Of the review.
        secure: Whether browsers reach the server over TLS.
    """

    def __init__(self, store: Store, *, secure: bool) -> None:
        self._store = store
        self._secure = secure
        self._known = Buckets(SIGNED_IN)
        self._strangers = Buckets(STRANGERS)

    async def enter(self, request: Request, response: Response, token: str) -> Person:
        """Exchange a link's token for a session, whose cookie the response sets.

        Raises:
            Problem: 401 if the token is unknown, used, old or revoked; 403 for a request from
                another site; 429 after too many.
        """
        require_same_origin(request)
        self._strangers.take(_client(request))
        person = None
        if 0 < len(token) <= _LONGEST:
            person = await run_in_threadpool(self._store.use_token, digest(token))
        if person is None:
            raise Problem(
                401, "unknown_link", "this link was used, has ended or was withdrawn: ask for a new"
            )
        secret = secrets.token_urlsafe(32)
        expires = datetime.now(timezone.utc) + timedelta(hours=SESSION_HOURS)
        await run_in_threadpool(self._store.add_session, person.id, digest(secret), expires)
        response.set_cookie(
            self._cookie(request),
            secret,
            max_age=SESSION_HOURS * 3600,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
        return person

    async def leave(self, request: Request, response: Response, visitor: Visitor) -> None:
        """End a session."""
        await run_in_threadpool(self._store.end_session, digest(visitor.secret))
        response.delete_cookie(
            self._cookie(request), path="/", secure=self._secure, httponly=True, samesite="strict"
        )

    async def visitor(self, request: Request) -> Visitor:
        """Whose session it is.

        Raises:
            Problem: 401 without a session; 403 where a request that changes something lacks the
                session's CSRF header or comes from another site; 429 after too many.
        """
        secret = request.cookies.get(self._cookie(request), "")
        person = None
        if 0 < len(secret) <= _LONGEST:
            person = await run_in_threadpool(self._store.person_of_session, digest(secret))
        if person is None:
            self._strangers.take(_client(request))
            raise Problem(401, "no_session", "open your link: there is no session, or it has ended")
        self._known.take(str(person.id))
        visitor = Visitor(person, secret)
        if request.method not in _SAFE_METHODS:
            require_same_origin(request)
            given = request.headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
                raise Problem(403, "csrf", "the page is from another session: load it again")
        return visitor

    def only(self, *roles: str) -> Callable[[Request], Awaitable[Visitor]]:
        """A dependency of FastAPI: the visitor, if of one of the roles.

        Raises:
            Problem: As ``visitor``, and 403 for another role.
        """

        async def admitted(request: Request) -> Visitor:
            visitor = await self.visitor(request)
            if visitor.person.role not in roles:
                raise Problem(403, "not_your_role", f"this is for a {' or '.join(roles)}")
            return visitor

        return admitted

    def _cookie(self, request: Request) -> str:
        # Browsers do not tell ports apart: two reviews on one machine need two names.
        server = request.scope.get("server") or ("", 0)
        return f"{'__Host-' if self._secure else ''}lingula-review-{server[1]}"


def require_same_origin(request: Request) -> None:
    """Refuse what another site's page sends; programs other than browsers send neither header.

    Raises:
        Problem: 403.
    """
    origin = request.headers.get("origin")
    fetched = request.headers.get("sec-fetch-site", "same-origin")
    same = origin is None or _netloc(origin) == request.headers.get("host", "").lower()
    if not same or fetched not in ("same-origin", "none"):
        raise Problem(403, "other_origin", "this was sent from a page of another site")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _client(request: Request) -> str:
    return request.client.host if request.client else ""
