"""Listens on an address and serves until it is told to end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lingula.errors import MissingExtraError
from lingula.serve.settings import Settings
from lingula.web import ALLOWED_LOOPBACK_HOSTS, Tokens, is_loopback, require_safe_address
from lingula.web.running import Address, run_server

#: Seconds that accepted requests get after SIGTERM beyond their own deadline.
_GRACE_SECONDS = 5


@dataclass(frozen=True)
class Place:
    """Where a service listens, and who may ask.

    Attributes:
        host: Name or address.
        port: 0 for any that is free.
        tokens: Whose tokens are taken; None if nobody needs one.
        insecure: Whether another address than loopback may do without.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    tokens: Tokens | None = None
    insecure: bool = False


def serve(settings: Settings, place: Place, started: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; accepted requests are answered first.

    Args:
        settings: What is served.
        place: Where, and for whom.
        started: Called with the service's URL once it answers.

    Raises:
        InputError: If the address would be unsafe or cannot be listened on, or a labeler cannot be
            loaded.
        MissingExtraError: If the packages of the extra ``serve`` are not installed.
    """
    require_safe_address(place.host, has_tokens=place.tokens is not None, insecure=place.insecure)
    try:
        import httptools  # noqa: F401 - looked for before any worker process is started
        import uvicorn  # noqa: F401
    except ImportError:
        raise MissingExtraError("lingula serve", "serve") from None
    from lingula.serve.app import create_app

    hosts = ALLOWED_LOOPBACK_HOSTS if is_loopback(place.host) else None
    app, service = create_app(settings, tokens=place.tokens, hosts=hosts)

    @asynccontextmanager
    async def pool() -> AsyncIterator[None]:
        try:
            await service.pool.start()
            yield
        finally:
            await service.pool.close()

    grace = int(settings.limits.deadline_seconds) + _GRACE_SECONDS
    run_server(app, Address(place.host, place.port), pool(), started, grace_seconds=grace)
