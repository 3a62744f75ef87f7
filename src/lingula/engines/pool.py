"""Workers that label partitions, whatever they are: each has one at a time, a dead one is replaced.

An engine only says how a worker is started, asked and ended; a thread waits for each answer.
"""

from __future__ import annotations

import queue
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol

from lingula.engines.partition import Described, Done, PartitionError
from lingula.engines.planning import Partition


class WorkerDied(Exception):  # noqa: N818 - what happened, not what is wrong
    """A worker ended while it was asked; its message says how."""


class Workers(Protocol):
    """An engine's workers.

    Attributes:
        name: The engine.
        number: How many partitions are labeled at a time.
    """

    name: str
    number: int

    def start(self) -> Any:
        """A new worker, perhaps still loading its labeler."""
        ...

    def describe(self, worker: Any) -> Described:
        """What its labeler is, once it is loaded.

        Raises:
            LingulaError: If the labeler cannot be loaded.
            WorkerDied: If the worker ended.
        """
        ...

    def label(self, worker: Any, partition: Partition) -> Done:
        """Label one partition.

        Raises:
            PartitionError: If it could not be.
            WorkerDied: If the worker ended.
        """
        ...

    def stop(self, worker: Any) -> None:
        """End a worker, at once, whether it lives or not."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class Pool:
    """Workers behind one queue.

    Args:
        workers: The engine's.

    Attributes:
        described: What the first worker tells of its labeler.
        number: How many partitions are labeled at a time.

    Raises:
        LingulaError: If the labeler cannot be loaded.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.number = workers.number
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._all: list[Any] = []
        self._closed = False
        self._threads = ThreadPoolExecutor(2 * self.number, thread_name_prefix="lingula-engine")
        try:
            first = self._start()
            try:
                self.described = workers.describe(first)
            except WorkerDied as error:
                raise PartitionError(
                    f"the first worker {error} before its labeler was loaded; a labeler of your "
                    "own must be importable where the workers run"
                ) from None
            self._idle.put(first)
            for _ in range(self.number - 1):
                self._threads.submit(self._join, self._start())
        except BaseException:
            self.close()
            raise

    def submit(self, partition: Partition) -> Future[Done]:
        """Label a partition as soon as a worker is free."""
        return self._threads.submit(self._label, partition)

    def close(self) -> None:
        """End all workers, at once."""
        self._closed = True
        self._stop_all()
        # Those that wait for a worker must not wait for ever.
        for _ in range(2 * self.number):
            self._idle.put(None)
        self._threads.shutdown(wait=True, cancel_futures=True)
        # One may have been started in place of one that was just ended.
        self._stop_all()
        self._workers.close()

    def _stop_all(self) -> None:
        for worker in list(self._all):
            self._workers.stop(worker)

    def _start(self) -> Any:
        worker = self._workers.start()
        self._all.append(worker)
        return worker

    def _join(self, worker: Any) -> None:
        """Wait until a worker is ready: one that never is, for want of room, is never asked."""
        with suppress(WorkerDied):
            # One that died is replaced when it is asked to label something.
            self._workers.describe(worker)
        self._idle.put(worker)

    def _label(self, partition: Partition) -> Done:
        worker = self._idle.get()
        if worker is None:
            raise PartitionError("the run is ending")
        try:
            return self._workers.label(worker, partition)
        except WorkerDied as error:
            self._workers.stop(worker)
            self._all.remove(worker)
            if not self._closed:
                worker = self._start()
            raise PartitionError(f"its worker {error}, perhaps for want of memory") from None
        finally:
            self._idle.put(worker)
