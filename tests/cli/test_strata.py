"""``lingula strata`` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from lingula.cli.strata import command
from lingula.errors import ColumnError, InputError
from lingula.strata import strata

REPORTS = [
    ("a", "Small right pneumothorax. Right chest tube in place."),
    ("b", ""),
    ("c", "Old rib fractures.\nThe endotracheal tube was removed."),
]


def run(*arguments: object, text: str | None = None) -> str:
    result = CliRunner().invoke(
        command, [str(x) for x in arguments], input=text, catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "reports.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("study", "text"), *REPORTS])
    return path


def test_columns_are_added_and_rows_stay(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "strata.csv"
    told = run(source, "-o", output)
    with output.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["study"], row["text"]) for row in rows] == REPORTS
    assert list(rows[0])[2:] == [item.name for item in strata()]
    assert rows[0]["Pneumothorax Chest Tube"] == "with chest tube"
    assert rows[0]["Chest Tube"] == "1.0"
    assert rows[2]["Fracture Age"] == "healed"
    assert rows[2]["Endotracheal Tube"] == "0.0"
    assert set(rows[1].values()) == {"b", ""}
    assert "3 reports, 1 without text" in told
    assert "Fracture Age: healed 1" in told
    assert sorted(x.name for x in tmp_path.iterdir()) == ["reports.csv", "strata.csv"]


def test_evidence_points_into_the_column(source: Path, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.jsonl"
    run(source, "-o", tmp_path / "out.parquet", "--evidence", evidence, "--quiet")
    rows = [json.loads(line) for line in evidence.read_text(encoding="utf-8").splitlines()]
    texts = dict(REPORTS)
    assert rows
    for row in rows:
        text = texts[row["id"]]
        assert text[row["start"] : row["end"]] == row["phrase"]
        if row["cue_start"] is not None:
            assert text[row["cue_start"] : row["cue_end"]] == row["cue"]
    assert {row["stratum"] for row in rows if row["row"] == 3} == {
        "Fracture Age",
        "Endotracheal Tube",
    }
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 3


def test_evidence_of_two_text_columns(tmp_path: Path) -> None:
    source = tmp_path / "two.parquet"
    table = {
        "uid": ["1"],
        "findings": ["Right chest tube is unchanged"],
        "impression": ["Small right pneumothorax."],
    }
    pq.write_table(pa.table(table), source)
    run(source, "-o", tmp_path / "o.csv", "--evidence", tmp_path / "e.csv", "--quiet")
    with (tmp_path / "e.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["stratum"]: row for row in csv.DictReader(stream)}
    beside = rows["Pneumothorax Chest Tube"]
    assert (beside["column"], beside["value"]) == ("impression", "with chest tube")
    assert (beside["cue"], beside["cue_start"]) == ("chest tube", "")
    assert rows["Chest Tube"]["column"] == "findings"
    start, end = int(beside["start"]), int(beside["end"])
    assert table["impression"][0][start:end] == "pneumothorax"


def test_the_indication_is_not_read_unless_asked(tmp_path: Path) -> None:
    source = tmp_path / "r.jsonl"
    text = "INDICATION: Trauma. Old rib fracture.\n\nFINDINGS: Clear lungs."
    source.write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    for sections, expected in (("auto", None), ("none", "healed"), ("findings", None)):
        output = tmp_path / f"{sections}.jsonl"
        run(source, "-o", output, "--sections", sections, "--quiet")
        assert json.loads(output.read_text(encoding="utf-8"))["Fracture Age"] == expected


def test_standard_input_and_suffix(tmp_path: Path) -> None:
    output = tmp_path / "o.csv"
    run("-", "-o", output, "--suffix", " (text)", "--quiet", text="text\nPortable AP chest.\n")
    with output.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["Projection (text)"] == "AP"


def test_list_names_every_column_and_value() -> None:
    told = run("--list")
    assert "Edema Grade: mild, moderate, severe" in told
    assert told.count("\n") == len(strata())


def test_a_column_in_the_way_is_an_error(tmp_path: Path) -> None:
    source = tmp_path / "r.csv"
    source.write_text("text,Portable\nclear,1\n", encoding="utf-8")
    with pytest.raises(ColumnError, match=r"'Portable' already.*--suffix"):
        run(source, "-o", tmp_path / "o.csv")
    assert not (tmp_path / "o.csv").exists()


def test_bad_input_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the same file"):
        run(source, "-o", source, "--overwrite")
    with pytest.raises(InputError, match="no such file"):
        run(tmp_path / "none.csv", "-o", tmp_path / "o.csv")
    with pytest.raises(InputError, match="section"):
        run(source, "-o", tmp_path / "o.csv", "--sections", "nonsense")
    (tmp_path / "o.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="--overwrite"):
        run(source, "-o", tmp_path / "o.csv")
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"text\nclear\n\xff\xfe bad\n")
    with pytest.raises(InputError):
        run(broken, "-o", tmp_path / "p.csv")
    assert sorted(x.name for x in tmp_path.iterdir()) == ["broken.csv", "o.csv", "reports.csv"]


def test_the_command_needs_input_and_output() -> None:
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 2
    assert "INPUT" in result.output


def test_cells_may_be_separated_by_semicolons(tmp_path: Path) -> None:
    source, output = tmp_path / "reports.csv", tmp_path / "out.csv"
    source.write_text("number;words\na;Old rib fractures.\n", encoding="utf-8")
    with pytest.raises(ColumnError, match="--delimiter ';'"):
        run(source, "-o", output)
    source.write_text("study;text\na;Old rib fractures.\n", encoding="utf-8")
    run(source, "-o", output)
    with output.open(encoding="utf-8", newline="") as stream:
        assert next(csv.DictReader(stream))["Fracture Age"] == "healed"
