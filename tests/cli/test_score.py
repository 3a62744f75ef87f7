"""``lingula score`` from end to end, with the rule labeler."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

import lingula.cli
from lingula.cli.score import CONVENTION_NAMES, command
from lingula.errors import ColumnError, InputError
from lingula.score import CONVENTIONS

REFERENCES = """id,report
a,"Small left pleural effusion. No pulmonary edema."
b,"Possible pneumonia at the right base."
c,"Cardiomegaly with pulmonary edema and bilateral pleural effusions."
d,"The lungs are clear. No pneumothorax."
"""
GENERATED = """id,report
b,"Pneumonia at the right base."
a,"Left pleural effusion."
d,"The lungs are clear. Old rib fracture."
c,"Cardiomegaly. Possible pulmonary edema."
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ref.csv").write_text(REFERENCES, encoding="utf-8")
    (tmp_path / "gen.csv").write_text(GENERATED, encoding="utf-8")
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(command, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_one_convention(files):
    result = run("ref.csv", "gen.csv")
    assert result.exit_code == 0
    for part in (
        "f1chexbert 0.0.2",
        "sha256",
        "Pleural Effusion",
        "Versions: lingula",
        "whole text as given",
        "--convention all",
    ):
        assert part in result.output


def test_all_conventions_side_by_side(files):
    result = run("ref.csv", "gen.csv", "--convention", "all", "--bootstrap", "30", "--seed", "4")
    for name in CONVENTIONS:
        assert name in result.output
    assert "30 resamples, seed 4" in result.output


def test_the_rules_give_these_numbers(files):
    choices = ("--labeler", "rules", "--convention", "all")
    run("ref.csv", "gen.csv", *choices, "--json", "s.json", "--quiet")
    found = json.loads((files / "s.json").read_text("utf-8"))
    values = {
        (s["convention"], s["measure"], s["average"], s["class_set"], s["uncertain"]): s["value"]
        for s in found["scores"]
        if not s["observation"]
    }
    # Over the five, uncertain as positive: effusion hit and missed, edema and cardiomegaly hit.
    assert values["radeval", "f1", "micro", "5", "ones"] == pytest.approx(6 / 7)
    # As negative, the generated possible edema is missed.
    assert values["rgrg", "recall", "example-based", "5", "zeros"] == pytest.approx((1 + 1 / 3) / 4)
    assert values["f1chexbert", "exact_match", "example-based", "5", "ones"] == 0.75
    assert found["labeler"].startswith("rules")
    assert len(found["labeler_sha256"]) == 64


def test_files_are_written_and_quiet_is_silent(files):
    result = run(
        *("ref.csv", "gen.csv", "--quiet", "--convention", "rgrg", "--convention", "wcl"),
        *("--csv", "s.csv", "--markdown", "s.md", "--per-report", "p.jsonl", "--html", "s.html"),
    )
    assert result.output == ""
    rows = list(csv.DictReader(io.StringIO((files / "s.csv").read_text("utf-8"))))
    assert {row["convention"] for row in rows} == {"rgrg", "wcl"}
    assert "| wcl | positive | 14 | macro |" in (files / "s.md").read_text("utf-8")
    assert "Tanida et al." in (files / "s.html").read_text("utf-8")
    lines = [json.loads(line) for line in (files / "p.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["a", "b", "c", "d"]
    assert lines[3]["spurious_ones"] == ["Fracture"]
    assert "Pleural Effusion" in lines[2]["missed_ones"]


def test_standard_output(files):
    found = json.loads(run("ref.csv", "gen.csv", "--json", "-").stdout)
    assert found["reports"] == 4
    assert run("ref.csv", "gen.csv", "--markdown", "-").stdout.startswith("| Convention |")
    page = run("ref.csv", "gen.csv", "--html", "-").stdout
    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
    for pair in (("--markdown", "--json"), ("--html", "--json")):
        assert run("ref.csv", "gen.csv", pair[0], "-", pair[1], "-").exit_code == 2


def test_labels_instead_of_reports(files):
    (files / "r.csv").write_text(labels(REFERENCES), encoding="utf-8")
    (files / "g.csv").write_text(labels(GENERATED), encoding="utf-8")
    given = json.loads(run("r.csv", "g.csv", "--labels", "--json", "-").stdout)
    labeled = json.loads(run("ref.csv", "gen.csv", "--json", "-").stdout)
    assert [s["value"] for s in given["scores"]] == [s["value"] for s in labeled["scores"]]
    assert given["labeler"].startswith("labels as given (sha256 of the tables: r.csv ")
    with pytest.raises(InputError, match="goes without --sections, --similarity"):
        run("r.csv", "g.csv", "--labels", "--sections", "findings", "--similarity")


def labels(text):
    rows = list(csv.DictReader(io.StringIO(text)))
    table = lingula.load("rules").label([row["report"] for row in rows]).to_arrow()
    lines = [",".join(["id", *table.column_names])]
    for row, cells in zip(rows, table.to_pylist(), strict=True):
        lines.append(",".join([row["id"], *("" if v is None else str(v) for v in cells.values())]))
    return "\n".join(lines) + "\n"


def test_sections(files):
    (files / "s.csv").write_text(
        'id,text\na,"INDICATION: Pneumonia? FINDINGS: Cardiomegaly. IMPRESSION: Edema."\n',
        encoding="utf-8",
    )
    (files / "t.csv").write_text('id,text\na,"Pulmonary edema."\n', encoding="utf-8")
    found = json.loads(run("s.csv", "t.csv", "--sections", "impression", "--json", "-").stdout)
    assert found["section"].startswith("impression (references: text")
    assert next(s["value"] for s in found["scores"] if s["average"] == "micro") == 1.0
    with pytest.raises(InputError, match="needs names"):
        run("s.csv", "t.csv", "--sections", ",")


@pytest.mark.parametrize(
    ("reference", "generated", "arguments", "error", "message"),
    [
        (
            "id,report\na,x\nb,x\n",
            "id,report\na,x\nc,x\n",
            (),
            InputError,
            "only in .*'b'.*only in .*'c'",
        ),
        ("id,report\na,x\na,x\n", "id,report\na,x\n", (), InputError, "'a'.*cvt2distilgpt2"),
        ("report\nx\n", "report\nx\n", (), InputError, "--by-row-order"),
        ("report\nx\ny\n", "report\nx\n", ("--by-row-order",), InputError, "2 rows.*1"),
        ("id,report\na,\n", "id,report\na,x\n", (), InputError, "every report is empty"),
        ("id,report\n", "id,report\na,x\n", (), InputError, "no rows"),
        ("id,body\na,x\n", "id,report\na,x\n", (), ColumnError, "--text-column"),
        ("id,report\na,x\n", "id,report\na,x\n", ("--id-column", "uid"), ColumnError, "'uid'"),
        ("id,report\na,x\n", "id,report\na,x\n", ("--similarity",), InputError, "BERT labeler"),
        (
            "id,report\na,x\n",
            "id,report\na,x\n",
            ("--device", "cpu", "--labeler", "rules"),
            InputError,
            "BERT labelers",
        ),
        ("id,report\na,x\n", "id,report\na,x\n", ("--labeler", "none"), InputError, "'none'"),
    ],
)
def test_bad_input_is_one_clear_error(files, reference, generated, arguments, error, message):
    (files / "x.csv").write_text(reference, encoding="utf-8")
    (files / "y.csv").write_text(generated, encoding="utf-8")
    with pytest.raises(error, match=message):
        run("x.csv", "y.csv", *arguments)


def test_a_missing_file(files):
    with pytest.raises(InputError, match=r"no\.csv"):
        run("no.csv", "gen.csv")


def test_duplicates_that_the_convention_drops_are_told(files):
    (files / "x.csv").write_text("id,report\na,Edema.\na,Clear.\n", encoding="utf-8")
    (files / "y.csv").write_text("id,report\na,Edema.\n", encoding="utf-8")
    result = run("x.csv", "y.csv", "--convention", "cvt2distilgpt2")
    assert "1 report with a repeated id was dropped" in result.output


def test_empty_reports_are_told(files):
    (files / "x.csv").write_text("id,report\na,Edema.\nb,Clear.\n", encoding="utf-8")
    (files / "y.csv").write_text("id,report\na,Edema.\nb,\n", encoding="utf-8")
    assert "1 generated report is empty" in run("x.csv", "y.csv").output


def test_error_texts_never_hold_a_report(files):
    secret = "Mass in the left upper lobe of Mr Example"
    (files / "x.csv").write_text(f"id,report\na,{secret}\n", encoding="utf-8")
    (files / "y.csv").write_text(f"id,report\nb,{secret}\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        run("x.csv", "y.csv")
    assert "Mass" not in str(error.value)


def test_the_command_is_listed_and_names_the_conventions():
    assert (*CONVENTIONS, "all") == CONVENTION_NAMES
    assert "score" in lingula.cli.COMMANDS
    help_text = CliRunner().invoke(command, ["--help"]).output
    for option in command.params:
        for name in option.opts:
            if name.startswith("--"):
                assert name in help_text
