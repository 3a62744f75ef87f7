"""Opens files for reading: gzip by its first bytes, system errors as one clear message."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from lingula.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
BUFFER_BYTES = 1 << 20


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turns errors of the system and of gzip into an InputError that names the source.

    Raises:
        InputError: If the block raises an OSError, EOFError or zlib error.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: the gzip data is damaged or cut short ({error})") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from error


@contextmanager
def open_binary(path: Path) -> Iterator[IO[bytes]]:
    """A file's bytes, decompressed if it begins as gzip does."""
    with path.open("rb", buffering=BUFFER_BYTES) as raw:
        magic = raw.read(len(GZIP_MAGIC))
        raw.seek(0)
        if magic == GZIP_MAGIC:
            with gzip.GzipFile(fileobj=raw, mode="rb") as inner:
                yield cast("IO[bytes]", inner)
        else:
            yield raw


def checked_encoding(encoding: str, path: Path, name: str) -> str:
    """The codec to read a text file with: the given one, less a byte order mark.

    Raises:
        InputError: If there is no such encoding, or the file begins with a UTF-16 mark while
            UTF-8 was expected.
    """
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        raise InputError(
            f"there is no encoding {encoding!r}; common ones are utf-8, latin-1, cp1252, utf-16"
        ) from None
    if codec not in ("utf-8", "utf-8-sig"):
        return codec
    with reading(name), open_binary(path) as stream:
        head = stream.read(2)
    if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise InputError(f"{name}: is UTF-16 text, not UTF-8; add --encoding utf-16")
    return "utf-8-sig"


def first_bad_byte(path: Path, encoding: str) -> int | None:
    """Offset in the (decompressed) file of the first byte that does not decode, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    base = 0
    with open_binary(path) as stream:
        while True:
            chunk = stream.read(BUFFER_BYTES)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return base - held + error.start
            if not chunk:
                return None
            base += len(chunk)
