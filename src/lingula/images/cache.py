"""Gray images of one size, decoded once: a memory-mapped file that processes share.

The file's name is a hash of the settings and of every picture's path, size and time of change, so
that it is never read for others. It is written beside its place under a lock and renamed when it is
whole; a second process waits, then reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.images.pictures import Pixels, grays_lost, read_pixels
from lingula.images.recipe import PictureSettings

#: Raised when what ``read_pixels`` makes of a file changes.
_VERSION = 1
_BLOCK = 256

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class CacheSettings:
    """Where decoded images are kept.

    Attributes:
        folder: Of the cache; made if it is not there.
        most_bytes: Of all files in it; those that were longest unused go first.
    """

    folder: Path
    most_bytes: int = 200 << 30


@dataclass(frozen=True, eq=False)
class CachedPictures:
    """Images of n files, decoded.

    Attributes:
        path: The file that holds them.
        broken: Positions of files that could not be read, and why; they are black.
        narrow: How many images have a narrow gray range (``pictures.grays_lost``).
        clipped: How many are clipped.
        size: Pixels of a side.
        count: n.
    """

    path: Path
    broken: dict[int, str]
    narrow: int
    clipped: int
    size: int
    count: int

    def read(self, rows: npt.NDArray[np.intp]) -> Pixels:
        """Some images, by position; uint16, shape (rows, size, size)."""
        return np.asarray(self._map()[rows])

    def _map(self) -> Pixels:
        # Opened where it is used, so that the object can be sent to another process.
        held = self.__dict__.get("_opened")
        if held is None:
            held = np.memmap(self.path, np.uint16, "r", shape=(self.count, self.size, self.size))
            object.__setattr__(self, "_opened", held)
        opened: Pixels = held
        return opened

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_opened"}


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images of n files that are decoded each time they are asked for."""

    files: tuple[Path, ...]
    settings: PictureSettings

    def read(self, rows: npt.NDArray[np.intp]) -> Pixels:
        """Some images, by position; uint16, shape (rows, size, size)."""
        out = np.empty((len(rows), self.settings.size, self.settings.size), dtype=np.uint16)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            decoded = pool.map(lambda row: read_pixels(self.files[row], self.settings), rows)
            for place, pixels in enumerate(decoded):
                out[place] = pixels
        return out


def cached_pictures(
    files: Sequence[Path],
    settings: PictureSettings,
    cache: CacheSettings,
    told: Told | None = None,
) -> CachedPictures:
    """The images of some files, from the cache, or decoded and put there.

    Args:
        files: n files that are there.
        settings: Size and fit.
        cache: Where they are kept.
        told: Called with images done and in all.

    Raises:
        InputError: If the images are larger than the cache may be, or the disk is full.
    """
    from filelock import FileLock

    key = pictures_key(files, settings)
    path = cache.folder / f"{key}.gray"
    about = path.with_suffix(".json")
    try:
        cache.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(cache.folder / f"{key}.lock"):
            if not (path.is_file() and about.is_file()):
                _make_room(cache, path, 2 * len(files) * settings.size**2)
                _fill(files, settings, path, about, told)
            os.utime(path)
    except OSError as error:
        raise InputError(
            f"{cache.folder}: images cannot be kept there: {error.strerror or error}; name a "
            "folder with more room with --cache"
        ) from None
    facts = json.loads(about.read_text(encoding="utf-8"))
    broken = {int(row): reason for row, reason in facts["broken"].items()}
    return CachedPictures(
        path, broken, facts["narrow"], facts["clipped"], settings.size, len(files)
    )


def pictures_key(files: Sequence[Path], settings: PictureSettings) -> str:
    """A hash of settings and files (path, size, time of change); 32 hexadecimal digits."""
    digest = hashlib.sha256(json.dumps([_VERSION, asdict(settings)]).encode())
    for path in files:
        facts = path.stat()
        digest.update(f"{path.absolute()}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:32]


def _make_room(cache: CacheSettings, path: Path, size: int) -> None:
    """Delete the files that were longest unused until one of ``size`` bytes fits."""
    if size > cache.most_bytes:
        raise InputError(
            f"{cache.folder}: the images take {size / 1e9:,.1f} GB, more than the cache may hold "
            f"({cache.most_bytes / 1e9:,.1f} GB); raise --cache-gb, or take a smaller size"
        )
    if size > (free := shutil.disk_usage(cache.folder).free):
        raise InputError(
            f"{cache.folder}: the images take {size / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are "
            "free; name a folder with more room with --cache"
        )
    held = sorted(cache.folder.glob("*.gray"), key=lambda item: item.stat().st_mtime)
    total = sum(item.stat().st_size for item in held) + size
    for old in held:
        if total <= cache.most_bytes:
            return
        if old != path:
            total -= old.stat().st_size
            # Processes that have it open keep it until they close it.
            old.unlink()
            old.with_suffix(".json").unlink(missing_ok=True)


def _fill(
    files: Sequence[Path],
    settings: PictureSettings,
    path: Path,
    about: Path,
    told: Told | None,
) -> None:
    beside = path.with_suffix(f".{os.getpid()}.part")
    broken: dict[int, str] = {}
    narrow = clipped = 0

    def decoded(row: int) -> Pixels | str:
        try:
            return read_pixels(files[row], settings)
        except InputError as error:
            return str(error)

    black = np.zeros((settings.size, settings.size), dtype=np.uint16)
    try:
        with beside.open("wb") as stream, ThreadPoolExecutor(os.cpu_count()) as pool:
            for first in range(0, len(files), _BLOCK):
                block = range(first, min(first + _BLOCK, len(files)))
                for row, pixels in zip(block, pool.map(decoded, block), strict=True):
                    if isinstance(pixels, str):
                        broken[row] = pixels
                    else:
                        lost = grays_lost(pixels)
                        narrow, clipped = narrow + lost[0], clipped + lost[1]
                    stream.write((black if isinstance(pixels, str) else pixels).data)
                if told is not None:
                    told(block.stop, len(files))
        facts = {"broken": broken, "narrow": narrow, "clipped": clipped}
        about.write_text(json.dumps(facts), encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
