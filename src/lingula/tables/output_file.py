"""Files that are being written: plain, or gzip with the same bytes every time."""

from __future__ import annotations

import io
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

#: Compression level of gzip: half the time of level 9 for 1% more bytes.
GZIP_LEVEL = 6
#: zlib's largest window (15), with a gzip header (16).
GZIP_WINDOW = 15 + 16


class OutputFile(io.RawIOBase):
    """A binary file that can be given up: after that, what is still written goes nowhere.

    Libraries that write a footer when they are closed would otherwise fail a second time on a
    full disk.
    """

    def __init__(self, path: Path) -> None:
        self._given_up = False
        try:
            self._file = path.open("wb", buffering=1 << 20)
        except OSError:
            # From Python 3.13 on, an object that fails to close once more is complained of.
            super().close()
            raise

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Add bytes (anything that holds them)."""
        return memoryview(data).nbytes if self._given_up else self._file.write(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return 0 if self._given_up else self._file.tell()

    def close(self) -> None:
        """Write what is held back and close the file."""
        if not self.closed:
            super().close()
            self._file.close()

    def abandon(self) -> None:
        """Give the file up; whether what is held back can be written does not matter."""
        self._given_up = True
        with suppress(OSError):
            self._file.close()


class TextFile:
    """UTF-8 text that is being written, compressed if asked."""

    def __init__(self, path: Path, *, compressed: bool) -> None:
        self._file = OutputFile(path)
        # zlib's gzip header has no name and no time: the bytes depend on the text alone.
        self._gzip = (
            zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW) if compressed else None
        )

    def write(self, data: Any) -> None:
        """Add bytes of UTF-8 text."""
        self._file.write(data if self._gzip is None else self._gzip.compress(data))

    def close(self) -> None:
        """Finish the file."""
        if self._gzip is not None:
            self._file.write(self._gzip.flush())
        self._file.close()

    def abandon(self) -> None:
        """Give the file up, unfinished."""
        self._file.abandon()
        self._file.close()
