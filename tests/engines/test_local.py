"""The folder contract, on a disk, by processes of this machine."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import lingula
from lingula.cli.label import command
from lingula.engines import FolderJob, FolderProgress, FolderSummary, label_folder
from lingula.errors import InputError
from lingula.pipeline import Job, run
from tests.engines.conftest import rows, write_csv
from tests.engines.labelers import FailingLabeler, KilledLabeler, NameLabeler


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def label(source: Path, output: Path, labeler: Any = None, **options: Any) -> FolderSummary:
    options.setdefault("workers", 0)
    return label_folder(FolderJob.of(source, output, labeler or NameLabeler(), **options))


def manifest(folder: Path) -> Any:
    return json.loads((folder / "_lingula/manifest.json").read_text(encoding="utf-8"))


def test_each_partition_has_the_bytes_of_a_run_of_its_own(parts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    told: list[FolderProgress] = []
    summary = label(parts, output, "rules", workers=2, progress=told.append)
    labeler = lingula.load("rules")
    total = 0
    for name in ("a.csv", "b.csv", "year=2020/c.csv", "d.csv", "e.csv"):
        alone = tmp_path / "alone.csv"
        total += run(Job.of(parts / name, alone, labeler, overwrite=True)).rows
        assert (output / name).read_bytes() == alone.read_bytes()
    assert summary.rows == total == 20 + 21 + 22 + 23 + 24
    assert summary.counts.sum(axis=1).tolist() == [total] * 14
    assert summary.complete and (output / "_SUCCESS").exists()
    assert [progress.partitions for progress in told] == [1, 2, 3, 4, 5]
    assert sorted(files(output)) == sorted(
        ["_SUCCESS", "_lingula/manifest.json", "a.csv", "b.csv", "d.csv", "e.csv",
         "year=2020/c.csv"]
    )  # fmt: skip


def test_the_number_of_workers_changes_no_byte(parts: Path, tmp_path: Path) -> None:
    found = []
    for workers in (0, 1, 3):
        output = tmp_path / f"out{workers}"
        label(parts, output, "rules", workers=workers)
        found.append(files(output))
    assert found[0] == found[1] == found[2]


def test_other_forms(tmp_path: Path) -> None:
    source = tmp_path / "in"
    write_csv(source / "one.csv", 0, 5)
    (source / "two.jsonl.gz").write_bytes(
        gzip.compress(b"".join(
            json.dumps({"study_id": i, "report": text}).encode() + b"\n" for i, text in rows(5, 4)
        ))
    )  # fmt: skip
    label(source, tmp_path / "same")
    lines = gzip.decompress((tmp_path / "same/two.jsonl.gz").read_bytes()).splitlines()
    assert json.loads(lines[0])["Pleural Other"] is None
    label(source, tmp_path / "parquet", form="parquet")
    found = [pq.read_table(tmp_path / "parquet" / name) for name in ("one.parquet", "two.parquet")]
    assert [table.num_rows for table in found] == [5, 4]
    assert label(tmp_path / "parquet", tmp_path / "again", suffix=" again").rows == 9


def test_evidence_and_rejects(parts: Path, tmp_path: Path) -> None:
    with (parts / "d.csv").open("a", encoding="utf-8") as stream:
        stream.write("s999,too,many,cells\n")
    output, reasons = tmp_path / "out", tmp_path / "reasons"
    summary = label(parts, output, "rules", evidence=reasons, on_bad_row="skip")
    assert summary.rejected == 1
    assert "too,many,cells" in (output / "_lingula/rejects/d.csv.rejects.csv").read_text()
    assert sorted(files(reasons)) == sorted(["a.csv", "b.csv", "year=2020/c.csv", "d.csv", "e.csv"])
    with (reasons / "year=2020/c.csv").open(encoding="utf-8") as stream:
        first = next(csv.DictReader(stream))
    assert (first["row"], first["id"], first["column"]) == ("1", "s200", "report")
    (reasons / "a.csv").write_text("damaged", encoding="utf-8")
    again = label(parts, output, "rules", evidence=reasons, on_bad_row="skip", resume=True)
    assert again.kept == 4
    assert (reasons / "a.csv").read_text(encoding="utf-8") != "damaged"


def test_resume_redoes_what_is_missing_or_stale(parts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    label(parts, output)
    whole = files(output)
    assert label(parts, output, resume=True).kept == 5
    assert files(output) == whole

    (output / "a.csv").unlink()
    (output / "b.csv").write_bytes(whole["b.csv"][:-1])
    write_csv(parts / "d.csv", 1000, 7)
    changed = label(parts, output, resume=True)
    assert (changed.kept, changed.rows) == (2, 20 + 21 + 22 + 7 + 24)
    assert files(output)["a.csv"] == whole["a.csv"]
    assert files(output)["b.csv"] == whole["b.csv"]

    assert label(parts, output, NameLabeler("2"), resume=True).kept == 0
    assert label(parts, output, NameLabeler("2"), resume=True, suffix="!").kept == 0
    other = {"identity": {"lexicon": "other"}}
    assert label(parts, output, NameLabeler("2"), resume=True, suffix="!", **other).kept == 0

    (parts / "e.csv").unlink()
    gone = label(parts, output, NameLabeler("2"), resume=True, suffix="!", **other)
    assert (gone.kept, gone.removed, gone.partitions) == (4, 1, 4)
    assert not (output / "e.csv").exists()
    assert set(manifest(output)["partitions"]) == {"a.csv", "b.csv", "year=2020/c.csv", "d.csv"}
    fresh = tmp_path / "fresh"
    label(parts, fresh, NameLabeler("2"), suffix="!", **other)
    assert files(output) == files(fresh)


@pytest.mark.parametrize("bug", [False, True])
def test_a_partition_that_fails_is_set_aside(parts: Path, tmp_path: Path, bug: bool) -> None:
    output = tmp_path / "out"
    summary = label(parts, output, FailingLabeler("Image 105.", bug), workers=2, retries=1)
    assert set(summary.failed) == {"b.csv"}
    assert summary.retried == 1
    reason = summary.failed["b.csv"]
    assert ("ZeroDivisionError in labelers.py" if bug else "a deliberate error") in reason
    assert "Image" not in reason
    assert not (output / "_SUCCESS").exists()
    assert not (output / "b.csv").exists()
    assert manifest(output)["failed"] == dict(summary.failed)
    assert summary.rows == 20 + 22 + 23 + 24
    mended = label(parts, output, FailingLabeler("nothing"), resume=True)
    assert (mended.kept, mended.complete) == (4, True)
    fresh = tmp_path / "fresh"
    label(parts, fresh, FailingLabeler("nothing"))
    assert files(output) == files(fresh)


def test_a_damaged_partition_is_set_aside_and_status_says_so(parts: Path, tmp_path: Path) -> None:
    (parts / "b.csv").write_bytes(b"study_id,report\ns1,\xff\xfe\n")
    words = [str(parts), "-o", str(tmp_path / "out"), "--engine", "local", "--workers", "1"]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 3
    assert "b.csv was set aside" in done.output
    assert "89 reports in 4 partitions" in done.output


def test_a_worker_that_is_killed_is_replaced(parts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    labeler = KilledLabeler("Image 205.", 2, tmp_path / "killed")
    summary = label(parts, output, labeler, workers=2)
    assert (summary.complete, summary.retried, summary.rows) == (True, 2, 110)
    fresh = tmp_path / "fresh"
    label(parts, fresh)
    names = [name for name in files(fresh) if name.endswith(".csv")]
    assert len(names) == 5
    assert all(files(output)[name] == files(fresh)[name] for name in names)


def test_a_partition_that_kills_its_workers_is_set_aside(parts: Path, tmp_path: Path) -> None:
    labeler = KilledLabeler("Image 205.", 99, tmp_path / "killed")
    summary = label(parts, tmp_path / "out", labeler, workers=2, retries=1)
    assert set(summary.failed) == {"year=2020/c.csv"}
    assert "status -9" in summary.failed["year=2020/c.csv"]
    assert summary.rows == 88


def test_what_is_there_is_replaced_only_if_asked(parts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    label(parts, output)
    with pytest.raises(InputError, match="--resume, or replace it"):
        label(parts, output)
    (parts / "e.csv").rename(parts / "f.csv")
    label(parts, output, overwrite=True)
    fresh = tmp_path / "fresh"
    label(parts, fresh)
    assert files(output) == files(fresh)
    (output / "_lingula/manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="is damaged"):
        label(parts, output, resume=True)
    assert (output / "_lingula/manifest.json").read_text(encoding="utf-8") == "{"
    label(parts, output, overwrite=True)
    assert files(output) == files(fresh)
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").touch()
    with pytest.raises(InputError, match="is not empty, and no output"):
        label(parts, other, overwrite=True)


def test_folders_that_cannot_be_labeled(parts: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="holds no partition"):
        label(empty, tmp_path / "out")
    with pytest.raises(InputError, match="lies in"):
        label(parts, parts / "out")
    with pytest.raises(InputError, match="does not exist"):
        label(parts, tmp_path / "no" / "out")
    with pytest.raises(InputError, match="needs at least one worker"):
        label(parts, tmp_path / "out", engine="ray")
    (parts / "notes.doc").touch()
    with pytest.raises(InputError, match=r"notes.doc is no table"):
        label(parts, tmp_path / "out")
    (parts / "notes.doc").rename(parts / "a.jsonl")
    with pytest.raises(InputError, match=r"would both become a.parquet"):
        label(parts, tmp_path / "out", form="parquet")
    (parts / "a.jsonl").rename(parts / "x.json")
    with pytest.raises(InputError, match="--output-format"):
        label(parts, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_labeler_that_is_not_there_ends_the_run(parts: Path, tmp_path: Path) -> None:
    words = [str(parts), "-o", str(tmp_path / "out"), "--engine", "local", "--labeler", "no.pth"]
    with pytest.raises(lingula.LingulaError, match=r"there is no labeler 'no.pth'"):
        CliRunner().invoke(command, words, catch_exceptions=False)
    assert not (tmp_path / "out/_SUCCESS").exists()
