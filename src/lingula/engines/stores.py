"""Folders of partitions: on a disk, or at an address that fsspec knows (s3, gs, abfs, hdfs, ...).

A disk renames a file that is whole; an object store shows an object when all of it has arrived, and
a file system between the two (HDFS) shows a file that grows: so no reader should believe a
partition before the manifest, or the success mark, says that it is whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from lingula.errors import InputError, MissingExtraError
from lingula.pipeline.fingerprint import fingerprint
from lingula.pipeline.places import writing
from lingula.tables.opening import one_line, reading
from lingula.tables.remote import ADDRESS, LEAVE, WEB

#: What is no partition, in a folder: the manifest and all that belongs to a run.
OWN = "_lingula"
#: Below it, on a disk: files that are being written.
STAGING = f"{OWN}/work"


class Store(Protocol):
    """A folder of files, which are named by their paths in it, with forward slashes.

    Attributes:
        address: The folder, as messages name it.
    """

    address: str

    def files(self) -> list[str]:
        """Names of all files below it, in order; none if there is no such folder."""
        ...

    def fingerprint(self, name: str) -> dict[str, Any] | None:
        """What tells a file from another, as JSON values; None if it is not there."""
        ...

    def local(self, name: str) -> Any:
        """A context in which a file lies on this machine's disk: its path there."""
        ...

    def staging(self) -> Any:
        """A context with a new folder on this machine's disk, for files to publish."""
        ...

    def publish(self, path: Path, name: str) -> None:
        """Give a whole file of a staging folder its place and name."""
        ...

    def read(self, name: str) -> bytes | None:
        """Content of a small file; None if it is not there."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a small file, whole or not at all where the store can."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is below it, if it is there."""
        ...


def address_of(path: str | Path) -> str:
    """An address again after it was a path object, which leaves one slash of the two."""
    match = ADDRESS.fullmatch(str(path))
    if match is None or Path(path).exists():
        return str(path)
    if match[1] in ("file", "local"):
        return f"{match[1]}:///{match[2]}"
    return f"{match[1]}://{match[2]}"


def open_store(address: str) -> Store:
    """The folder at a path or an address.

    Raises:
        InputError: If the scheme is unknown, or one of the web without leave.
        MissingExtraError: If it is an address and fsspec is not installed.
    """
    match = ADDRESS.fullmatch(address)
    if match is None or Path(address).exists():
        return LocalStore(Path(address))
    if match[1] == "file":
        return LocalStore(Path("/", match[2]))
    if match[1] in WEB and os.environ.get(LEAVE) != "1":
        raise InputError(f"{address}: nothing is fetched from the web unless {LEAVE}=1 allows it")
    return RemoteStore(address)


class LocalStore:
    """A folder on a disk of this machine, or one that all workers share."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.address = str(root)

    def files(self) -> list[str]:
        """Names of all files below it, in order; links to folders are not followed."""
        found = []

        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise error

        with reading(self.address):
            # Else a folder that cannot be read would be taken for one without partitions.
            for folder, _, names in os.walk(self.root, onerror=fail):
                below = Path(folder).relative_to(self.root)
                found += [(below / name).as_posix() for name in names]
        return sorted(found)

    def fingerprint(self, name: str) -> dict[str, Any] | None:
        """Size and digest of a file's content."""
        path = self.root / name
        return fingerprint(path) if path.is_file() else None

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """The file itself."""
        yield self.root / name

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder of the same disk, from which files are renamed; gone afterwards."""
        folder = self.root / STAGING / uuid.uuid4().hex[:12]
        with writing(folder):
            folder.mkdir(parents=True, mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, path: Path, name: str) -> None:
        """Rename a whole file, in place of what is there."""
        target = self.root / name
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)  # noqa: PTH105 - replaces on every system

    def read(self, name: str) -> bytes | None:
        """Content of a small file; None if it is not there."""
        with reading(str(self.root / name)), suppress(FileNotFoundError):
            return (self.root / name).read_bytes()
        return None

    def write(self, name: str, data: bytes) -> None:
        """Write a small file beside its place, and rename it."""
        target = self.root / name
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}")
            beside.write_bytes(data)
            os.replace(beside, target)  # noqa: PTH105 - replaces on every system

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is below it, if it is there."""
        path = self.root / name
        with writing(path):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


class RemoteStore:
    """A folder of a file system that fsspec knows.

    Raises:
        InputError: If the scheme is unknown or its package is not installed.
        MissingExtraError: If fsspec is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            import fsspec
        except ImportError:
            raise MissingExtraError(f"{address}: a folder at an address", "urls") from None
        self.address = address
        try:
            self._system, self._root = fsspec.core.url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise InputError(
                f"{address}: cannot be opened here ({one_line(error)}); install 'lingula[urls]' "
                "and the package of that store for fsspec"
            ) from None
        self._root = self._root.rstrip("/")

    def files(self) -> list[str]:
        """Names of all files below it, in order."""
        with self._telling(""):
            # What was listed before may have changed since.
            self._system.invalidate_cache()
            found = self._system.find(self._root) if self._system.exists(self._root) else []
        return sorted(path[len(self._root) + 1 :] for path in found if path != self._root)

    def fingerprint(self, name: str) -> dict[str, Any] | None:
        """Size and the store's own mark of this version (an ETag, a time of change)."""
        with self._telling(name):
            self._system.invalidate_cache()
            try:
                size = self._system.size(self._at(name))
                mark = str(self._system.ukey(self._at(name)))
            except FileNotFoundError:
                return None
        return {"bytes": size, "mark": hashlib.sha256(mark.encode()).hexdigest()}

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """A copy of its own in a temporary folder, gone afterwards."""
        with self.staging() as folder:
            path = folder / PurePosixPath(name).name
            with self._telling(name):
                self._system.get_file(self._at(name), str(path))
            yield path

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A temporary folder, its owner's alone: it may hold reports."""
        folder = Path(tempfile.mkdtemp(prefix="lingula-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, path: Path, name: str) -> None:
        """Send a whole file."""
        with self._telling(name):
            self._make_parent(name)
            self._system.put_file(str(path), self._at(name))

    def read(self, name: str) -> bytes | None:
        """Content of a small file; None if it is not there."""
        with self._telling(name):
            try:
                data: bytes = self._system.cat_file(self._at(name))
            except FileNotFoundError:
                return None
        return data

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        with self._telling(name):
            self._make_parent(name)
            self._system.pipe_file(self._at(name), data)

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is below it, if it is there."""
        with self._telling(name), suppress(FileNotFoundError):
            self._system.rm(self._at(name), recursive=True)

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _make_parent(self, name: str) -> None:
        # Object stores have no folders and do nothing here.
        self._system.makedirs(self._at(name).rsplit("/", 1)[0], exist_ok=True)

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        try:
            yield
        except (InputError, MissingExtraError):
            raise
        except Exception as error:
            where = f"{self.address.rstrip('/')}/{name}" if name else self.address
            raise InputError(f"{where}: the store fails: {one_line(error)}") from error
