"""The files that a source names: one, several, those of a pattern, or the parts of a folder."""

from __future__ import annotations

import glob
from pathlib import Path

from lingula.errors import InputError
from lingula.pipeline.job import Source
from lingula.tables.folder_source import text_files
from lingula.tables.opening import reading
from lingula.tables.remote import local_path

_PARTS = (".parquet", ".pq", ".hl7", ".dcm")


def input_files(source: Source) -> tuple[Path, ...]:
    """The files and folders of a source, in the order in which they are read.

    A pattern such as ``parts/*.csv`` stands for its files by name, a folder that holds Parquet, HL7
    or DICOM and no .txt file for its parts by name; a path that is there stands for itself,
    whatever its name.

    Raises:
        InputError: If a pattern fits no file, or one file is named twice.
    """
    files: list[Path] = []
    for given in (source.path, *source.more):
        path = local_path(given)
        if path.is_dir():
            files += _parts(path)
        elif path.exists() or not glob.has_magic(given):
            files.append(path)
        else:
            found = sorted(glob.glob(given, recursive=True))  # noqa: PTH207 - may be absolute
            if not found:
                raise InputError(f"{given}: there is no file of such a name")
            files += map(Path, found)
    seen: set[Path] = set()
    for path in files:
        if path.resolve() in seen:
            raise InputError(f"{path}: is named twice as input")
        seen.add(path.resolve())
    return tuple(files)


def _parts(folder: Path) -> list[Path]:
    """The Parquet, HL7 and DICOM files below a folder; itself if it is one of reports."""
    if next(text_files(folder), None) is not None:
        return [folder]
    with reading(str(folder)):
        parts = sorted(
            path
            for path in folder.rglob("*")
            # As Spark and Hive do: names that begin so are not data.
            if path.suffix.lower() in _PARTS and not path.name.startswith(("_", "."))
        )
    return parts or [folder]
