"""Reads a folder of .txt files, one report each, its sub-folders too; or one such file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import InputError
from lingula.tables.arrays import string_array
from lingula.tables.opening import checked_encoding, reading
from lingula.tables.source import BATCH_CHARACTERS, OnReject, Reject

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = ".txt"


class FolderSource:
    """Text files in the order of their paths: columns ``id`` (the stem), ``path`` and ``text``.

    The path is relative to the folder and has forward slashes.

    Raises:
        InputError: If the folder holds no .txt file, or one cannot be decoded (and bad files are
            not to be skipped).
    """

    whole_reports = True
    blank_lines = 0

    def __init__(
        self, path: Path, *, name: str, encoding: str, skip_bad_rows: bool, batch_rows: int
    ) -> None:
        import pyarrow as pa

        self.name = name
        self._path = path
        self._skip_bad_rows = skip_bad_rows
        self._batch_rows = batch_rows
        self.schema = pa.schema([(column, pa.string()) for column in ("id", "path", "text")])
        self.rows = 0
        first = next(text_files(path), None)
        if first is None:
            raise InputError(f"{name}: holds no {SUFFIX} file, nor do its sub-folders")
        self._encoding = checked_encoding(encoding, first, str(first))
        # The byte order mark matters file by file, so all are read once.
        self.rows = sum(1 for item in self._records() if not isinstance(item, Reject))

    def batches(self, on_reject: OnReject | None = None) -> Iterator[pa.RecordBatch]:
        """All files in order, in batches that are the same every time."""
        rows: list[tuple[str, str, str]] = []
        size = 0
        for item in self._records():
            if isinstance(item, Reject):
                if on_reject is not None:
                    on_reject(item)
                continue
            rows.append(item)
            size += len(item[2])
            if len(rows) >= self._batch_rows or size >= BATCH_CHARACTERS:
                yield self._batch(rows)
                rows, size = [], 0
        if rows:
            yield self._batch(rows)

    def _batch(self, rows: list[tuple[str, str, str]]) -> pa.RecordBatch:
        import pyarrow as pa

        columns = [string_array(column) for column in zip(*rows, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _records(self) -> Iterator[tuple[str, str, str] | Reject]:
        for row, path in enumerate(text_files(self._path), start=1):
            alone = path == self._path
            relative = path.name if alone else path.relative_to(self._path).as_posix()
            with reading(str(path)):
                data = path.read_bytes()
            try:
                relative.encode()
                text = data.decode(self._encoding)
            except UnicodeDecodeError as error:
                reason = f"is not {error.encoding} text at byte {error.start}"
                if not self._skip_bad_rows:
                    raise InputError(
                        f"{path}: {reason}; name the encoding, such as --encoding latin-1, "
                        "or leave such files out with --on-bad-row skip"
                    ) from None
                yield Reject(row, 0, reason, relative)
            except UnicodeEncodeError:
                raise InputError(
                    f"{path!r}: the name of the file is not UTF-8; rename it"
                ) from None
            else:
                yield path.stem, relative, text


def text_files(folder: Path) -> Iterator[Path]:
    """All .txt files of a folder and its sub-folders, sorted folder by folder; a file itself.

    Raises:
        InputError: If a folder cannot be listed.
    """
    if folder.is_file():
        yield folder
        return
    with reading(str(folder)):
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    for entry in entries:
        # Links to folders are not followed: they may lead in a circle.
        if entry.is_dir(follow_symlinks=False):
            yield from text_files(Path(entry.path))
        elif entry.name.lower().endswith(SUFFIX) and entry.is_file():
            yield Path(entry.path)
