"""DICOM films: windows, inversion, compression, and files that are none."""

from __future__ import annotations

from pathlib import Path

import data_store
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from lingula.errors import InputError
from lingula.images.dicom import counted_remarks, remarks
from lingula.images.pictures import read_gray

REAL = Path(data_store.__file__).parent / "data"
RAMP = np.arange(1024, dtype=np.uint16).reshape(32, 32)


def write(path: Path, pixels: np.ndarray = RAMP, **values) -> Path:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = ComputedRadiographyImageStorage
    made.SOPInstanceUID = generate_uid()
    made.Modality, made.BodyPartExamined = "CR", "CHEST"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape[-2:]
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 10, 9
    made.PixelRepresentation = 0
    made.PixelData = pixels.astype("<u2").tobytes()
    for name, value in values.items():
        if value is None:
            delattr(made, name)
        else:
            setattr(made, name, value)
    made.save_as(path, enforce_file_format=True)
    return path


def test_grays_of_10_bits_are_kept(tmp_path):
    np.testing.assert_allclose(read_gray(write(tmp_path / "a.dcm")), RAMP / 1023, atol=1e-6)
    rescaled = write(tmp_path / "b.dcm", RescaleSlope="2", RescaleIntercept="-50")
    np.testing.assert_allclose(read_gray(rescaled), RAMP / 1023, atol=1e-6)


def test_a_window_is_the_standards_formula(tmp_path):
    path = write(tmp_path / "a.dcm", WindowCenter="400", WindowWidth="201")
    # PS3.3, C.11.2.1.2.1, with the output range 0 to 1023
    inside = ((RAMP - (400 - 0.5)) / (201 - 1) + 0.5) * 1023
    np.testing.assert_allclose(read_gray(path), np.clip(inside, 0, 1023) / 1023, atol=1e-6)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME2", None, False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "INVERSE", True),
    ],
)
def test_a_film_is_inverted_once_at_most(tmp_path, photometric, shape, inverted):
    more = {} if shape is None else {"PresentationLUTShape": shape}
    path = write(tmp_path / "a.dcm", PhotometricInterpretation=photometric, **more)
    expected = RAMP / 1023
    np.testing.assert_allclose(read_gray(path), 1 - expected if inverted else expected, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"PixelData": None}, "no pixels"),
        ({"NumberOfFrames": "2", "PixelData": RAMP.tobytes() * 2}, "several frames"),
        ({"SamplesPerPixel": 3}, "in colour"),
    ],
)
def test_what_is_no_film_is_refused(tmp_path, values, words):
    with pytest.raises(InputError, match=words):
        read_gray(write(tmp_path / "a.dcm", **values))


def test_other_modalities_and_parts_are_remarked_on(tmp_path):
    assert remarks(write(tmp_path / "a.dcm")) == []
    found = remarks(write(tmp_path / "b.dcm", Modality="MR", BodyPartExamined="KNEE"))
    assert "MR" in found[0] and "KNEE" in found[1]
    (one, two) = counted_remarks([tmp_path / "a.dcm", tmp_path / "b.dcm", tmp_path / "b.dcm"])
    assert one.startswith("2 DICOM files") and "MR" in one and "KNEE" in two


@pytest.mark.slow
def test_a_real_film_is_the_same_in_every_compression():
    plain = read_gray(REAL / "RG1_UNCR.dcm")
    assert plain.shape == pydicom.dcmread(REAL / "RG1_UNCR.dcm").pixel_array.shape
    assert 0.05 < plain.mean() < 0.95
    lossless = read_gray(REAL / "RG1_J2KR.dcm")
    np.testing.assert_array_equal(lossless, plain)
    assert np.abs(read_gray(REAL / "RG1_J2KI.dcm") - read_gray(REAL / "RG1_UNCI.dcm")).mean() < 0.01
