"""Takes the rows through: read, start labeling, and, in order, await and write."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from time import perf_counter

from lingula.errors import LingulaError
from lingula.pipeline.executors import Executor
from lingula.pipeline.journal import Journal
from lingula.pipeline.outputs import Outputs
from lingula.pipeline.places import writing
from lingula.pipeline.summary import Progress
from lingula.pipeline.task import TaskResult
from lingula.pipeline.windows import Window, Windows
from lingula.tables.source import TableSource


class Stream:
    """The loop of a run, with its counts.

    Args:
        table: The input.
        windows: Makes windows of its batches.
        journal: Where finished tasks are kept, or None.
        evidence: Whether tasks give evidence.
        probabilities: Whether to keep the probabilities that they give.
        progress: Called after each window.

    Attributes:
        restored: Rows whose labels came from the journal.
        truncated: Different texts that the labeler could not read to their end.
        reading: Seconds spent on reading and on finding equal texts.
        labeling: Seconds spent on labeling or waiting for it.
        writing: Seconds spent on writing.
    """

    def __init__(
        self,
        table: TableSource,
        windows: Windows,
        journal: Journal | None,
        *,
        evidence: bool,
        probabilities: bool,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._table = table
        self.windows = windows
        self._journal = journal
        self._evidence = evidence
        self._probabilities = probabilities
        self._progress = progress
        self.restored = self.truncated = 0
        self.reading = self.labeling = self.writing = 0.0

    def label(self, executor: Executor, outputs: Outputs) -> None:
        """Label and write all rows.

        Raises:
            LingulaError: If the input, the labeler or the output fails.
        """
        under_way: deque[Window] = deque()
        batches = self._table.batches(outputs.rejects.add)
        while True:
            start = perf_counter()
            batch = next(batches, None)
            window = None if batch is None else self.windows.make(batch)
            self.reading += perf_counter() - start
            if window is None:
                break
            start = perf_counter()
            window.task = self._start(window, executor)
            self.labeling += perf_counter() - start
            under_way.append(window)
            while len(under_way) > executor.depth:
                self._finish(under_way.popleft(), outputs)
        while under_way:
            self._finish(under_way.popleft(), outputs)

    def _start(self, window: Window, executor: Executor) -> Future[TaskResult] | None:
        if not window.fresh:
            return None
        if self._journal is not None and self._journal.tasks:
            kept = self._journal.read(window.number, len(window.fresh), self._evidence, window.key)
            if kept is not None:
                window.restored = True
                restored: Future[TaskResult] = Future()
                restored.set_result(kept)
                return restored
        return executor.submit(window.fresh_texts)

    def _finish(self, window: Window, outputs: Outputs) -> None:
        start = perf_counter()
        if window.task is not None:
            result = window.task.result()
            if not self._probabilities:
                result = result.without_probabilities()
            elif result.probabilities is None:
                raise LingulaError("this labeler gives no probabilities; leave --probabilities out")
            window.fill(result)
            self.truncated += result.truncated
            if self._journal is not None and not window.restored:
                with writing(self._journal.folder):
                    self._journal.write(window.number, result, window.key)
        labeled = perf_counter()
        self.labeling += labeled - start
        outputs.write(window)
        self.writing += perf_counter() - labeled
        if window.restored:
            self.restored += window.batch.num_rows
        if self._progress is not None:
            self._progress(Progress(outputs.rows, self._table.rows, self.restored))
