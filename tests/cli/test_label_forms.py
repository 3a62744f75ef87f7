"""Several inputs, chosen columns, standard output, and what a run says."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lingula.cli import main

REPORTS = ["No edema.", "Acute rib fracture.", "Small left effusion."]


@pytest.fixture
def lingula(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> Any:
    """Runs the command line here, and gives its status and what it printed, as bytes."""

    def call(*arguments: str | Path) -> tuple[int, bytes, str]:
        monkeypatch.setattr(sys, "argv", ["lingula", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capfdbinary.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err.decode()

    return call


def make(path: Path, texts: list[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = ([f"s{n}", text, n] for n, text in enumerate(texts))
        csv.writer(stream).writerows([["study_id", "report", "age"], *rows])
    return path


def read(data: bytes | Path) -> list[dict[str, str]]:
    text = data.read_text() if isinstance(data, Path) else data.decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("command", ["label", "strata"])
class TestForms:
    def test_several_files_and_patterns(self, lingula: Any, tmp_path: Path, command: str) -> None:
        for name, text in zip("abc", REPORTS, strict=True):
            make(tmp_path / f"{name}.csv", [text])
        out = tmp_path / "out"
        out.mkdir()
        rules = ["--labeler", "rules"] if command == "label" else []
        status, _, err = lingula(
            command, tmp_path / "a.csv", tmp_path / "[bc].csv", "-o", out / "o.csv", *rules
        )
        assert status == 0, err
        assert [row["report"] for row in read(out / "o.csv")] == REPORTS

    def test_parquet_parts(self, lingula: Any, tmp_path: Path, command: str) -> None:
        parts = tmp_path / "reports"
        (parts / "year=2020").mkdir(parents=True)
        for number, text in enumerate(REPORTS):
            at = parts / "year=2020" / f"part-{number}.parquet"
            # Numbers of two kinds, columns in another order.
            n = pa.array([number], pa.int64() if number else pa.int32())
            columns = {"id": [str(number)], "report": [text], "n": n}
            order = sorted(columns) if number else list(columns)
            pq.write_table(pa.table({name: columns[name] for name in order}), at)
        (parts / "_SUCCESS.parquet").write_text("")
        status, _, err = lingula(command, parts, "-o", tmp_path / "o.parquet")
        assert status == 0, err
        table = pq.read_table(tmp_path / "o.parquet")
        assert table["report"].to_pylist() == REPORTS
        assert table["n"].to_pylist() == [0, 1, 2]

    def test_inputs_that_do_not_go_together(
        self, lingula: Any, tmp_path: Path, command: str
    ) -> None:
        one, other = make(tmp_path / "a.csv", REPORTS), tmp_path / "b.csv"
        other.write_text("study_id,report\n1,x\n")
        for inputs, told in (
            ([one, other], "b.csv: has other columns than"),
            ([one, one], "a.csv: is named twice"),
            ([tmp_path / "x*.csv"], "no file of such a name"),
            ([one, "-"], "standard input is read alone"),
        ):
            status, _, err = lingula(command, *inputs, "-o", tmp_path / "o.csv")
            assert (status, told in err, err.count("\n")) == (2, True, 1), err

    def test_columns(self, lingula: Any, tmp_path: Path, command: str) -> None:
        source = make(tmp_path / "in.csv", REPORTS)
        whole = read(self.printed(lingula, command, source))
        new = [name for name in whole[0] if name not in ("study_id", "report", "age")]
        for options, kept in (
            (["--no-text"], ["study_id", "age"]),
            (["--columns", "id,labels"], ["study_id"]),
            (["--columns", "age, study_id"], ["age", "study_id"]),
            (["--columns", "labels"], []),
            (["--columns", "report,age", "--no-text"], ["age"]),
        ):
            rows = read(self.printed(lingula, command, source, *options))
            assert list(rows[0]) == kept + new
            assert rows == [{name: row[name] for name in kept + new} for row in whole]
        status, _, err = lingula(command, source, "-o", "-", "--columns", "sex")
        assert status == 2
        assert "has no column 'sex'" in err

    def test_forms_of_standard_output(self, lingula: Any, tmp_path: Path, command: str) -> None:
        source = make(tmp_path / "in.csv", REPORTS)
        held = self.printed(lingula, command, source, "--output-format", "parquet")
        table = pq.read_table(io.BytesIO(held))
        assert table["report"].to_pylist() == REPORTS
        lines = self.printed(lingula, command, source, "--output-format", "jsonl").splitlines()
        assert [json.loads(line)["report"] for line in lines] == REPORTS
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
        for options, told in (
            (["--on-bad-row", "skip"], "beside the output"),
            (["--evidence", tmp_path / "e.csv"], "evidence goes beside a file"),
        ):
            status, out, err = lingula(command, source, "-o", "-", *options)
            assert (status, out, told in err) == (2, b"", True), err

    def test_strict(self, lingula: Any, tmp_path: Path, command: str) -> None:
        source = make(tmp_path / "in.csv", REPORTS)
        out = ["-o", tmp_path / "o.csv", "--overwrite", "--quiet"]
        assert lingula(command, source, *out, "--strict")[0] == 0
        empty = make(tmp_path / "empty.csv", [])
        assert lingula(command, empty, *out)[0] == 0
        assert lingula(command, empty, *out, "--strict")[0] == 3
        with source.open("a") as stream:
            stream.write("too,few\n")
        skip = [*out, "--on-bad-row", "skip"]
        assert lingula(command, source, *skip)[0] == 0
        assert lingula(command, source, *skip, "--strict")[0] == 3

    def test_json_log(self, lingula: Any, tmp_path: Path, command: str) -> None:
        source = make(tmp_path / "in.csv", REPORTS[:1])
        out = ["-o", tmp_path / "o.csv", "--log-format", "json"]
        status, _, err = lingula(command, source, *out)
        assert status == 0
        *_, last = map(json.loads, err.splitlines())
        assert last["message"] == "done"
        assert last["time"].endswith("+00:00")
        assert (last["summary"] if command == "label" else last)["rows"] == 1
        if command == "label":
            assert last["job"]["output"]["path"] == str(tmp_path / "o.csv")
            assert last["summary"]["counts"]["Edema"]["negative"] == 1
        status, _, err = lingula(command, source, *out)
        assert status == 2
        assert json.loads(err)["level"] == "error"
        assert "is there already" in json.loads(err)["message"]
        assert lingula(command, source, *out, "--overwrite", "--quiet")[2] == ""

    def test_numbers_of_one(self, lingula: Any, tmp_path: Path, command: str) -> None:
        source = make(tmp_path / "in.csv", REPORTS[:1])
        err = lingula(command, source, "-o", tmp_path / "o.csv")[2]
        assert "1 report," in err or "1 report ->" in err
        assert not re.search(r"\b1 reports(?!/s)", err)  # "31 reports/s" is a speed
        assert "1 distinct texts" not in err

    def printed(self, lingula: Any, command: str, *arguments: str | Path) -> bytes:
        rules = ["--labeler", "rules"] if command == "label" else []
        status, out, err = lingula(command, *arguments, "-o", "-", *rules)
        assert status == 0, err
        return bytes(out)


def test_typing_errors_get_a_hint(lingula: Any) -> None:
    status, _, err = lingula("lable", "x.csv")
    assert status == 2
    assert "No such command 'lable'. Did you mean 'label'?" in err
    assert "Did you mean" in lingula("label", "x.csv", "--quite")[2]
    assert "Did you mean" not in lingula("zzzzzz")[2]


def test_an_option_given_twice(lingula: Any, tmp_path: Path) -> None:
    status, _, err = lingula("label", "x.csv", "-o", "a.csv", "-o", "b.csv")
    assert status == 2
    assert "-o is given twice" in err
