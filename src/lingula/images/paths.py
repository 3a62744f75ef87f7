"""From the paths of a table to files below the folder of images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from lingula.errors import InputError

#: Leading folders of a table's paths that may be missing on disk, as CheXpert's
#: "CheXpert-v1.0-small/" is where the archive was unpacked under another name.
_MOST_LEFT_OUT = 2
_TRIED = 50


def resolve_files(paths: Sequence[str], root: Path, source: str) -> tuple[Path, ...]:
    """Files of a table's paths, whether they are there or not.

    A path is looked for below the root as it stands, without its first folder or first two, and,
    if it is a bare name, in any folder below the root. What holds for the first that is found
    holds for all. Links are followed as long as they stay below the root (which may be a link).

    Args:
        paths: As the table has them.
        root: Folder of images.
        source: The table, for messages.

    Raises:
        InputError: If the root is no folder, a path or a link leads out of it, or a bare name
            occurs in several folders.
    """
    files = _found_files(paths, root, source)
    _refuse_links_out(files, root, source)
    return files


def _found_files(paths: Sequence[str], root: Path, source: str) -> tuple[Path, ...]:
    if not root.is_dir():
        raise InputError(f"{root}: is no folder of images; name it with --images")
    parts = [_inside(path, root, f"{source}, row {row}") for row, path in enumerate(paths, 1)]
    for left_out in range(_MOST_LEFT_OUT + 1):
        found = (_below(root, item, left_out) for item in parts[:_TRIED])
        if any(path.is_file() for path in found):
            return tuple(_below(root, item, left_out) for item in parts)
    if parts and all(len(item) == 1 for item in parts[:_TRIED]):
        return _by_name([item[-1] for item in parts], root, source)
    return tuple(_below(root, item, 0) for item in parts)


def missing_files(files: Sequence[Path]) -> list[int]:
    """Positions of the files that are not there."""
    return [position for position, path in enumerate(files) if not path.is_file()]


def _refuse_links_out(files: Sequence[Path], root: Path, source: str) -> None:
    """Refuse files that lie outside the root once links are resolved."""
    within = root.resolve()
    folders: dict[Path, Path] = {}
    for row, path in enumerate(files, 1):
        folder = folders.get(path.parent)
        if folder is None:
            folder = folders[path.parent] = path.parent.resolve()
        real = path.resolve() if path.is_symlink() else folder / path.name
        if not real.is_relative_to(within):
            raise InputError(
                f"{source}, row {row}: {path} is a link that leaves the folder of images {root}; "
                "name the folder that it leads to with --images"
            )


def _inside(text: str, root: Path, where: str) -> tuple[str, ...]:
    """The parts of a path below the root."""
    path = PurePosixPath(text.strip().replace("\\", "/"))
    if path.is_absolute() and path.is_relative_to(root.absolute().as_posix()):
        path = path.relative_to(root.absolute().as_posix())
    drive = bool(path.parts) and path.parts[0].endswith(":")
    if path.is_absolute() or ".." in path.parts or drive:
        raise InputError(f"{where}: the path {text!r} leaves the folder of images {root}")
    if not path.parts:
        raise InputError(f"{where}: the path is empty")
    return path.parts


def _below(root: Path, parts: Sequence[str], left_out: int) -> Path:
    return root.joinpath(*parts[min(left_out, len(parts) - 1) :])


def _by_name(names: Sequence[str], root: Path, source: str) -> tuple[Path, ...]:
    """Files by their bare names, wherever they are below the root (ChestX-ray14's folders)."""
    wanted = set(names)
    places: dict[str, Path] = {}
    for folder, _, inside in os.walk(root):
        for name in inside:
            place = Path(folder, name)
            if name not in wanted:  # VinDr-CXR's table leaves out the file's suffix
                name = place.stem  # noqa: PLW2901
                if name not in wanted:
                    continue
            if name in places:
                raise InputError(
                    f"{source}: {name} is in {places[name].parent} and in {folder}; name one of "
                    "these folders with --images"
                )
            places[name] = place
    return tuple(places.get(name, root / name) for name in names)
