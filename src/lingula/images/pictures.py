"""Picture files as gray images of one size: PNG and JPEG by Pillow, DICOM by pydicom.

Values are kept in 16 bits from the file's own depth (8, 10, 12, 16) to the network, which
normalizes them itself.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.images.recipe import PictureSettings

Gray = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint16]

#: A film has at most about 25 million pixels; what claims more than this is taken for a trap.
MOST_PIXELS = 100_000_000
WHITE = 65535

_DICOM = (".dcm", ".dicom", "")
_NIFTI = (".nii", ".nii.gz")
_SHALLOW = ("1", "L", "P", "LA", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
_DEEP = ("I;16", "I;16B", "I;16L", "I")


def read_gray(path: Path) -> Gray:
    """A picture, from 0 (black) to 1 (white), at its own size.

    Returns:
        float32, shape (height, width).

    Raises:
        InputError: If it cannot be read, is too large, or is of another form.
    """
    name = path.name.casefold()
    if name.endswith(_NIFTI):
        raise InputError(f"{path}: NIfTI holds volumes, not films; export PNG, JPEG or DICOM")
    if path.suffix.casefold() in _DICOM:
        from lingula.images.dicom import read_dicom

        return read_dicom(path)
    return _read_picture(path)


def fit_size(gray: Gray, settings: PictureSettings) -> Pixels:
    """A gray image at the size of a recipe, its aspect ratio kept.

    Pillow's bilinear filter, whose support grows when an image is made smaller, so that nothing
    is skipped.

    Returns:
        uint16, shape (size, size); 65535 is white.
    """
    from PIL import Image

    size = settings.size
    height, width = gray.shape
    if (height, width) == (size, size):
        return _deep(gray)
    side = max(height, width) if settings.fit == "pad" else min(height, width)
    new = (max(1, round(height * size / side)), max(1, round(width * size / side)))
    image = Image.fromarray(gray)
    small = np.asarray(image.resize((new[1], new[0]), Image.Resampling.BILINEAR))
    out = np.zeros((size, size), dtype=np.uint16)
    rows, columns = (_overlap(have, size) for have in new)
    out[rows[1], columns[1]] = _deep(small[rows[0], columns[0]])
    return out


def read_pixels(path: Path, settings: PictureSettings) -> Pixels:
    """A picture file as a gray image of the recipe's size: ``read_gray``, then ``fit_size``."""
    return fit_size(read_gray(path), settings)


def grays_lost(pixels: Pixels) -> tuple[bool, bool]:
    """Whether an image's gray range is narrow, and whether it is clipped.

    Narrow: its 1st and 99th percentiles are less than a quarter of the scale apart. Clipped: more
    than a tenth of what is not black is at the brightest value. Both are thresholds of ours, for
    counting; what was lost before a file was written in 8 bits cannot be had back.
    """
    low, high = np.percentile(pixels, [1, 99])
    seen = pixels[pixels > 0]
    clipped = len(seen) > 0 and float((seen >= seen.max()).mean()) > 0.1
    return bool(high - low < WHITE / 4), clipped


def _overlap(have: int, want: int) -> tuple[slice, slice]:
    """Where ``have`` pixels are taken from, and put to, so that both are centered."""
    taken = min(have, want)
    start, place = (have - taken) // 2, (want - taken) // 2
    return slice(start, start + taken), slice(place, place + taken)


def _deep(gray: Gray) -> Pixels:
    return np.rint(np.clip(gray, 0.0, 1.0) * WHITE).astype(np.uint16)


def _read_picture(path: Path) -> Gray:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Its limit on size is a warning or an error; ours, below, is lower or names the file.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as image:
                _refuse_large(image.size, path)
                return _gray_of(image, path)
    except Image.DecompressionBombError:
        raise InputError(f"{path}: has too many pixels for a film; is it a trap?") from None
    except UnidentifiedImageError:
        raise InputError(f"{path}: is no PNG, JPEG or DICOM file") from None
    except (OSError, SyntaxError, ValueError) as error:  # of Pillow, for broken files
        raise InputError(f"{path}: cannot be read: {error}") from None


def _refuse_large(size: tuple[int, int], path: Path) -> None:
    if size[0] * size[1] > MOST_PIXELS:
        raise InputError(
            f"{path}: claims {size[0]:,} x {size[1]:,} pixels, more than {MOST_PIXELS:,}; "
            "no film has so many"
        )


def _gray_of(image: Any, path: Path) -> Gray:
    if image.mode in _DEEP:
        deep: Gray = np.asarray(image).astype(np.float32) / np.float32(WHITE)
        return deep
    if image.mode not in _SHALLOW:
        raise InputError(f"{path}: pictures of mode {image.mode} are not read; write gray ones")
    gray: Gray = np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)
    return gray
