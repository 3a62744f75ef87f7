"""Another package's labeler, by its entry point: a real package, installed beside Lingula."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lingula
from lingula.errors import InputError

MODULE = '''
"""Calls every report with the word heart cardiomegaly; for a test."""
import numpy as np
from lingula import Labels, load_schema


class HeartLabeler:
    name = "heart"
    sha256 = "h" * 64

    def __init__(self, schema=None, *, threshold=1):
        self.schema = schema or load_schema("chexpert14")
        self.threshold = threshold

    def label(self, texts, *, evidence=False):
        classes = np.zeros((len(texts), len(self.schema)), np.int8)
        for row, text in enumerate(texts):
            found = (text or "").casefold().count("heart") >= self.threshold
            classes[row, self.schema.index("Cardiomegaly")] = found
        return Labels(self.schema, classes)
'''
ENTRIES = """[lingula.labelers]
heart = heart_labeler:HeartLabeler
broken = heart_labeler:NoSuchLabeler
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as pip leaves it behind."""
    folder = tmp_path / "site"
    info = folder / "heart_labeler-0.3.dist-info"
    info.mkdir(parents=True)
    (folder / "heart_labeler.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: heart-labeler\nVersion: 0.3\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "heart_labeler", raising=False)
    return folder


def test_load_takes_its_name_and_options(site: Path) -> None:
    labels = lingula.load("heart").label(["Heart large.", "Edema.", None])
    np.testing.assert_array_equal(labels["Cardiomegaly"], [1, np.nan, np.nan])
    twice = lingula.load("heart", schema="nih14", threshold=2)
    assert twice.schema.name == "nih14"
    np.testing.assert_array_equal(twice.label(["Heart. Heart."])["Cardiomegaly"], [1])
    with pytest.raises(InputError, match="device: no option of the labeler 'heart'"):
        lingula.load("heart", device="cpu")
    with pytest.raises(InputError, match="the labeler 'broken' of the package at heart_labeler:No"):
        lingula.load("broken")
    with pytest.raises(InputError, match='"builtin", "heart", "broken", a CheXbert'):
        lingula.load("hart")


def test_commands_take_its_name(site: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(site), "LINGULA_CONFIG": ""}

    def run(*words: object, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "lingula", *map(str, words)],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    source, target = tmp_path / "reports.csv", tmp_path / "labeled.csv"
    source.write_text("id,report\n1,The heart is large.\n2,No edema.\n")
    told = run("label", source, "-o", target, "--labeler", "heart")
    assert "labeled by heart (sha256 hhhhhhhhhhhh)" in told
    with target.open(newline="") as file:
        assert [row["Cardiomegaly"] for row in csv.DictReader(file)] == ["1.0", ""]
    other = tmp_path / "generated.csv"
    other.write_text(source.read_text())
    assert "Labeler: heart" in run("score", source, other, "--labeler", "heart")
    told = run("doctor", status=1)
    assert f"heart          heart-labeler 0.3: sha256 {'h' * 64}" in told
    assert "labeler broken: AttributeError" in told
