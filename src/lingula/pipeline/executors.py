"""Where tasks are labeled: in this process, or in several worker processes."""

from __future__ import annotations

import json
import os
import pickle
import queue
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO, Protocol, cast

from lingula.errors import LingulaError
from lingula.labels import Labeler
from lingula.pipeline.task import ReadingOptions, TaskResult, label_texts
from lingula.pipeline.worker import WorkerFailure, WorkerSetup, receive, send
from lingula.tables.source import BATCH_ROWS

#: Up to so many batches are labeled in this process: starting others would take longer.
SMALL_BATCHES = 2

#: Rows of a batch for labelers that take seconds for a few hundred texts: so that the progress
#: bar moves and little is lost when the run is cut off.
SLOW_BATCH_ROWS = 512

# Paths of this process first, as multiprocessing does: a labeler may live beside a script.
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from lingula.pipeline.worker import main; main()"
)


class Executor(Protocol):
    """Labels tasks.

    Attributes:
        processes: Number of worker processes; 0 for none.
        depth: Tasks that should be under way at a time so that nobody waits.
    """

    processes: int
    depth: int

    def submit(self, texts: Sequence[str | None]) -> Future[TaskResult]:
        """Start labeling; results may be awaited in any order."""
        ...

    def close(self) -> None:
        """End what is under way and give everything back."""
        ...


class InProcess:
    """Labels at once, in the calling thread."""

    processes = 0
    depth = 0

    def __init__(self, labeler: Labeler, options: ReadingOptions, *, evidence: bool) -> None:
        self._labeler = labeler
        self._options = options
        self._evidence = evidence

    def submit(self, texts: Sequence[str | None]) -> Future[TaskResult]:
        """Label now; the result is there when this returns."""
        done: Future[TaskResult] = Future()
        done.set_result(label_texts(self._labeler, texts, self._options, evidence=self._evidence))
        return done

    def close(self) -> None:
        """Nothing is under way."""


class WorkerProcesses:
    """Labels in child processes, one task each at a time.

    Args:
        labeler: A labeler that can be pickled.
        processes: How many.
        options: What of a text is labeled.
        evidence: Whether to give evidence.
    """

    def __init__(
        self,
        labeler: Labeler,
        processes: int,
        options: ReadingOptions,
        *,
        evidence: bool,
    ) -> None:
        self.processes = processes
        # One being labeled and one waiting for each, so that nobody waits for reading.
        self.depth = 2 * processes
        self._setup = pickle.dumps(WorkerSetup(labeler, options, evidence), protocol=5)
        self._children: list[subprocess.Popen[bytes]] = []
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        # A thread a child: it only waits, and keeps tasks flowing while this process writes.
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="lingula-worker")
        try:
            for _ in range(processes):
                self._start()
        except BaseException:
            self.close()
            raise

    def submit(self, texts: Sequence[str | None]) -> Future[TaskResult]:
        """Give a task to the next child that is free."""
        return self._threads.submit(self._label, list(texts))

    def close(self) -> None:
        """End the children, at once."""
        for child in self._children:
            child.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in self._children:
            for pipe in (child.stdin, child.stdout):
                # What is still held back for a dead child has nowhere to go.
                with suppress(OSError):
                    cast("BinaryIO", pipe).close()
            child.wait()
        self._children.clear()

    def _start(self) -> None:
        # Each child is one thread of work; thread pools inside it would fight for the cores.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        child = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C is for the parent: it ends the children in order.
            start_new_session=True,
        )
        self._children.append(child)
        self._idle.put(child)
        with suppress(BrokenPipeError):
            # A child that died at once is told of when it is given its first task.
            send(cast("BinaryIO", child.stdin), self._setup)

    def _label(self, texts: list[str | None]) -> TaskResult:
        child = self._idle.get()
        try:
            send(cast("BinaryIO", child.stdin), texts)
            answer = receive(cast("BinaryIO", child.stdout))
        except (EOFError, OSError, ValueError) as error:
            # Its output has ended, so it is about to end itself.
            child.wait()
            raise LingulaError(
                f"a worker process ended unexpectedly (status {child.returncode}), perhaps for "
                "want of memory; finished work is kept: go on with --resume and fewer --workers"
            ) from error
        finally:
            self._idle.put(child)
        if isinstance(answer, WorkerFailure):
            if answer.expected:
                raise LingulaError(answer.message)
            raise RuntimeError(f"in a worker process:\n{answer.message}")
        return cast("TaskResult", answer)


def choose_executor(
    labeler: Labeler,
    *,
    workers: int | None,
    batches: int,
    options: ReadingOptions,
    evidence: bool,
) -> Executor:
    """Where so many batches are best labeled.

    Args:
        labeler: Any labeler; only one with ``parallel = True`` is given worker processes.
        workers: Processes at most; all cores if None.
        batches: Number of batches.
        options: What of a text is labeled.
        evidence: Whether to give evidence.
    """
    processes = min(cores() if workers is None else workers, batches)
    if not _parallel(labeler) or processes < 2 or batches <= SMALL_BATCHES:
        return InProcess(labeler, options, evidence=evidence)
    return WorkerProcesses(labeler, processes, options, evidence=evidence)


def preferred_batch_rows(labeler: Labeler) -> int:
    """Rows of a batch: what the labeler likes, or what suits its kind.

    Raises:
        LingulaError: If what the labeler likes is no number of rows.
    """
    wanted = getattr(labeler, "batch_rows", None)
    if wanted is None:
        return BATCH_ROWS if _parallel(labeler) else SLOW_BATCH_ROWS
    if not isinstance(wanted, int) or wanted < 1:
        raise LingulaError(
            f"batch_rows of {type(labeler).__qualname__} must be a whole number from 1, "
            f"not {wanted!r}"
        )
    return wanted


def _parallel(labeler: Labeler) -> bool:
    return bool(getattr(labeler, "parallel", False))


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
