"""HTTP/1.1 of uvicorn with bounds on a request's head, which it has none for.

A head that does not end, or that comes byte by byte, would hold memory or a connection without
anything of the application being asked.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Bytes of a request's line and headers at most, by about one read of the connection.
HEAD_BYTES = 64 * 1024
#: How long a connection may take to send them.
HEAD_SECONDS = 30.0


class BoundedProtocol(HttpToolsProtocol):
    """Ends connections whose request's head is too long or too slow."""

    _in_head = True
    _head = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A connection is there; its first request must follow."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes before the headers are complete."""
        if self._in_head:
            if self._head > HEAD_BYTES:
                self._end()
                return
            self._head += len(data)
            if self._late is None:
                self._expect()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head is whole; bodies have bounds of their own."""
        self._in_head = False
        self._relax()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next request may follow, when it likes."""
        super().on_message_complete()
        self._in_head = True
        self._head = 0

    def _expect(self) -> None:
        self._late = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._end)

    def _relax(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()
