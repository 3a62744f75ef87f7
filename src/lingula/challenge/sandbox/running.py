"""One confined run: start, hold to its limits, end all of it, read the answer."""

from __future__ import annotations

import errno
import json
import os
import secrets
import selectors
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lingula.challenge.sandbox.bubblewrap import ANSWER, NOBODY, OUTPUT, arguments
from lingula.challenge.sandbox.cgroups import ControlGroup, make_group
from lingula.challenge.sandbox.limits import Limits, prefix
from lingula.errors import ChallengeError

#: Seconds that bubblewrap has to build the walls.
_BUILDING = 30.0


@dataclass(frozen=True)
class Confined:
    """What is run.

    Attributes:
        command: For /bin/sh.
        shown: Files and folders that it sees, read-only, and where. Nothing else of the machine is
            there but its programs and libraries.
        limits: What it may use.
        folder: Where it starts, inside.
    """

    command: str
    shown: tuple[tuple[Path, str], ...]
    limits: Limits
    folder: str = "/tmp"


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        failure: Why it failed; empty if the program ended by itself with status 0.
        answer: Bytes of the answer, or None.
        refusal: Why there is no answer; empty if there is one.
        output: The first bytes of standard output. Not for the team: images fit in here.
        errors: The first bytes of standard error. Not for the team.
        held_by: What held it to its limits.
    """

    failure: str
    answer: bytes | None
    refusal: str
    output: bytes
    errors: bytes
    held_by: str


def run_confined(what: Confined) -> Outcome:
    """Run a program to its end or its deadline.

    Raises:
        ChallengeError: If it cannot be confined here; then it was not run.
    """
    group = make_group(what.limits)
    try:
        with _started(what, group) as (process, inside):
            output, errors, late = _watch(process, what.limits)
            memory = group is not None and group.ran_out_of_memory()
            _finish(process, group)
            answer, refusal = _answer(inside, what.limits.answer_bytes)
    finally:
        left = 0 if group is None else group.end()
    if left:
        raise ChallengeError(f"{left} processes of the program could not be ended")
    if late:
        failure = f"ran longer than {what.limits.seconds:g} seconds"
    elif memory:
        failure = f"used more than {what.limits.memory_bytes:,} bytes of memory"
    elif process.returncode:
        failure = f"ended with status {process.returncode}"
    else:
        failure = ""
    held_by = "limits of each process (no control group can be made here)"
    return Outcome(failure, answer, refusal, output, errors, group.name if group else held_by)


@contextmanager
def _started(
    what: Confined, group: ControlGroup | None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A program that is let go once it is in its group, and the folder that it answers in.

    The folder is a descriptor opened by way of the program's own root: it holds the answer after
    all processes are gone, and no path of this machine leads through what the program made.
    """
    marker = f".{secrets.token_hex(8)}"
    wait, go = os.pipe()
    listen, tell = os.pipe()
    root = os.getuid() == 0
    user = NOBODY if root else os.getuid()
    command = prefix(what.limits, grouped=group is not None, user=user) + arguments(
        what.shown,
        what.command,
        what.limits,
        marker=marker,
        folder=what.folder,
        descriptors=(wait, tell),
    )
    process = None
    inside = -1
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(wait, tell),
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
            user=NOBODY if root else None,
            group=NOBODY if root else None,
            extra_groups=[] if root else None,
        )
        os.close(tell)
        tell = -1
        child = _child(listen, process)
        inside = _inside(child, marker, process)
        if group is not None:
            group.add(process.pid)
            group.add(child)
        os.write(go, b"1")
        yield process, inside
    finally:
        for descriptor in (wait, go, listen, tell, inside):
            if descriptor >= 0:
                os.close(descriptor)
        if process is not None:
            _end(process)


def _child(listen: int, process: subprocess.Popen[bytes]) -> int:
    """Process id of the first process inside, as bubblewrap tells it."""
    told = b"".join(iter(lambda: os.read(listen, 4096), b""))
    try:
        return int(json.loads(told)["child-pid"])
    except (ValueError, KeyError):
        raise _refused(process) from None


def _inside(child: int, marker: str, process: subprocess.Popen[bytes]) -> int:
    """A descriptor of the folder of the answer, once the walls stand."""
    until = time.monotonic() + _BUILDING
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError):
            root = os.open(f"/proc/{child}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.stat(marker, dir_fd=root)
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                return os.open(OUTPUT.strip("/"), flags, dir_fd=root)
            finally:
                os.close(root)
        time.sleep(0.002)
    raise _refused(process)


def _refused(process: subprocess.Popen[bytes]) -> ChallengeError:
    """What bubblewrap says when it cannot build the walls."""
    _end(process, close=False)
    said = process.stderr.read(2000) if process.stderr is not None else b""
    text = " ".join(said.decode("utf-8", "replace").split())
    return ChallengeError(
        f"the program was not run, for bubblewrap cannot confine it here: {text or 'no reason'}"
    )


def _watch(process: subprocess.Popen[bytes], limits: Limits) -> tuple[bytes, bytes, bool]:
    """Read both outputs until they end or time is up; what is too much is thrown away."""
    if process.stdout is None or process.stderr is None:
        raise ValueError("both outputs are read")
    kept: dict[IO[bytes], bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    until = time.monotonic() + limits.seconds
    with selectors.DefaultSelector() as selector:
        for stream in kept:
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            rest = until - time.monotonic()
            if rest <= 0:
                break
            for key, _ in selector.select(min(rest, 1.0)):
                piece = os.read(key.fd, 1 << 16)
                if not piece:
                    selector.unregister(key.fileobj)
                    continue
                held = kept[key.fileobj]  # type: ignore[index]
                held += piece[: max(0, limits.log_bytes - len(held))]
    late = False
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        late = True
    return bytes(kept[process.stdout]), bytes(kept[process.stderr]), late


def _finish(process: subprocess.Popen[bytes], group: ControlGroup | None) -> None:
    """End what still runs, before the answer is read."""
    _end(process)
    if group is not None:
        group.end()


def _end(process: subprocess.Popen[bytes], *, close: bool = True) -> None:
    """Kill bubblewrap, and with it, as the first process inside, all that it started."""
    if process.poll() is None:
        process.kill()
        process.wait()
    if close:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _answer(inside: int, most_bytes: int) -> tuple[bytes | None, str]:
    """The answer's bytes, or why there are none. No link is followed, no pipe waited for."""
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(ANSWER, flags, dir_fd=inside)
    except OSError as error:
        reasons = {
            errno.ELOOP: "the answer is a link; it must be a file",
            errno.ENOENT: f"there is no answer {OUTPUT}/{ANSWER}",
        }
        fallback = f"the answer cannot be read: {error.strerror}"
        return None, reasons.get(error.errno or 0, fallback)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None, "the answer is no regular file"
    with os.fdopen(descriptor, "rb") as stream:
        data = stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        return None, f"the answer has more than {most_bytes:,} bytes"
    return data, ""
