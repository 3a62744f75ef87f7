from pathlib import Path

import pytest

from lingula.errors import InputError
from lingula.tables.open_source import open_source
from lingula.tables.source import Reject


def make(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_files_in_the_order_of_their_paths(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "p11/s2.txt": b"No edema.\r\nNo effusion.\n",
            "p10/s9.txt": b"\xef\xbb\xbfPneumonia.",
            "p10/notes.md": b"not a report",
            "a.TXT": b"",
            "p10/p1/s2.txt": "Épanchement.".encode(),
        },
    )
    source = open_source(tmp_path)
    assert source.whole_reports
    (batch,) = source.batches()
    assert batch.to_pylist() == [
        {"id": "a", "path": "a.TXT", "text": ""},
        {"id": "s2", "path": "p10/p1/s2.txt", "text": "Épanchement."},
        {"id": "s9", "path": "p10/s9.txt", "text": "Pneumonia."},
        {"id": "s2", "path": "p11/s2.txt", "text": "No edema.\r\nNo effusion.\n"},
    ]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    make(tmp_path, {"a.txt": b"Fine.", "b.txt": b"No \xe9.", "c.txt": b"Fine."})
    with pytest.raises(InputError, match=r"b\.txt: is not .* at byte 3; .*--encoding latin-1"):
        open_source(tmp_path)
    rejects: list[Reject] = []
    source = open_source(tmp_path, skip_bad_rows=True)
    assert source.rows == sum(batch.num_rows for batch in source.batches(rejects.append)) == 2
    assert [(reject.row, reject.text) for reject in rejects] == [(2, "b.txt")]
    (batch,) = open_source(tmp_path, encoding="latin-1").batches()
    assert batch.column("text").to_pylist()[1] == "No é."


def test_a_circle_of_links_is_not_followed(tmp_path: Path) -> None:
    make(tmp_path, {"a/x.txt": b"No edema."})
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert open_source(tmp_path).rows == 1
