"""What tells whether an input is still the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from lingula.tables.folder_source import text_files
from lingula.tables.opening import reading

#: Bytes of a file's beginning and of its end that are looked at; size and time tell the rest.
SAMPLE_BYTES = 1 << 20


def fingerprint(path: Path) -> dict[str, Any]:
    """Size, time of change and a digest of a file's two ends; of a folder, those of its files.

    Raises:
        InputError: If it cannot be read.
    """
    with reading(str(path)):
        if path.is_dir():
            return _folder(path)
        status = path.stat()
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            digest.update(stream.read(SAMPLE_BYTES))
            stream.seek(max(0, status.st_size - SAMPLE_BYTES))
            digest.update(stream.read(SAMPLE_BYTES))
    return {
        "bytes": status.st_size,
        "changed": status.st_mtime_ns,
        "sha256 of its ends": digest.hexdigest(),
    }


def _folder(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    files = 0
    for file in text_files(path):
        status = file.stat()
        entry = f"{file.relative_to(path)}\0{status.st_size}\0{status.st_mtime_ns}\n"
        digest.update(entry.encode("utf-8", "surrogateescape"))
        files += 1
    return {"files": files, "sha256 of the listing": digest.hexdigest()}
