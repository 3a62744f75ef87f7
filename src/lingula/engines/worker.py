"""A worker process of the engine "local": reads partitions to label, answers with their records.

Like that of a run over one table it is a plain child process. It ends at once when its parent is
gone, even while it labels: what it has not published is not there, and a run that is resumed has
the machine for itself.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
import threading
import traceback
from typing import Any, BinaryIO

from lingula.engines.partition import PartitionError, PartitionLabeler
from lingula.errors import LingulaError
from lingula.network import silence
from lingula.pipeline.worker import WorkerFailure, receive, send


def main() -> None:
    """Serve until the input ends."""
    silence()
    # A service manager tells all processes to end; the parent ends its workers in order.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    output = os.fdopen(os.dup(1), "wb")
    # Whatever a labeler prints must not get between the messages.
    os.dup2(2, 1)
    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, messages), daemon=True).start()
    made = _made(*messages.get())
    gc.freeze()
    while True:
        message = messages.get()
        try:
            send(output, _answer(made, message))
        except BrokenPipeError:
            os._exit(0)


def _listen(source: BinaryIO, messages: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            messages.put(receive(source))
    except EOFError:
        # The parent is done, or gone.
        os._exit(0)


def _made(job: Any, threads: int) -> PartitionLabeler | WorkerFailure:
    try:
        return PartitionLabeler(job, threads)
    except LingulaError as error:
        return WorkerFailure(True, str(error))
    except Exception:  # noqa: BLE001 - told to the parent, which raises it
        return WorkerFailure(False, traceback.format_exc())


def _answer(made: PartitionLabeler | WorkerFailure, message: Any) -> Any:
    """What the parent asked for: a description if it sent nothing, else a partition."""
    if isinstance(made, WorkerFailure):
        return made
    if message is None:
        return made.describe()
    try:
        return made.label(message)
    except PartitionError as error:
        return WorkerFailure(True, str(error))
