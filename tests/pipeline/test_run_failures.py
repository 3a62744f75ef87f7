"""Where output goes, and what goes wrong."""

import errno
from pathlib import Path
from typing import Any

import pytest
from small_table import TEXTS, make, read
from word_labeler import BrokenLabeler, WordLabeler

from lingula.errors import InputError, LingulaError
from lingula.pipeline import run
from lingula.tables import output_file


class TestPlaces:
    def test_the_input_is_never_overwritten(self, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", TEXTS)
        before = source.read_bytes()
        link = tmp_path / "link.csv"
        link.symlink_to(source)
        hard = tmp_path / "hard.csv"
        hard.hardlink_to(source)
        for target in (source, link, hard):
            with pytest.raises(InputError, match="the same file"):
                run(source, target, WordLabeler(), overwrite=True)
        with pytest.raises(InputError, match="evidence and the input are the same"):
            run(source, tmp_path / "a.csv", WordLabeler(), evidence=link, overwrite=True)
        with pytest.raises(InputError, match="evidence and the output are the same"):
            run(source, tmp_path / "a.csv", WordLabeler(), evidence=tmp_path / "a.csv")
        assert source.read_bytes() == before

    def test_output_that_is_there(self, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", TEXTS)
        target = tmp_path / "a.csv"
        target.write_text("mine")
        with pytest.raises(InputError, match="--overwrite"):
            run(source, target, WordLabeler())
        assert target.read_text() == "mine"
        run(source, target, WordLabeler(), overwrite=True)
        assert len(read(target)) == 5

    def test_a_link_to_the_output_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        link = tmp_path / "a.csv"
        link.symlink_to(tmp_path / "real" / "b.csv")
        run(make(tmp_path / "in.csv", TEXTS), link, WordLabeler())
        assert link.is_symlink()
        assert len(read(tmp_path / "real" / "b.csv")) == 5

    def test_folders(self, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", TEXTS)
        with pytest.raises(InputError, match=r"the folder .*missing does not exist"):
            run(source, tmp_path / "missing" / "a.csv", WordLabeler())
        (tmp_path / "b.csv").mkdir()
        with pytest.raises(InputError, match="is no file"):
            run(source, tmp_path / "b.csv", WordLabeler(), overwrite=True)
        with pytest.raises(InputError, match="does not tell the form"):
            run(source, tmp_path / "a.xlsx", WordLabeler())

    def test_a_folder_that_is_not_writable(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = make(tmp_path / "in.csv", TEXTS)

        # Permissions do not hold for the superuser, who runs many test machines.
        def refuse(path: Path, *arguments: Any, **options: Any) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        monkeypatch.setattr(Path, "mkdir", refuse)
        with pytest.raises(InputError, match="cannot be written: Permission denied"):
            run(source, tmp_path / "a.csv", WordLabeler())

    @pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "a.jsonl"])
    def test_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        source = make(tmp_path / "in.csv", TEXTS)

        class Full(output_file.OutputFile):
            def __init__(self, path: Path) -> None:
                super().__init__(path)
                self._file.close()
                self._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115, PTH123

        for module in ("output_file", "parquet_sink"):
            monkeypatch.setattr(f"lingula.tables.{module}.OutputFile", Full)
        with pytest.raises(InputError, match=r"the disk is full; .*--resume"):
            run(source, tmp_path / name, WordLabeler(), batch_rows=2)
        monkeypatch.undo()
        # What was labeled before is kept, and nothing else.
        left = sorted(path.name for path in tmp_path.iterdir())
        assert left in (["in.csv"], [f"{name}.partial", "in.csv"])
        run(source, tmp_path / name, WordLabeler(), batch_rows=2, resume=True)
        assert sorted(path.name for path in tmp_path.iterdir()) == [name, "in.csv"]


class TestFailures:
    @pytest.mark.parametrize("processes", [1, 2])
    def test_errors_of_the_labeler_come_through(self, tmp_path: Path, processes: int) -> None:
        source = make(tmp_path / "in.csv", [f"Edema {n}" for n in range(40)])
        for kind, error in (
            ("deliberate", LingulaError),
            ("bug", ZeroDivisionError if processes == 1 else RuntimeError),
        ):
            with pytest.raises(error) as caught:
                run(
                    source,
                    tmp_path / "a.csv",
                    BrokenLabeler(kind),
                    workers=processes,
                    batch_rows=5,
                )
            assert isinstance(caught.value, LingulaError) == (kind == "deliberate")
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]

    def test_a_worker_that_dies(self, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", [f"Edema {n}" for n in range(40)])
        with pytest.raises(LingulaError, match=r"worker process ended unexpectedly \(status 7\)"):
            run(source, tmp_path / "a.csv", BrokenLabeler("exit"), workers=2, batch_rows=5)

    def test_choices(self, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", TEXTS)
        for options in (
            {"format_like": "negbio"},
            {"on_bad_row": "mend"},
            {"format_like": "chexbert", "probabilities": True},
            {"input_format": "xlsx"},
        ):
            with pytest.raises(LingulaError):
                run(source, tmp_path / "a.csv", WordLabeler(), **options)  # type: ignore[arg-type]
