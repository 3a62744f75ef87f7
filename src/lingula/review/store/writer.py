"""One writer: on SQLite a queue, whose thread commits what has gathered in one transaction.

SQLite lets one connection write at a time and makes the others poll for their turn, without order:
under many writers some wait for seconds. A queue is fair, and one commit to the disk serves all
that came in while the last one was under way. PostgreSQL queues by itself, at its lock.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa

from lingula.errors import ReviewError
from lingula.review.store.engine import writing

T = TypeVar("T")
Work = Callable[[sa.Connection], T]
_Item = tuple[Work[Any], "Future[Any]"]

#: Pieces of work in one transaction at most, so that no piece waits for long.
_TOGETHER = 64


class Writer:
    """Runs pieces of work that write, each whole or not at all.

    Args:
        engine: Of the database.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False

    def run(self, work: Work[T]) -> T:
        """Run a piece of work; when this returns, what it wrote is on the disk.

        Raises:
            ReviewError: If the store is closed.
        """
        if self._engine.dialect.name == "postgresql":
            with writing(self._engine) as connection:
                return work(connection)
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise ReviewError("the review's store is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
                self._thread.start()
            self._queue.put((work, future))
        return future.result()

    def close(self) -> None:
        """Write what is waiting, and end."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._queue.put(None)
        if thread is not None:
            thread.join()

    def _write(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            items, ended = [first], False
            while len(items) < _TOGETHER:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    ended = True
                    break
                items.append(item)
            self._commit(items)
            if ended:
                return

    def _commit(self, items: list[_Item]) -> None:
        """One transaction for all; a piece that fails is undone alone."""
        done: list[tuple[Future[Any], Any]] = []
        failed: list[tuple[Future[Any], BaseException]] = []
        try:
            with writing(self._engine) as connection:
                for work, future in items:
                    try:
                        with connection.begin_nested():
                            done.append((future, work(connection)))
                    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
                        failed.append((future, error))
        except Exception as error:  # noqa: BLE001 - nothing was committed: all are told
            for _, future in items:
                future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)
        for future, reason in failed:
            future.set_exception(reason)
