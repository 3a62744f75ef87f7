"""What passes between the front end and a worker process: frames of JSON behind their length.

JSON and not pickles: a worker that a hostile text brought down must not be able to hand code back.
"""

from __future__ import annotations

import struct
from asyncio import StreamReader
from typing import BinaryIO

_LENGTH = struct.Struct("!I")


def frame(body: bytes) -> bytes:
    """A body behind its length."""
    return _LENGTH.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next body of a file; None at its end."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


async def receive_frame(stream: StreamReader) -> bytes:
    """The next body of a stream.

    Raises:
        asyncio.IncompleteReadError: If the stream ends.
    """
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return await stream.readexactly(length)
