"""A real PostgreSQL of its own, from the system's packages, run by a user that is not root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def programs() -> Path | None:
    """Where initdb and pg_ctl are, or None."""
    if _DEBIAN:
        return _DEBIAN[-1]
    found = shutil.which("initdb")
    return None if found is None else Path(found).parent


@dataclass
class Postgres:
    """A running server that answers on a socket in its folder."""

    folder: Path
    programs: Path
    user: str

    def __post_init__(self) -> None:
        self._names = count(1)

    def run(self, program: str, *arguments: str) -> None:
        before = ["runuser", "-u", self.user, "--"] if os.getuid() == 0 else []
        subprocess.run(
            [*before, str(self.programs / program), *arguments],
            check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"review{next(self._names)}"
        self.run("createdb", "-h", str(self.folder), "-T", "template0", "-E", "UTF8", name)
        return f"postgresql+psycopg://{self.user}@/{name}?host={self.folder}"


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """Start a server, and end it; its answers are on the disk when they are given."""
    found = programs()
    assert found is not None
    root = os.getuid() == 0
    user = "postgres" if root else os.environ.get("USER", "postgres")
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if root:
        shutil.chown(folder, user)
    server = Postgres(folder, found, user)
    data = str(folder / "data")
    server.run("initdb", "-D", data, "-A", "trust", "-U", user, "-E", "UTF8", "--no-instructions")
    options = f"-k {folder} -c listen_addresses='' -c max_connections=64"
    log = str(folder / "log")
    server.run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
    try:
        yield server
    finally:
        server.run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
