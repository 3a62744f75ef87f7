"""The walls: bubblewrap's arguments for a program that sees a system, its images, nothing else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lingula.challenge.sandbox.limits import Limits
from lingula.errors import ChallengeError

#: User and group inside, and outside too where root starts the program: "nobody".
NOBODY = 65534
#: Where the program answers, and under which name.
OUTPUT, ANSWER = "/output", "answer.csv"
#: What of the system is there, read-only, as far as it exists.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_SETTINGS = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "LINGULA_IMAGES": "/images",
    "LINGULA_FORM": "/images.csv",
    "LINGULA_ANSWER": f"{OUTPUT}/{ANSWER}",
}


def require_bubblewrap() -> str:
    """Path of the program.

    Raises:
        ChallengeError: If it is not installed: nothing is ever run without it.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise ChallengeError(
            "a submitted program runs in bubblewrap only, and bwrap is not installed: install the "
            "package bubblewrap (Debian: apt-get install bubblewrap)"
        )
    return found


def arguments(
    shown: Sequence[tuple[Path, str]],
    command: str,
    limits: Limits,
    *,
    marker: str,
    folder: str,
    descriptors: tuple[int, int],
) -> list[str]:
    """The command line that starts a program.

    Args:
        shown: Files and folders that it sees, read-only, and where.
        command: For /bin/sh.
        limits: What it may use.
        marker: Folder at the root by which the inside is known from the outside.
        folder: Where it starts.
        descriptors: That it waits on until the caller lets it go, and that it tells its process on.
    """
    wait, tell = descriptors
    found = [require_bubblewrap(), "--unshare-all", "--cap-drop", "ALL", "--new-session"]
    found += ["--die-with-parent", "--uid", str(NOBODY), "--gid", str(NOBODY)]
    if "--disable-userns" in _options(found[0]):
        # No walls within the walls: what the program could do as root of its own namespace is moot.
        found += ["--unshare-user", "--disable-userns"]
    found += ["--hostname", "challenge", "--clearenv"]
    for name, value in _ENVIRONMENT.items():
        found += ["--setenv", name, value]
    for path in (*SYSTEM, *_SETTINGS):
        found += ["--ro-bind-try", path, path]
    found += ["--proc", "/proc", "--dev", "/dev"]
    for place, size in (
        ("/tmp", limits.scratch_bytes),
        ("/dev/shm", limits.scratch_bytes),
        (OUTPUT, limits.answer_bytes),
    ):
        found += ["--size", str(size), "--tmpfs", place]
    for source, place in shown:
        found += ["--ro-bind", str(source), place]
    found += ["--dir", f"/{marker}", "--chdir", folder]
    # What is left are folders in memory, which would hold what no size limits.
    found += ["--remount-ro", "/dev", "--remount-ro", "/"]
    found += ["--block-fd", str(wait), "--info-fd", str(tell)]
    return [*found, "--", "/bin/sh", "-c", command]


@cache
def _options(program: str) -> str:
    """What bubblewrap can do: versions before 0.8 know fewer options."""
    return subprocess.run([program, "--help"], capture_output=True, text=True, check=False).stdout
