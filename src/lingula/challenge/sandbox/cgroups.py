"""Control groups: memory and processes of a whole program, counted and limited by the kernel."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lingula.challenge.sandbox.limits import Limits

ROOT = Path("/sys/fs/cgroup")
#: Seconds that killed processes have to be gone.
_PATIENCE = 10.0


class ControlGroup:
    """A group that was made for one run.

    Attributes:
        name: For the organizer: which version holds what.
    """

    def __init__(self, name: str, folders: Sequence[Path]) -> None:
        self.name = name
        self._folders = tuple(folders)

    def add(self, process: int) -> None:
        """Put a process into the group; what it starts from then on is in it too.

        Raises:
            OSError: If the kernel refuses.
        """
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(process), encoding="ascii")

    def processes(self) -> set[int]:
        """Those that are in it now."""
        found: set[int] = set()
        for folder in self._folders:
            with suppress(FileNotFoundError):  # it was removed, empty
                found.update(map(int, (folder / "cgroup.procs").read_text("ascii").split()))
        # 0 stands for one that cannot be seen from here; to a signal it means oneself.
        return found - {0}

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed something because of the memory limit."""
        for folder in self._folders:
            for name in ("memory.events", "memory.oom_control"):
                with suppress(OSError):
                    for line in (folder / name).read_text("ascii").splitlines():
                        word, _, count = line.partition(" ")
                        if word == "oom_kill" and int(count):
                            return True
        return False

    def end(self) -> int:
        """Kill all that is in it and remove it.

        Returns:
            The number of processes (or groups) that are left, which should be none.
        """
        for folder in self._folders:
            with suppress(OSError):
                (folder / "pids.max").write_text("0", encoding="ascii")
        until = time.monotonic() + _PATIENCE
        while (left := self.processes()) and time.monotonic() < until:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.01)
        # A group whose last process has just gone may be busy for a moment.
        while (held := [x for x in self._folders if not _removed(x)]) and time.monotonic() < until:
            time.sleep(0.01)
        return max(len(left), len(held))


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def make_group(limits: Limits) -> ControlGroup | None:
    """A group with these limits, or None where this process may not make one."""
    return _second(limits) or _first(limits)


def _second(limits: Limits) -> ControlGroup | None:
    """Version 2: one tree; the group lies below this process's own, or beside it."""
    own = _own().get("")
    if own is None or not (ROOT / "cgroup.controllers").is_file():
        return None
    for parent in dict.fromkeys((ROOT / own, (ROOT / own).parent)):
        folder = parent / f"lingula-{secrets.token_hex(6)}"
        try:
            folder.mkdir()
        except OSError:
            continue
        settings = {
            "memory.max": str(limits.memory_bytes),
            "memory.swap.max": "0",
            "pids.max": str(limits.processes),
        }
        if _set(folder, settings, needed=("memory.max", "pids.max")):
            return ControlGroup("control group, version 2: memory, processes", [folder])
        folder.rmdir()
    return None


def _first(limits: Limits) -> ControlGroup | None:
    """Version 1: a tree for each controller."""
    size = str(limits.memory_bytes)
    settings = {
        "memory": {"memory.limit_in_bytes": size, "memory.memsw.limit_in_bytes": size},
        "pids": {"pids.max": str(limits.processes)},
    }
    made: list[Path] = []
    for controller, values in settings.items():
        own = _own().get(controller)
        base = ROOT / controller
        if own is None or not base.is_dir():
            continue
        place = base / own if (base / own).is_dir() else base
        folder = place / f"lingula-{secrets.token_hex(6)}"
        try:
            folder.mkdir()
        except OSError:
            continue
        if _set(folder, values, needed=(next(iter(values)),)):
            made.append(folder)
        else:
            folder.rmdir()
    if len(made) == len(settings):
        return ControlGroup("control groups, version 1: memory, processes", made)
    for folder in made:
        folder.rmdir()
    return None


def _set(folder: Path, values: dict[str, str], needed: Sequence[str]) -> bool:
    """Write settings; False if one that is needed cannot be."""
    for name, value in values.items():
        try:
            # A file that is missing must not be made: only the kernel's own files limit anything.
            with (folder / name).open("r+", encoding="ascii") as file:
                file.write(value)
        except OSError:
            if name in needed:
                return False
    return True


def _own() -> dict[str, str]:
    """Controller -> path of this process's group; "" is the tree of version 2."""
    found = {}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                found[controller] = path.lstrip("/")
    return found
