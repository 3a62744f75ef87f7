"""The progress bar of a run: on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from lingula.pipeline import Progress


class RunProgress:
    """Draws how far a run is on standard error, if that is a terminal.

    Args:
        quiet: Draw nothing in any case.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._shown = not quiet and sys.stderr.isatty()

    def __enter__(self) -> RunProgress:
        if self._shown:
            self._bar = _bar()
            self._bar.start()
            self._task = self._bar.add_task("reading", total=None, speed="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, progress: Progress) -> None:
        """Show the rows that are done, how many a second, and the time that is left."""
        if self._bar is None or self._task is None:
            return
        task = self._bar.tasks[self._task]
        new = progress.rows - progress.restored
        # Rows that an earlier run labeled come back at once and would flatter the speed.
        speed = f"{new / task.elapsed:,.0f} rows/s" if task.elapsed and new else ""
        self._bar.update(
            self._task,
            description="labeling",
            completed=progress.rows,
            total=progress.total,
            speed=speed,
        )


@contextmanager
def counting(*, quiet: bool, what: str) -> Iterator[Callable[[float, float], None] | None]:
    """A bar that is told what is done and of how much; None where none is drawn."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
