"""The outermost layer of every web application: who, how much, and nothing said that was sent."""

from __future__ import annotations

import logging
import re
import secrets
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from lingula.web.limits import DisconnectedError, Message, Receive, Scope, Send, header
from lingula.web.problems import Problem, problem_response
from lingula.web.tokens import Tokens

App = Callable[[Scope, Receive, Send], Awaitable[None]]
#: Told of each request: method, route ("/v1/label", never what a client typed), status, seconds.
Observer = Callable[[str, str, int, float], None]

LOG = logging.getLogger("lingula.web")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_UNMATCHED = "other"

#: Answers hold patients' data: no cache keeps them, no other site's page embeds or reads them.
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@dataclass(frozen=True)
class Policy:
    """Who may ask, and how much.

    Attributes:
        tokens: Whose tokens are taken; None if nobody needs one.
        hosts: Names under which the server may be asked, without the port; None for any.
        body_bytes: Bytes of a request's body at most.
        open_paths: Paths that need no token.
        streams: Paths whose bodies are read piece by piece, and so have no bound.
        headers: Headers of every answer that does not set them itself.
    """

    tokens: Tokens | None = None
    hosts: frozenset[str] | None = None
    body_bytes: int = 16 * 1024 * 1024
    open_paths: frozenset[str] = frozenset()
    streams: frozenset[str] = frozenset()
    headers: dict[str, str] = field(default_factory=lambda: dict(SECURITY_HEADERS))


class Safety:
    """Wraps an ASGI application; its lifespan is let through.

    Args:
        app: The application.
        policy: Who may ask, and how much.
        observe: Told of each request when it is answered.
    """

    def __init__(self, app: App, policy: Policy, observe: Observer | None = None) -> None:
        self._app = app
        self._policy = policy
        self._observe = observe
        self._headers = [(k.encode(), v.encode()) for k, v in policy.headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        await _Exchange(self._policy, self._headers, scope, receive, send).answer(
            self._app, self._observe
        )


class _Exchange:
    """One request and its answer."""

    def __init__(
        self,
        policy: Policy,
        headers: list[tuple[bytes, bytes]],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._policy = policy
        self._headers = headers
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = perf_counter()
        self._left = -1 if scope["path"] in policy.streams else policy.body_bytes
        given = header(scope, b"x-request-id")
        self._id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        self._status = 0
        scope["lingula.request_id"] = self._id

    async def answer(self, app: App, observe: Observer | None) -> None:
        try:
            self._admit()
            await app(self._scope, self.receive, self.send)
        except Problem as problem:
            await self._say(problem)
        except DisconnectedError:
            self._status = self._status or 499
        except Exception as error:  # noqa: BLE001 - logged without its message, answered as 500
            self._log_bug(error)
            await self._say(Problem(500, "internal_error", "an error of the server's own"))
        finally:
            self._finish(observe)

    def _admit(self) -> None:
        policy, scope = self._policy, self._scope
        if policy.hosts is not None and _host(header(scope, b"host")) not in policy.hosts:
            raise Problem(421, "unknown_host", "the server is not known under this name")
        if not self._known():
            raise Problem(
                401,
                "unauthorized",
                "send Authorization: Bearer TOKEN with a token of this server",
                {"WWW-Authenticate": "Bearer", **_CLOSE},
            )
        if header(scope, b"content-encoding").lower() not in ("", "identity"):
            raise Problem(415, "unsupported_encoding", "send the body uncompressed", _CLOSE)
        length = header(scope, b"content-length")
        if self._left >= 0 and length.isdigit() and int(length) > self._left:
            raise self._too_large()

    def _known(self) -> bool:
        tokens = self._policy.tokens
        if tokens is None or self._scope["path"] in self._policy.open_paths:
            return True
        return tokens.holder(header(self._scope, b"authorization")) is not None

    def _too_large(self) -> Problem:
        limit = self._policy.body_bytes
        return Problem(413, "too_large", f"a body may have {limit:,} bytes at most", _CLOSE)

    async def receive(self) -> Message:
        message = await self._receive()
        if self._left >= 0 and message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self._left = 0
                raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = list(message.get("headers", ()))
            own = {name for name, _ in headers}
            headers += [item for item in self._headers if item[0] not in own]
            headers.append((b"x-request-id", self._id.encode()))
            message = {**message, "headers": headers}
        await self._send(message)

    async def _say(self, problem: Problem) -> None:
        if self._status:
            return  # An answer is under way; the connection ends it.
        status, headers, body = problem_response(problem, self._id)
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _log_bug(self, error: BaseException) -> None:
        # Where it happened, not what it says: a message can quote a text.
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
        LOG.error(
            "internal error",
            extra={"fields": {"id": self._id, "error": type(error).__qualname__, "places": places}},
        )

    def _finish(self, observe: Observer | None) -> None:
        seconds = perf_counter() - self._started
        route = getattr(self._scope.get("route"), "path", _UNMATCHED)
        method = self._scope["method"]
        method = method if method in _METHODS else _UNMATCHED
        if observe is not None:
            observe(method, route, self._status, seconds)
        if LOG.isEnabledFor(logging.INFO):
            fields: dict[str, Any] = {
                "id": self._id,
                "method": method,
                "route": route,
                "status": self._status,
                "ms": round(1000 * seconds, 2),
            }
            LOG.info("request", extra={"fields": fields})


_CLOSE = {"Connection": "close"}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _host(value: str) -> str:
    """The name of a Host header, without its port."""
    if value.startswith("["):
        return value.partition("]")[0] + "]"
    return value.partition(":")[0].lower()
