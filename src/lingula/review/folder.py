"""A review's folder: its SQLite file, or a note of where its PostgreSQL database is."""

from __future__ import annotations

import json
import os
from pathlib import Path

from lingula.errors import ReviewError
from lingula.review.store import Store
from lingula.review.store.engine import database_url

DATABASE = "review.sqlite"
ADDRESS = "review.json"


def is_review(folder: Path) -> bool:
    """Whether a path is the folder of a review."""
    return (folder / DATABASE).is_file() or (folder / ADDRESS).is_file()


def new_database(folder: Path, database: str | None) -> str:
    """Make a review's folder, readable for its owner alone, and say where its database goes.

    An address is noted without its password: PostgreSQL takes that from PGPASSWORD or ~/.pgpass.

    Raises:
        ReviewError: If the folder holds anything, or the address is none of a database we take.
    """
    url = None if database is None else database_url(database)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ReviewError(
                f"{folder}: is there already; name another folder with -o, or go on with it: "
                f"lingula review {folder}"
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if url is None:
            # Made here, so that it is never readable for others.
            os.close(os.open(folder / DATABASE, os.O_CREAT | os.O_WRONLY, 0o600))
            return str(folder / DATABASE)
        noted = url.set(password=None).render_as_string(hide_password=False)
        (folder / ADDRESS).write_text(json.dumps({"database": noted}) + "\n", encoding="utf-8")
        return url.render_as_string(hide_password=False)
    except OSError as error:
        raise ReviewError(f"{folder}: cannot be made: {error.strerror}") from None


def open_review(folder: Path, database: str | None = None) -> Store:
    """Open the review in a folder.

    Args:
        folder: The folder.
        database: Its address, where it is not as noted (with a password, on another host).

    Raises:
        ReviewError: If it holds none.
    """
    if database is not None:
        return Store(database)
    if (folder / DATABASE).is_file():
        return Store(folder / DATABASE)
    try:
        noted = json.loads((folder / ADDRESS).read_text(encoding="utf-8"))
        return Store(str(noted["database"]))
    except FileNotFoundError:
        raise ReviewError(
            f"{folder}: holds no review; make one: lingula review REPORTS --readers NAME,NAME"
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise ReviewError(
            f"{folder / ADDRESS}: cannot be read; name the database with --database"
        ) from None
