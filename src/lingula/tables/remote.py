"""Tables at an address such as s3://bucket/reports.csv, fetched once to a file of their own.

Only what is named is fetched. http and https, which lead anywhere, are refused unless the
environment variable LINGULA_FETCH allows them.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

from lingula.errors import InputError, MissingExtraError
from lingula.tables.opening import one_line

#: Two letters at least: one is a drive of Windows. A path object leaves one slash of the two.
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/{1,3}([^/].*)")
#: Schemes that need leave, and the variable that gives it.
WEB = ("http", "https", "ftp")
LEAVE = "LINGULA_FETCH"

_fetched: dict[str, Path] = {}


def local_path(path: str | Path) -> Path:
    """The path itself, or a copy of what stands at an address, kept until the process ends.

    Raises:
        InputError: If the address cannot be read, its scheme is unknown, or it is one of the web
            without leave.
        MissingExtraError: If the packages that fetch are not installed.
    """
    match = ADDRESS.fullmatch(str(path))
    if match is None or Path(path).exists():
        return Path(path)
    scheme, rest = match[1], match[2]
    if scheme == "file":
        return Path("/", rest)
    address = f"{scheme}://{rest}"
    if scheme in WEB and os.environ.get(LEAVE) != "1":
        raise InputError(
            f"{address}: nothing is fetched from the web unless {LEAVE}=1 allows it; or download "
            "the file yourself"
        )
    if address not in _fetched:
        _fetched[address] = _fetch(address, scheme)
    return _fetched[address]


def _fetch(address: str, scheme: str) -> Path:
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError(f"{address}: a table at an address", "urls") from None
    # Its owner's alone, as mkdtemp makes it: it may hold reports.
    folder = tempfile.mkdtemp(prefix="lingula-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    target = Path(folder, address.rstrip("/").rsplit("/", maxsplit=1)[-1])
    try:
        with fsspec.open(address, "rb") as remote, target.open("wb") as local:
            shutil.copyfileobj(remote, local, 1 << 20)
    except (ImportError, ValueError) as error:
        raise InputError(
            f"{address}: {scheme}:// cannot be read here ({one_line(error)}); install "
            "'lingula[urls]' and the package of that store for fsspec"
        ) from None
    except Exception as error:
        raise InputError(f"{address}: cannot be read: {one_line(error)}") from error
    return target
