"""Listens on an address and serves an application until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from lingula.errors import InputError

#: Seconds that a kept connection may be silent.
_IDLE_SECONDS = 30
#: Connections that the system holds until they are taken.
_BACKLOG = 2048
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


@dataclass(frozen=True)
class Address:
    """Where a server listens.

    Attributes:
        host: Name or address.
        port: 0 for any that is free.
        certificate: PEM file of its certificate chain; None for plain HTTP.
        key: PEM file of the certificate's key; None if the certificate's file holds it.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


def run_server(
    app: Any,
    address: Address,
    around: AbstractAsyncContextManager[Any],
    started: Callable[[str], None],
    *,
    grace_seconds: int,
) -> None:
    """Serve until SIGTERM or SIGINT; accepted requests are answered first.

    Args:
        app: The ASGI application.
        address: Where.
        around: Entered before the first request is taken, left after the last.
        started: Called with the server's URL once it answers.
        grace_seconds: How long accepted requests get after the signal.

    Raises:
        InputError: If the address cannot be listened on, or the certificate cannot be used.
        ImportError: If uvicorn and httptools are not installed.
    """
    import httptools  # noqa: F401 - what the protocol stands on
    import uvicorn

    from lingula.web.protocol import BoundedProtocol

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
        timeout_graceful_shutdown=grace_seconds,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    _load_certificate(config, address)
    server = uvicorn.Server(config)

    async def main(listening: socket.socket) -> None:
        async with around:
            # Whoever hears of it may ask at once.
            listening.listen(_BACKLOG)
            started(_url(address, listening))
            await server.serve([listening])

    with closing(_listen(address)) as listening, _Signals(server):
        _run(main(listening), config)


def _load_certificate(config: Any, address: Address) -> None:
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one, too
        if address.certificate is None:
            raise
        files = " and ".join(str(path) for path in (address.certificate, address.key) if path)
        reason = getattr(error, "reason", None) or error.strerror or "cannot be used"
        raise InputError(f"{files}: no certificate with its key in PEM form: {reason}") from None


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


def _listen(address: Address) -> socket.socket:
    try:
        family, kind, _, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
    except OSError as error:
        raise InputError(
            f"cannot listen on {address.host} port {address.port}: {error.strerror or error}"
        ) from None
    return listening


def _url(address: Address, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{'http' if address.certificate is None else 'https'}://{host}:{port}"
