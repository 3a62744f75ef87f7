"""Gray ranges of picture files, for those who check a data set before anything is trained."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, MissingExtraError
from lingula.images.pictures import WHITE, grays_lost, read_gray


@dataclass(frozen=True, eq=False)
class GrayRanges:
    """What is known of the grays of n files.

    Attributes:
        narrow: Files whose gray range is narrow (``pictures.grays_lost``), bool, shape (n,).
        clipped: Files that are clipped, bool, shape (n,).
        unread: Positions of files that are missing or cannot be read, and why.
    """

    narrow: npt.NDArray[np.bool_]
    clipped: npt.NDArray[np.bool_]
    unread: dict[int, str]

    def __len__(self) -> int:
        return len(self.narrow)


def measure_gray_ranges(files: Sequence[Path]) -> GrayRanges:
    """Read picture files and look at their grays.

    Args:
        files: n files, which may be missing.

    Raises:
        MissingExtraError: If the packages that read pictures are not installed.
    """
    try:
        import PIL  # noqa: F401
        import pydicom  # noqa: F401
    except ImportError:
        raise MissingExtraError("Reading pictures", "images") from None
    flags = np.zeros((2, len(files)), dtype=np.bool_)
    unread: dict[int, str] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, found in enumerate(pool.map(_lost, files)):
            if isinstance(found, str):
                unread[row] = found
            else:
                flags[:, row] = found
    return GrayRanges(flags[0], flags[1], unread)


def _lost(path: Path) -> tuple[bool, bool] | str:
    if not path.is_file():
        return f"{path}: is missing"
    try:
        gray = read_gray(path)
    except InputError as error:
        return str(error)
    return grays_lost(np.rint(gray * WHITE).astype(np.uint16))
