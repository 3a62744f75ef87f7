"""Files that are being written."""

from __future__ import annotations

import gc
import gzip
import sys
from pathlib import Path

import pytest

from lingula.tables.output_file import OutputFile, TextFile


def test_a_file_that_cannot_be_opened_leaves_nothing_to_close(tmp_path: Path, monkeypatch) -> None:
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    file = OutputFile.__new__(OutputFile)
    with pytest.raises(FileNotFoundError):
        file.__init__(tmp_path / "missing" / "out.csv")
    assert file.closed
    file.close()
    del file
    gc.collect()
    assert not complaints


@pytest.mark.parametrize("compressed", [False, True])
def test_text_is_written_and_can_be_given_up(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "out.csv"
    for finish in ("close", "abandon"):
        file = TextFile(path, compressed=compressed)
        file.write("Œdème\n".encode() * 3)
        getattr(file, finish)()
        if finish == "close":
            data = path.read_bytes()
            assert (gzip.decompress(data) if compressed else data).decode() == "Œdème\n" * 3
        assert file._file.closed
