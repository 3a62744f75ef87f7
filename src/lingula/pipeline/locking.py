"""One run at a time for an output: a second is told so, instead of both making a mess."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.pipeline.places import Places, writing

if TYPE_CHECKING:
    from filelock import FileLock

#: How long a lock is waited for: workers of a killed run may be ending.
PATIENCE_SECONDS = 1.0

#: Tries at a lock whose file the run before has just removed.
TRIES = 20


@contextmanager
def locked(places: Places) -> Iterator[None]:
    """Hold the locks of all that a run writes.

    The lock is the system's own, on a file beside the output, and ends with the process however
    it ends.

    Raises:
        InputError: If another run holds one of them, or the folder cannot be written.
    """
    with ExitStack() as stack:
        for path in (places.output, places.evidence):
            if path is not None:
                stack.enter_context(lock_output(path))
        yield


@contextmanager
def lock_output(output: Path) -> Iterator[None]:
    """Hold the lock of one file or folder that is written.

    Raises:
        InputError: If another run holds it, or the folder that it lies in cannot be written.
    """
    path = output.with_name(f".{output.name}.lock")
    with writing(output):
        lock = _acquired(path)
    if lock is None:
        raise InputError(
            f"{output}: another run is writing it; wait until that has ended, or name another file"
        )
    try:
        yield
    finally:
        # Removed while it is held: whoever opened it meanwhile sees that it is gone.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        lock.release()


def _acquired(path: Path) -> FileLock | None:
    """The lock, or None if somebody holds it."""
    from filelock import FileLock, Timeout

    for _ in range(TRIES):
        lock = FileLock(path, mode=0o600)
        try:
            lock.acquire(timeout=PATIENCE_SECONDS)
        except Timeout:
            return None
        if path.exists():
            return lock
        lock.release()
    return None
