"""Gray ranges: narrow, clipped, broken and missing images are counted, in the data sheet too."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from lingula.cli import cli

Image = pytest.importorskip("PIL.Image")


def written(folder, *more):
    draw = np.random.default_rng(0)
    wide = np.sort(draw.integers(5, 250, (70, 20)), axis=0)
    clipped = wide.copy()
    clipped[10:40] = 255
    pictures = {"wide": wide, "narrow": 100 + wide // 20, "clipped": clipped}
    for name, pixels in pictures.items():
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"x")
    names = [*pictures, "broken", "missing"]
    rows = "".join(f"{name}.png,1\n" for name in names)
    (folder / "labels.csv").write_text(f"Path,Edema\n{rows}")
    words = ["audit", str(folder / "labels.csv"), "-o", str(folder / "audit"), *more]
    return CliRunner().invoke(cli, words)


def test_lost_grays_are_counted(tmp_path):
    outcome = written(tmp_path, "--images", str(tmp_path))
    assert outcome.exit_code == 0, outcome.output
    checks = json.loads((tmp_path / "audit" / "audit.json").read_text())["checks"]
    found = checks["grays"]
    assert abs(found["score"] - 1 / 3) < 1e-12
    words = "Of 3 images 1 have a narrow gray range and 1 are clipped"
    assert words in found["summary"]
    sheet = (tmp_path / "audit" / "datasheet.md").read_text()
    assert words in sheet and "2 images are missing or cannot be read" in sheet


def test_without_a_folder_nothing_is_read(tmp_path):
    assert written(tmp_path).exit_code == 0
    assert "no folder of images" in (tmp_path / "audit" / "datasheet.md").read_text()
