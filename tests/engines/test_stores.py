"""Folders at addresses: in memory and by fsspec's local files, in the place of object stores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lingula.engines import FolderJob, label_folder
from lingula.engines.stores import LocalStore, RemoteStore, address_of, open_store
from lingula.errors import InputError
from tests.engines.labelers import NameLabeler
from tests.engines.test_local import files, label

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory(parts: Path) -> Iterator[Any]:
    """fsspec's memory, with the partitions in "memory://in"."""
    system = fsspec.filesystem("memory")
    for name, data in files(parts).items():
        system.pipe(f"/in/{name}", data)
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def held(system: Any, root: str) -> dict[str, bytes]:
    return {path.removeprefix(root + "/"): system.cat(path) for path in system.find(root)}


def test_an_object_store_has_the_same_partitions(memory: Any, parts: Path, tmp_path: Path) -> None:
    job = FolderJob.of("memory://in", "memory://out", NameLabeler(), workers=0)
    assert label_folder(job).rows == 110
    label(parts, tmp_path / "out")
    found, same = held(memory, "/out"), files(tmp_path / "out")
    assert set(found) == set(same)
    del found["_lingula/manifest.json"], same["_lingula/manifest.json"]
    assert found == same

    again = FolderJob.of("memory://in", "memory://out", NameLabeler(), workers=0, resume=True)
    assert label_folder(again).kept == 5
    memory.rm("/out/a.csv")
    memory.pipe("/in/d.csv", memory.cat("/in/d.csv") + b"s1,No edema.\n")
    changed = label_folder(again)
    assert (changed.kept, changed.rows) == (3, 111)
    memory.rm("/in/e.csv")
    assert label_folder(again).removed == 1
    assert not memory.exists("/out/e.csv")
    with pytest.raises(InputError, match="is there already"):
        label_folder(FolderJob.of("memory://in", "memory://out", NameLabeler(), workers=0))


def test_workers_read_and_write_at_addresses(parts: Path, tmp_path: Path) -> None:
    source, output = f"local://{parts}", f"local://{tmp_path}/out"
    assert isinstance(open_store(source), RemoteStore)
    summary = label_folder(FolderJob.of(source, output, "rules", workers=2))
    assert summary.rows == 110
    label(parts, tmp_path / "same", "rules")
    found, same = files(tmp_path / "out"), files(tmp_path / "same")
    assert {k: v for k, v in found.items() if k.endswith(".csv")} == {
        k: v for k, v in same.items() if k.endswith(".csv")
    }
    assert "_SUCCESS" in found


def test_addresses(tmp_path: Path) -> None:
    assert address_of(Path("s3://bucket/reports")) == "s3://bucket/reports"
    assert address_of("gs://bucket/a/b") == "gs://bucket/a/b"
    assert address_of(str(tmp_path)) == str(tmp_path)
    store = open_store(address_of(Path(f"file://{tmp_path}")))
    assert isinstance(store, LocalStore) and store.root == tmp_path
    with pytest.raises(InputError, match="LINGULA_FETCH"):
        open_store("https://example.org/reports")
    with pytest.raises(InputError, match="cannot be opened here"):
        open_store("nosuchscheme://bucket/reports")


@pytest.mark.skipif(os.name == "nt", reason="rights of folders")
def test_a_folder_that_cannot_be_read_is_no_empty_one(parts: Path, monkeypatch: Any) -> None:
    scandir = os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("year=2020"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(InputError, match="cannot be read"):
        LocalStore(parts).files()
    assert LocalStore(parts / "nothing").files() == []
