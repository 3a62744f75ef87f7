"""Listens on an address and serves until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from types import FrameType
from typing import Any

from lingula.errors import InputError, MissingExtraError
from lingula.serve.settings import Settings
from lingula.web import ALLOWED_LOOPBACK_HOSTS, Tokens, is_loopback, require_safe_address

#: Seconds that a kept connection may be silent, and that accepted requests get after SIGTERM
#: beyond their own deadline.
_IDLE_SECONDS = 30
_GRACE_SECONDS = 5
#: Connections that the system holds until they are taken.
_BACKLOG = 2048
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


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
        import httptools  # noqa: F401 - what the protocol stands on
        import uvicorn
    except ImportError:
        raise MissingExtraError("lingula serve", "serve") from None
    from lingula.serve.app import create_app
    from lingula.serve.protocol import BoundedProtocol

    hosts = ALLOWED_LOOPBACK_HOSTS if is_loopback(place.host) else None
    app, service = create_app(settings, tokens=place.tokens, hosts=hosts)
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=int(settings.limits.deadline_seconds) + _GRACE_SECONDS,
    )
    server = uvicorn.Server(config)

    async def main(listening: socket.socket) -> None:
        try:
            await service.pool.start()
            # Whoever hears of it may ask at once.
            listening.listen(_BACKLOG)
            started(_url(place.host, listening))
            await server.serve([listening])
        finally:
            await service.pool.close()

    with closing(_listen(place)) as listening, _Signals(server):
        _run(main(listening), config)


def _run(main: Any, config: Any) -> None:
    factory = config.get_loop_factory()
    loop = factory() if factory else asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class _Signals:
    """Signals that end a service, around uvicorn's own handling of them while it serves.

    Before it listens they end the start. Afterwards nothing is left to do: uvicorn, when it has
    ended in order, raises each signal again for whoever handled it before.

    Args:
        server: The uvicorn server.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._before: list[tuple[int, Any]] = []

    def __enter__(self) -> None:
        for name in _ENDING:
            if hasattr(signal, name):
                number = getattr(signal, name)
                self._before.append((number, signal.signal(number, self._end)))

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        if not self._server.started:
            raise KeyboardInterrupt
        self._server.should_exit = True


def _listen(place: Place) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise InputError(
            f"cannot listen on {place.host} port {place.port}: {error.strerror or error}"
        ) from None
    return listening


def _url(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
