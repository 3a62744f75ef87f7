"""What a program may use, and the limits of its processes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from lingula.errors import ChallengeError

#: Files that a process may hold open.
_OPEN_FILES = 4096


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    Attributes:
        seconds: Of the clock, from start to end.
        memory_bytes: Of all its processes and of what they write, where there are control groups;
            else of each process.
        processes: Processes and threads at one time.
        scratch_bytes: Of /tmp and, again, of /dev/shm.
        answer_bytes: Of the folder that it answers in.
        log_bytes: Of its output and, again, of its errors, that are kept; the rest is thrown away.
    """

    seconds: float = 3600.0
    memory_bytes: int = 8 << 30
    processes: int = 256
    scratch_bytes: int = 1 << 30
    answer_bytes: int = 64 << 20
    log_bytes: int = 1 << 20


def prefix(limits: Limits, *, grouped: bool, user: int) -> list[str]:
    """The command that sets the limits of a process and all that it starts, before another one.

    Args:
        limits: What may be used.
        grouped: Whether a control group holds memory and processes; they are held here too where
            there is none. Then memory is of each process, so that all may use
            ``processes * memory_bytes``.
        user: Who runs it.

    Raises:
        ChallengeError: If util-linux's prlimit is not installed.
    """
    found = shutil.which("prlimit")
    if found is None:
        raise ChallengeError(
            "a submitted program runs within limits only, and prlimit is not installed: install "
            "the package util-linux"
        )
    values = {
        "core": 0,
        "fsize": max(limits.scratch_bytes, limits.answer_bytes),
        "nofile": _OPEN_FILES,
        "memlock": 0,
    }
    if not grouped:
        values |= {"as": limits.memory_bytes, "nproc": limits.processes + own_processes(user)}
    return [found, *(f"--{name}={value}" for name, value in values.items()), "--"]


def own_processes(user: int) -> int:
    """Threads that a user has already: the kernel counts them towards the same limit."""
    count = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if folder.stat().st_uid == user:
                    count += sum(1 for _ in (folder / "task").iterdir())
            except OSError:
                continue  # it ended meanwhile
    return count
