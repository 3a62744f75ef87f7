"""What a run survives, and what it does not believe."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from word_labeler import WordLabeler

from lingula.errors import InputError
from lingula.labels import Labels
from lingula.pipeline import Job, run
from lingula.pipeline.fingerprint import fingerprint
from lingula.tables.source import BATCH_ROWS

WORDS = ["edema", "pneumonia", "fracture", "no consolidation"]


class Meddling(WordLabeler):
    """Does something once, while the input is being labeled."""

    parallel = False

    def __init__(self, deed: Callable[[], Any], calls: int = 0) -> None:
        super().__init__()
        self.deed: Callable[[], Any] | None = deed
        self.left = calls

    def label(self, texts: Any, *, evidence: bool = False) -> Labels:
        deed = self.deed
        if deed is not None and self.left == 0:
            self.deed = None
            deed()
        self.left -= 1
        return super().label(texts, evidence=evidence)


def make(path: Path, rows: int) -> Path:
    lines = (f"{n},{WORDS[n % 4]} in image {n}\n" for n in range(rows))
    path.write_text("id,text\n" + "".join(lines))
    return path


def interrupt() -> None:
    raise KeyboardInterrupt


def same() -> Meddling:
    """The labeler of an interrupted run, doing nothing but its work."""
    return Meddling(lambda: None)


def interrupted(source: Path, output: Path) -> Path:
    """The folder of work that a run of two tasks of 20 rows leaves."""
    with pytest.raises(KeyboardInterrupt):
        run(source, output, Meddling(interrupt, calls=2), batch_rows=20)
    return output.with_name(output.name + ".partial")


def test_input_that_shrinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lingula.tables.csv_blocks.BLOCK_BYTES", 1 << 18)
    source = make(tmp_path / "in.csv", 80_000)
    lines = source.read_bytes().splitlines(keepends=True)
    short = b"".join(lines[:60_001])
    assert len(short) > 1 << 20  # more than is read ahead
    labeler = Meddling(lambda: os.truncate(source, len(short)))
    with pytest.raises(InputError, match=r"was changed while it was read: 80,000 rows first, 60,0"):
        run(source, tmp_path / "o.csv", labeler, batch_rows=BATCH_ROWS)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("folder", [False, True])
def test_input_that_changes_at_the_same_size(tmp_path: Path, folder: bool) -> None:
    source = make(tmp_path / "in.csv", 60)
    changed = source
    if folder:
        source = tmp_path / "reports"
        source.mkdir()
        for name in "abc":
            (source / f"{name}.txt").write_text("No edema.")
        changed = source / "b.txt"

    def deed() -> None:
        status = changed.stat()
        changed.write_text(changed.read_text().replace("edema", "xxema"))
        os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns))

    with pytest.raises(InputError, match="was changed while it was read"):
        run(source, tmp_path / "o.csv", Meddling(deed))
    assert [path.name for path in tmp_path.iterdir() if path != source] in ([], ["in.csv"])


def test_input_changed_between_runs_with_size_and_time_kept(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv", 300)
    interrupted(source, tmp_path / "o.csv")
    status = source.stat()
    source.write_text(source.read_text().replace("in image 11", "no edema 11"))
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (source.stat().st_size, source.stat().st_mtime_ns) == (
        status.st_size,
        status.st_mtime_ns,
    )
    with pytest.raises(InputError, match="since the interrupted run this has changed: input;"):
        run(source, tmp_path / "o.csv", same(), batch_rows=20, resume=True)


def test_the_fingerprint_of_a_folder_covers_names_and_content(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("two")
    seen = [fingerprint(tmp_path)]
    (tmp_path / "b.txt").write_text("owt")
    seen.append(fingerprint(tmp_path))
    (tmp_path / "b.txt").rename(tmp_path / "c.txt")
    seen.append(fingerprint(tmp_path))
    assert len({item["blake2b"] for item in seen}) == 3


def swap(folder: Path) -> None:
    first, second = folder / "task-000000.npz", folder / "task-000001.npz"
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)


def saved(**arrays: Any) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        np.savez(folder / "task-000000.npz", **{"truncated": np.int64(0), **arrays})

    return write


def flip(folder: Path) -> None:
    path = folder / "task-000001.npz"
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)


@pytest.mark.parametrize(
    ("deed", "refused"),
    [
        (swap, 2),
        (flip, 1),
        (saved(classes=np.zeros((20, 14), dtype=np.float64)), 1),
        (saved(classes=np.full((20, 14), 99, dtype=np.int8)), 1),
        (saved(classes=np.zeros((20, 13), dtype=np.int8)), 1),
        (saved(classes=np.int8(0)), 1),
        (lambda folder: (folder / "task-000000.npz").write_bytes(b""), 1),
        (lambda folder: (folder / "task-000000.npz").unlink(), 0),
    ],
)
def test_kept_work_that_does_not_fit_is_done_again(
    tmp_path: Path, deed: Callable[[Path], Any], refused: int
) -> None:
    source = make(tmp_path / "in.csv", 100)
    folder = interrupted(source, tmp_path / "o.csv")
    assert len(list(folder.glob("task-*"))) == 2
    deed(folder)
    summary = run(source, tmp_path / "o.csv", same(), batch_rows=20, resume=True)
    assert summary.refused == refused
    run(source, tmp_path / "whole.csv", WordLabeler(), batch_rows=20)
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_work_of_another_run_does_not_fit(tmp_path: Path) -> None:
    """The same tasks by number and size, of another table."""
    source, other = make(tmp_path / "in.csv", 100), tmp_path / "other.csv"
    other.write_text(source.read_text().replace("edema", "xxema"))
    folder = interrupted(source, tmp_path / "o.csv")
    foreign = interrupted(other, tmp_path / "p.csv")
    for path in foreign.glob("task-*"):
        shutil.copy(path, folder / path.name)
    summary = run(source, tmp_path / "o.csv", same(), batch_rows=20, resume=True)
    assert summary.refused == 2
    assert summary.restored == 0


def test_a_manifest_of_brackets(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv", 100)
    folder = interrupted(source, tmp_path / "o.csv")
    (folder / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match=r"cannot be read .*--overwrite"):
        run(source, tmp_path / "o.csv", same(), resume=True)


def test_a_second_run_to_one_output_is_told(tmp_path: Path) -> None:
    source, other = make(tmp_path / "in.csv", 100), make(tmp_path / "other.csv", 100)
    output, evidence = tmp_path / "o.csv", tmp_path / "e.csv"
    told: list[str] = []

    def second() -> None:
        for job in (
            Job.of(other, output, WordLabeler(), overwrite=True),
            Job.of(source, output, WordLabeler(), resume=True),
            Job.of(other, tmp_path / "p.csv", WordLabeler(), evidence=evidence),
        ):
            with pytest.raises(InputError, match="another run is writing it") as refusal:
                run(job)
            told.append(str(refusal.value))

    summary = run(source, output, Meddling(second), evidence=evidence)
    assert summary.rows == 100
    assert [text.split(":")[0] for text in told] == [str(output), str(output), str(evidence)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "e.csv",
        "in.csv",
        "o.csv",
        "other.csv",
    ]


def test_a_lock_left_by_a_killed_run_is_no_lock(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv", 10)
    (tmp_path / ".o.csv.lock").touch()
    run(source, tmp_path / "o.csv", WordLabeler())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "o.csv"]


def test_the_manifest_names_what_labels_depend_on(tmp_path: Path) -> None:
    folder = interrupted(make(tmp_path / "in.csv", 100), tmp_path / "o.csv")
    held = json.loads((folder / "manifest.json").read_text())
    assert {"input", "input options", "labeler", "labeler options", "sections"} <= set(held)


def test_a_run_killed_while_it_names_its_files_is_resumed(tmp_path: Path) -> None:
    source, evidence = make(tmp_path / "in.csv", 100), tmp_path / "e.csv"
    with pytest.raises(KeyboardInterrupt):
        run(
            source,
            tmp_path / "o.csv",
            Meddling(interrupt, calls=2),
            batch_rows=20,
            evidence=evidence,
        )
    evidence.write_text("whole")
    with pytest.raises(InputError, match="is there already"):
        run(source, tmp_path / "o.csv", same(), batch_rows=20, evidence=evidence)
    job = Job.of(source, tmp_path / "o.csv", same(), batch_rows=20, evidence=evidence)
    assert run(job.resuming()).restored == 40
    assert evidence.read_text() != "whole"
    with pytest.raises(InputError, match="is there already"):
        run(job.resuming())
