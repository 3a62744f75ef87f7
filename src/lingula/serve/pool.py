"""One bounded queue of texts, and the worker processes that take whatever is in it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Any, NamedTuple, Protocol

from lingula.errors import LingulaError
from lingula.serve.choices import Choices
from lingula.serve.fragments import error_fragment
from lingula.serve.queued import Batch, Pending, TextQueue
from lingula.serve.settings import Settings
from lingula.serve.worker_process import WorkerEndedError, WorkerProcess
from lingula.web import Problem

LOG = logging.getLogger("lingula.serve")
_DIED = error_fragment("worker_died", "the process that labeled this report ended; it was replaced")
#: A batch is given to so many workers before it is taken for what ends them.
_TRIES = 2
_LONGEST_PAUSE = 5.0
#: A refusal takes so long: clients that came again at once, whatever Retry-After says, would keep
#: the front end from handing out answers.
_REFUSAL_SECONDS = 0.25


class Watcher(Protocol):
    """Told what the pool does, for the metrics."""

    def batch(self, labeler: str, texts: int, seconds: float) -> None:
        """A batch was labeled."""

    def restarted(self) -> None:
        """A worker process was replaced."""


class Status(NamedTuple):
    """How the pool does.

    Attributes:
        ready: Worker processes that can label.
        processes: Worker processes there should be.
        queued: Texts that wait.
        pids: Numbers of the processes that can label.
    """

    ready: int
    processes: int
    queued: int
    pids: tuple[int, ...]


class Pool:
    """Labels texts in worker processes.

    Args:
        settings: The service.
        watcher: Told of batches and restarts.
    """

    def __init__(self, settings: Settings, watcher: Watcher | None = None) -> None:
        self._settings = settings
        self._watcher = watcher
        self._queue = TextQueue(
            frozenset(item.name for item in settings.labelers if item.source == "rules")
        )
        self._idle: deque[asyncio.Future[None]] = deque()
        self._room = asyncio.Event()
        self._workers: dict[int, WorkerProcess] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._rate = 0.0
        #: What the labelers are and can do, by name; known once ``start`` is done.
        self.labelers: dict[str, dict[str, Any]] = {}

    @property
    def status(self) -> Status:
        """How the pool does now."""
        pids = tuple(worker.pid for worker in self._workers.values())
        return Status(len(pids), self._settings.processes, self._queue.texts, pids)

    async def start(self) -> None:
        """Start the worker processes, and wait until the first can label.

        Raises:
            LingulaError: If a labeler cannot be loaded.
        """
        try:
            first = await WorkerProcess.start(self._settings)
        except WorkerEndedError:
            raise LingulaError(
                "the worker process ended before it could label; look at the lines above"
            ) from None
        self.labelers = {item["name"]: item for item in first.labelers}
        for number in range(self._settings.processes):
            task = asyncio.ensure_future(self._keep(number, first if number == 0 else None))
            self._tasks.append(task)
        await asyncio.sleep(0)

    async def close(self) -> None:
        """End the worker processes; texts that wait are not labeled."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def label(self, choices: Choices, texts: Sequence[str | None]) -> list[bytes]:
        """JSON of each text's labels, in order.

        Raises:
            Problem: 429 if too many texts wait, 504 if they are not labeled in time.
        """
        waiting = self._queue.texts
        if waiting and waiting + len(texts) > self._settings.limits.queue_texts:
            seconds = max(1, round(waiting / self._rate)) if self._rate else 1
            await asyncio.sleep(_REFUSAL_SECONDS)
            raise Problem(
                429,
                "too_many_requests",
                "too many reports wait; come again after the seconds of Retry-After",
                {"Retry-After": str(min(seconds, 60))},
            )
        return await self._label(choices, texts)

    async def label_when_free(self, choices: Choices, texts: Sequence[str | None]) -> list[bytes]:
        """The same, after waiting for room in the queue.

        Raises:
            Problem: 504 if the texts are not labeled in time once they are in the queue.
        """
        while self._queue.texts and (
            self._queue.texts + len(texts) > self._settings.limits.queue_texts
        ):
            self._room.clear()
            await self._room.wait()
        return await self._label(choices, texts)

    async def _label(self, choices: Choices, texts: Sequence[str | None]) -> list[bytes]:
        if not texts:
            return []
        loop = asyncio.get_running_loop()
        pending = Pending(choices, texts, loop.create_future())
        self._queue.add(pending)
        self._wake(len(texts), self._queue.largest(choices))
        seconds = self._settings.limits.deadline_seconds
        late = loop.call_later(seconds, pending.give_up)
        try:
            return await pending.done
        except TimeoutError:
            raise Problem(
                504, "deadline", f"the reports could not be labeled within {seconds:g} seconds"
            ) from None
        finally:
            late.cancel()
            self._queue.forget(pending)

    def _wake(self, texts: int, batch: int = 1) -> None:
        while self._idle and texts > 0:
            waiting = self._idle.popleft()
            if not waiting.done():
                waiting.set_result(None)
                texts -= batch

    async def _next(self) -> Batch:
        while (batch := self._take()) is None:
            waiting = asyncio.get_running_loop().create_future()
            self._idle.append(waiting)
            await waiting
        return batch

    def _take(self) -> Batch | None:
        batch = self._queue.take()
        if batch is not None:
            self._room.set()
        return batch

    async def _keep(self, number: int, worker: WorkerProcess | None) -> None:
        """Keep one worker process running for as long as the pool does."""
        failures = 0
        while True:
            started = monotonic()
            try:
                if worker is None:
                    worker = await WorkerProcess.start(self._settings)
                self._workers[number] = worker
                await self._work(worker)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next one may do
                LOG.warning(
                    "a worker process ended", extra={"fields": {"why": type(error).__name__}}
                )
            finally:
                self._workers.pop(number, None)
                if worker is not None:
                    await worker.end()
            worker = None
            if self._watcher is not None:
                self._watcher.restarted()
            # At once the first time; slower if none lives for long.
            failures = failures + 1 if monotonic() - started < _LONGEST_PAUSE else 0
            await asyncio.sleep(min(_LONGEST_PAUSE, 0.2 * 2**failures - 0.2))

    async def _work(self, worker: WorkerProcess) -> None:
        """Give a worker batches until its process ends, in work or idle.

        Raises:
            WorkerEndedError: When it has.
        """
        feeding = asyncio.ensure_future(self._feed(worker))
        gone = asyncio.ensure_future(worker.gone())
        try:
            await asyncio.wait({feeding, gone}, return_when=asyncio.FIRST_COMPLETED)
            if worker.busy or feeding.done():
                await feeding  # it sees the end itself, and gives its batch back
            raise WorkerEndedError("it was idle")
        finally:
            feeding.cancel()
            gone.cancel()
            await asyncio.gather(feeding, gone, return_exceptions=True)
            # A batch may have been announced to it just now.
            self._wake(self._queue.texts)

    async def _feed(self, worker: WorkerProcess) -> None:
        batch: Batch | None = None
        started = 0.0
        while True:
            if batch is None:
                batch, started = await self._next(), monotonic()
                worker.send(batch.choices, batch.texts)
            try:
                answers = await worker.receive(
                    len(batch.texts), self._settings.limits.worker_seconds
                )
            except WorkerEndedError:
                self._again(batch)
                raise
            except BaseException:
                batch.fail()
                raise
            now = monotonic()
            done, batch, seconds, started = batch, self._take(), now - started, now
            if batch is not None:
                # It labels the next texts while the answers to these are handed out.
                worker.send(batch.choices, batch.texts)
            self._deliver(done, answers, seconds)

    def _deliver(self, batch: Batch, answers: Sequence[bytes], seconds: float) -> None:
        batch.deliver(answers)
        rate = len(answers) / max(seconds, 1e-6) * self._settings.processes
        self._rate = rate if not self._rate else 0.9 * self._rate + 0.1 * rate
        if self._watcher is not None:
            self._watcher.batch(batch.choices.labeler, len(answers), seconds)

    def _again(self, batch: Batch) -> None:
        """Queue the texts of a worker that died once more, each by itself."""
        if batch.tries >= _TRIES:
            batch.deliver([_DIED] * len(batch.texts))
            return
        self._queue.put_back(batch)
        self._wake(len(batch.texts))
