"""A worker process: reads tasks from standard input, writes results to standard output.

It is a plain child process rather than one of ``multiprocessing``: so a user's script needs no
``if __name__ == "__main__"`` guard, and a worker whose parent is killed reads the end of its input
and goes too.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from lingula.errors import LingulaError
from lingula.labels import Labeler
from lingula.pipeline.task import ReadingOptions, TaskResult, label_texts

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, eq=False)
class WorkerSetup:
    """What a worker is told first."""

    labeler: Labeler
    options: ReadingOptions
    evidence: bool


@dataclass(frozen=True)
class WorkerFailure:
    """An exception in a worker: ``expected`` for a LingulaError, else a bug and its traceback."""

    expected: bool
    message: str


def send(stream: BinaryIO, message: Any) -> None:
    """Write one message: its length, then its pickle."""
    data = message if isinstance(message, bytes) else pickle.dumps(message, protocol=5)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one message.

    Raises:
        EOFError: If the other side has closed the stream.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Serve tasks until the input ends."""
    # A service manager tells all processes to end; the parent ends its workers in order.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    output = os.fdopen(os.dup(1), "wb")
    # Whatever a labeler prints must not get between the messages.
    os.dup2(2, 1)
    source = sys.stdin.buffer
    try:
        setup: WorkerSetup = receive(source)
        # The labeler stays as long as the process: garbage need not be looked for in it.
        gc.freeze()
        while True:
            texts: Sequence[str | None] = receive(source)
            send(output, _answer(setup, texts))
    except (EOFError, BrokenPipeError):
        # The parent is done, or gone. Nothing is left to flush or to clean up.
        os._exit(0)


def _answer(setup: WorkerSetup, texts: Sequence[str | None]) -> TaskResult | WorkerFailure:
    try:
        return label_texts(setup.labeler, texts, setup.options, evidence=setup.evidence)
    except LingulaError as error:
        return WorkerFailure(True, str(error))
    except Exception:  # noqa: BLE001 - told to the parent, which raises it
        return WorkerFailure(False, traceback.format_exc())
