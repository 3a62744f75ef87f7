"""Pictures: bit depths, sizes, and files that are no films."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lingula.errors import InputError
from lingula.images.cache import CacheSettings, cached_pictures
from lingula.images.pictures import WHITE, fit_size, grays_lost, read_gray
from lingula.images.recipe import PictureSettings


def test_8_and_16_bits_and_colours_keep_their_grays(tmp_path):
    steps = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(steps).save(tmp_path / "a.png")
    Image.fromarray(np.stack([steps] * 3, axis=-1)).save(tmp_path / "b.png")
    deep = (steps.astype(np.uint16) << 8) + 7
    Image.fromarray(deep).save(tmp_path / "c.png")
    np.testing.assert_allclose(read_gray(tmp_path / "a.png"), steps / 255, atol=1e-6)
    np.testing.assert_allclose(read_gray(tmp_path / "b.png"), steps / 255, atol=1e-6)
    np.testing.assert_allclose(read_gray(tmp_path / "c.png"), deep / 65535, atol=1e-6)
    smooth = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))
    Image.fromarray(smooth).save(tmp_path / "d.jpg", quality=95)
    np.testing.assert_allclose(read_gray(tmp_path / "d.jpg"), smooth / 255, atol=0.02)


def test_the_aspect_ratio_is_kept():
    gray = np.full((40, 20), 0.5, dtype=np.float32)
    padded = fit_size(gray, PictureSettings(20, "pad"))
    assert padded.shape == (20, 20) and padded.dtype == np.uint16
    assert (padded[:, 5:15] == round(0.5 * WHITE)).all() and padded[:, :5].max() == 0
    assert (fit_size(gray, PictureSettings(20, "crop")) == round(0.5 * WHITE)).all()
    # a circle stays as high as it is wide
    rows, columns = np.mgrid[:100, :60]
    disc = (((rows - 50) ** 2 + (columns - 30) ** 2) < 20**2).astype(np.float32)
    seen = fit_size(disc, PictureSettings(50)) > WHITE / 2
    high, wide = seen.any(axis=1).sum(), seen.any(axis=0).sum()
    assert abs(int(high) - int(wide)) <= 1


def test_lost_grays_are_noticed():
    ramp = np.linspace(0, WHITE, 10_000).astype(np.uint16).reshape(100, 100)
    assert grays_lost(ramp) == (False, False)
    assert grays_lost(ramp // 8) == (True, False)
    assert grays_lost(np.minimum(ramp, WHITE // 2)) == (False, True)


def bomb() -> bytes:
    """A PNG that says it has 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", zlib.crc32(kind + data) & 0xFFFFFFFF)
        )

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bomb.png", bomb(), "pixels"),
        ("text.png", b"no picture", "is no PNG, JPEG or DICOM"),
        ("scan.nii.gz", b"", "NIfTI"),
        ("none.dcm", b"nothing", "is no PNG, JPEG or DICOM"),
    ],
)
def test_what_is_no_film_is_named(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_gray(path)
    assert str(path) in str(caught.value)


def test_a_torn_picture_is_named(tmp_path):
    path = tmp_path / "torn.png"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"torn\.png: cannot be read"):
        read_gray(path)


def pictures(folder, count):
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 255, (24, 24)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return [folder / f"{number}.png" for number in range(count)]


def test_the_cache_gives_what_was_decoded(tmp_path):
    files = pictures(tmp_path, 5)
    settings, cache = PictureSettings(16), CacheSettings(tmp_path / "cache")
    held = cached_pictures(files, settings, cache)
    rows = np.array([3, 0, 3])
    expected = np.stack([fit_size(read_gray(files[row]), settings) for row in rows])
    assert (held.read(rows) == expected).all()
    before = held.path.stat().st_ino
    assert cached_pictures(files, settings, cache).path.stat().st_ino == before
    # another picture under the same name is another entry
    Image.fromarray(np.full((24, 24), 9, np.uint8)).save(files[0])
    again = cached_pictures(files, settings, cache)
    assert again.path != held.path and (again.read(np.array([0])) == 9 * 257).all()


def test_the_cache_names_broken_pictures_and_keeps_its_size(tmp_path):
    files = pictures(tmp_path, 4)
    files[2].write_bytes(b"broken")
    settings = PictureSettings(16)
    one = 4 * 16 * 16 * 2
    cache = CacheSettings(tmp_path / "cache", one)
    held = cached_pictures(files, settings, cache)
    assert list(held.broken) == [2] and str(files[2]) in held.broken[2]
    cached_pictures(files[:3], settings, cache)
    assert sum(path.stat().st_size for path in cache.folder.glob("*.gray")) <= one
    with pytest.raises(InputError, match="more than the cache may hold"):
        cached_pictures(files, settings, CacheSettings(tmp_path / "small", one - 1))
