"""DICOM films as gray images, by pydicom: rescaled, windowed, and inverted at most once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError

#: What a chest film is called: computed and digital radiography, and scanned film.
MODALITIES = ("CR", "DX", "RG", "XR", "SC", "OT")


def read_dicom(path: Path) -> npt.NDArray[np.float32]:
    """A film, from 0 (black) to 1 (white), at its own size.

    Modality LUT or rescale, then the VOI LUT or window (DICOM PS3.3, C.11.1 and C.11.2), then
    inversion for MONOCHROME1 or a presentation LUT shape of INVERSE. These two say the same thing
    (PS3.3, C.7.6.3.1.2 and C.11.6), so where both are there it is still done once.

    Returns:
        float32, shape (height, width).

    Raises:
        InputError: If it is no DICOM file, has no pixels, several frames, or colours, or if its
            compression needs a decoder that is not installed.
    """
    dataset, stored = _stored(path)
    if stored.ndim != 2:
        raise InputError(f"{path}: has several frames; a film has one")
    return _shown(dataset, stored)


def remarks(path: Path) -> list[str]:
    """What is odd about a DICOM file: another modality or part of the body than a chest film's."""
    import pydicom

    dataset = pydicom.dcmread(path, force=False, stop_before_pixels=True)
    out = []
    modality = str(getattr(dataset, "Modality", "") or "")
    if modality and modality not in MODALITIES:
        out.append(f"{path}: the modality is {modality}, not that of a film")
    part = str(getattr(dataset, "BodyPartExamined", "") or "")
    if part and "CHEST" not in part.upper() and "THORAX" not in part.upper():
        out.append(f"{path}: the body part is {part}, not the chest")
    return out


def counted_remarks(files: Sequence[Path]) -> list[str]:
    """What is odd about some DICOM files: the first remark of each kind, and how many share it."""
    kinds: dict[str, list[str]] = {}
    for path in files:
        if path.suffix.casefold() in (".dcm", ".dicom"):
            for remark in remarks(path):
                kinds.setdefault(remark.removeprefix(f"{path}: "), []).append(str(path))
    return [
        f"{len(paths):,} DICOM files, {paths[0]} the first: {kind}."
        for kind, paths in kinds.items()
    ]


def _stored(path: Path) -> tuple[Any, npt.NDArray[Any]]:
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's remarks on values that are not read here
            dataset = pydicom.dcmread(path)
            if "PixelData" not in dataset:
                raise InputError(f"{path}: has no pixels")
            if int(getattr(dataset, "SamplesPerPixel", 1)) != 1:
                raise InputError(f"{path}: is in colour; a film is gray")
            if int(getattr(dataset, "NumberOfFrames", 1) or 1) != 1:
                raise InputError(f"{path}: has several frames; a film has one")
            return dataset, np.asarray(dataset.pixel_array)
    except InvalidDicomError:
        raise InputError(f"{path}: is no PNG, JPEG or DICOM file") from None
    except RuntimeError as error:  # where no decoder is installed, or one fails
        if "plugin" in str(error) or "dependencies" in str(error):
            syntax = dataset.file_meta.TransferSyntaxUID.name
            raise InputError(
                f"{path}: its compression ({syntax}) needs a decoder that is not installed: "
                "pylibjpeg-openjpeg reads JPEG 2000, pylibjpeg-libjpeg (GPL) JPEG and JPEG-LS"
            ) from None
        raise InputError(f"{path}: its pixels cannot be decoded: {error}") from None
    except (OSError, ValueError, AttributeError, NotImplementedError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def _shown(dataset: Any, stored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The values as a screen shows them, 0 to 1."""
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    values = apply_modality_lut(stored, dataset)
    windowed = "WindowWidth" in dataset or "VOILUTSequence" in dataset
    if windowed:
        values = apply_voi_lut(values, dataset)
    values = np.asarray(values, dtype=np.float64)
    low, high = (values.min(), values.max()) if not windowed else _range_of(dataset, values)
    gray = np.clip((values - low) / max(high - low, 1e-9), 0.0, 1.0)
    shape = str(getattr(dataset, "PresentationLUTShape", "") or "").upper()
    if str(dataset.PhotometricInterpretation).upper() == "MONOCHROME1" or shape == "INVERSE":
        gray = 1.0 - gray
    out: npt.NDArray[np.float32] = gray.astype(np.float32)
    return out


def _range_of(dataset: Any, values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The darkest and brightest value that the VOI LUT or window can give (PS3.3, C.11.2.1.2)."""
    if "VOILUTSequence" in dataset:
        return 0.0, float(2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1)
    if "ModalityLUTSequence" in dataset:
        return 0.0, float(2 ** int(dataset.ModalityLUTSequence[0].LUTDescriptor[2]) - 1)
    steps = 2 ** int(dataset.BitsStored)
    low, high = (-steps // 2, steps // 2 - 1) if dataset.PixelRepresentation else (0, steps - 1)
    slope = float(getattr(dataset, "RescaleSlope", 1) or 1)
    ends = sorted(
        end * slope + float(getattr(dataset, "RescaleIntercept", 0) or 0) for end in (low, high)
    )
    return min(ends[0], float(values.min())), max(ends[1], float(values.max()))
