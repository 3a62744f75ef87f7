"""How much a request may hold, checked before anything of it is parsed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from lingula.web.problems import Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: A string of JSON (to the end of the body if it is not closed), or a bracket. Each part can match
#: in one way only, so that the time grows with the length.
_BRACKETS = re.compile(rb'"(?:[^"\\]+|\\.)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


class DisconnectedError(Exception):
    """The client went away before its request was whole."""


def header(scope: Scope, name: bytes) -> str:
    """A request header, or an empty text; the first one if it is repeated."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


def require_type(scope: Scope, allowed: Collection[str]) -> None:
    """Refuse a body of another kind.

    Browsers send JSON to another site only if that site allows it, and none is allowed: so this
    also keeps a web page from asking a server on its reader's own machine.

    Raises:
        Problem: 415.
    """
    given = header(scope, b"content-type").partition(";")[0].strip().lower()
    if given not in allowed:
        raise Problem(
            415, "unsupported_media_type", f"send Content-Type: {' or '.join(sorted(allowed))}"
        )


async def read_body(receive: Receive, seconds: float) -> bytes:
    """The whole body of a request, whose size ``Safety`` bounds.

    Args:
        receive: Of the ASGI application.
        seconds: How long it may take to arrive.

    Raises:
        Problem: 408 if it does not arrive in time.
        DisconnectedError: If the client goes away.
    """
    message = await _next(receive, seconds)
    if not message.get("more_body", False):
        return bytes(message.get("body", b""))
    parts = [message.get("body", b"")]
    until = asyncio.get_running_loop().time() + seconds
    while message.get("more_body", False):
        message = await _next(receive, until - asyncio.get_running_loop().time())
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def _next(receive: Receive, seconds: float) -> Message:
    import anyio  # what starlette stands on

    try:
        with anyio.fail_after(seconds):
            message = await receive()
    except TimeoutError:
        raise Problem(
            408, "request_timeout", "the request took too long to arrive", {"Connection": "close"}
        ) from None
    if message["type"] == "http.disconnect":
        raise DisconnectedError
    return message


def require_depth(body: bytes, limit: int) -> None:
    """Refuse JSON with more brackets inside each other than ``limit``, before it is parsed.

    Raises:
        Problem: 400.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return
    depth = 0
    for found in _BRACKETS.finditer(body):
        mark = body[found.start()]
        if mark in b"[{":
            depth += 1
            if depth > limit:
                raise Problem(400, "too_deep", f"JSON may be nested {limit} deep, no deeper")
        elif mark in b"]}":
            depth -= 1
