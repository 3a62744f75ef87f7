"""Opens files for reading: compression by its first bytes, system errors as one clear message."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from lingula.errors import InputError

#: First bytes of compressed files.
MAGIC: dict[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
BUFFER_BYTES = 1 << 20

#: Codecs of source code, which decode any bytes to something.
NO_ENCODINGS = frozenset({"unicode-escape", "raw-unicode-escape", "unicode_escape"})


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turns errors of the system and of decompression into an InputError that names the source.

    Raises:
        InputError: If the block raises an OSError, EOFError or an error of a decompressor.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: the gzip data is damaged or cut short ({error})") from error
    except UnicodeError as error:
        reason = one_line(error)
        if isinstance(error, UnicodeDecodeError):
            reason = f"not {error.encoding} text: {error.reason}"
        raise InputError(f"{name}: {reason}; name the right encoding with --encoding") from None
    except (lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        if isinstance(error, RuntimeError) and "password" not in str(error):
            raise
        raise InputError(
            f"{name}: the compressed data cannot be read ({one_line(error)})"
        ) from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or one_line(error)}") from error


def one_line(error: Exception) -> str:
    """The first line of an error's message, of characters that can be shown, cut if it is long."""
    line = next(iter(str(error).splitlines()), type(error).__name__)
    return "".join(c if c.isprintable() else " " for c in line)[:200]


@contextmanager
def open_binary(path: Path) -> Iterator[IO[bytes]]:
    """A file's bytes, decompressed if it begins as gzip, bzip2, xz, zstd or a zip of one file do.

    Raises:
        InputError: If a zip holds no file, or several.
    """
    with path.open("rb", buffering=BUFFER_BYTES) as raw:
        kind = _compression(raw)
        if not kind:
            yield raw
            return
        with _decompressed(raw, kind, path) as inner:
            yield inner


def compression_of(path: Path) -> str:
    """How a file is compressed, by its first bytes (``MAGIC``); an empty text if it is not."""
    with reading(str(path)), path.open("rb") as raw:
        return _compression(raw)


def name_inside(path: Path) -> str:
    """Name of the one file that a zip holds.

    Raises:
        InputError: If it cannot be read, or holds no file or several.
    """
    with reading(str(path)), zipfile.ZipFile(path) as archive:
        return _only_member(archive, path)


def _compression(raw: IO[bytes]) -> str:
    start = raw.read(max(map(len, MAGIC)))
    raw.seek(0)
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), "")


@contextmanager
def _decompressed(raw: IO[bytes], kind: str, path: Path) -> Iterator[IO[bytes]]:
    if kind == "gzip":
        with gzip.GzipFile(fileobj=raw, mode="rb") as plain:
            yield cast("IO[bytes]", plain)
    elif kind == "bz2":
        with bz2.BZ2File(raw) as bunzipped:
            yield cast("IO[bytes]", bunzipped)
    elif kind == "xz":
        with lzma.LZMAFile(raw) as unpacked:
            yield cast("IO[bytes]", unpacked)
    elif kind == "zstd":
        import pyarrow as pa

        with io.BufferedReader(pa.CompressedInputStream(raw, "zstd"), BUFFER_BYTES) as stream:
            yield stream
    else:
        with zipfile.ZipFile(raw) as archive, archive.open(_only_member(archive, path)) as member:
            yield member


def _only_member(archive: zipfile.ZipFile, path: Path) -> str:
    names = [
        name
        for name in archive.namelist()
        # What macOS adds to every archive is no table.
        if not name.endswith("/") and not name.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        raise InputError(
            f"{path}: a zip must hold one table, and it holds {len(names)} files; unpack it and "
            "name the one that is meant"
        )
    return names[0]


def checked_encoding(encoding: str, path: Path, name: str) -> str:
    """The codec to read a text file with: the given one, less a byte order mark.

    Raises:
        InputError: If there is no such encoding, or the file begins with a UTF-16 mark while
            UTF-8 was expected.
    """
    try:
        codec = codecs.lookup(encoding).name
        # Python has codecs that are none of text files (base64, idna): those cannot do this.
        "a".encode(codec).decode(codec, "surrogateescape")
        if codec in NO_ENCODINGS:
            raise LookupError(codec)
    except (LookupError, UnicodeError, ValueError):
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
