"""``lingula explain`` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lingula.cli.explain import command
from lingula.errors import InputError, LingulaError

TEXT = "No pneumothorax. Possible right basilar pneumonia."


def run(*arguments: object, text: str | None = None) -> str:
    result = CliRunner().invoke(
        command, [str(x) for x in arguments], input=text, catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.output


def test_text_in_a_pipe_is_plain() -> None:
    shown = run(TEXT)
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert lines[0] == TEXT
    assert any(x.startswith("Pneumonia") and "uncertain" in x and '"Possible"' in x for x in lines)


def test_json_of_one_report_is_an_object() -> None:
    values = json.loads(run(TEXT, "--json"))
    assert {x["observation"]: x["label"] for x in values["labels"]}["Pneumothorax"] == 0


def test_a_file_and_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("\ufeff" + TEXT, encoding="utf-8")
    assert run("--file", path) == run("--file", "-", text=TEXT) == run(TEXT)


def test_sections_are_those_of_label() -> None:
    report = "INDICATION: Edema?\n\nIMPRESSION: Small effusion."
    assert "Edema  " not in run(report)
    assert "Edema  " in run(report.replace("INDICATION", "Findings"), "--sections", "none")


def test_a_users_lexicon_and_aggregation(tmp_path: Path) -> None:
    lexicon = tmp_path / "mine.toml"
    lexicon.write_text(
        '[[observation]]\nname = "Hernia"\n\n[[mention]]\nname = "hernia"\n'
        'observation = "Hernia"\nsource = "test"\nphrases = ["hiatal hernia"]\n',
        encoding="utf-8",
    )
    shown = run("Large hiatal hernia.", "--lexicon", lexicon, "--aggregation", "chexpert-code")
    assert 'positive   "hiatal hernia" at 6 [hernia]' in shown


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "labeled.csv"
    rows = [("id", "text", "Pneumothorax", "Edema")]
    rows += [(f"r{n}", f"Edema, grade {n}. No pneumothorax.", "0", "0") for n in range(30)]
    rows.insert(3, ("empty", "", "", ""))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def test_a_sample_of_a_labeled_table(table: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    values = json.loads(
        run("--table", table, "--sample", 5, "--seed", 3, "--json", "--html", target).replace(
            f"wrote {target}\n", ""
        )
    )
    names = [item["name"] for item in values]
    assert len(set(names)) == 5
    assert names == sorted(names, key=lambda name: int(name[1:]))
    for item in values:
        assert item["text"].startswith(f"Edema, grade {item['name'][1:]}.")
        labels = {x["observation"]: x for x in item["labels"]}
        assert labels["Edema"]["differs"] and labels["Edema"]["table"] == 0
        assert not labels["Pneumothorax"]["differs"]
    html = target.read_text(encoding="utf-8")
    assert all(name in html for name in names)
    assert "the table says negative" in html
    again = json.loads(run("--table", table, "--sample", 5, "--seed", 3, "--json"))
    other = json.loads(run("--table", table, "--sample", 5, "--seed", 4, "--json"))
    assert again == values
    assert [x["name"] for x in other] != names
    every = json.loads(run("--table", table, "--sample", 100, "--json"))
    assert [x["name"] for x in every] == [f"r{n}" for n in range(30)]


def test_html_of_one_report_escapes_it(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    run("<script>alert(1)</script> No effusion.", "--html", target)
    html = target.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert html.count("<script") == 1
    assert [x.name for x in tmp_path.iterdir()] == ["page.html"]


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        run("--file", tmp_path / "none.txt")
    odd = tmp_path / "odd.txt"
    odd.write_bytes(b"Edema \xff")
    with pytest.raises(InputError, match="byte 6"):
        run("--file", odd)
    with pytest.raises(InputError, match="no text"):
        run("  ")
    with pytest.raises(InputError, match="section"):
        run(TEXT, "--sections", "nonsense")
    with pytest.raises(InputError, match="cannot be written"):
        run(TEXT, "--html", tmp_path / "none" / "page.html")
    with pytest.raises(LingulaError, match=r"aggregation: no option of .* for the rules"):
        run(TEXT, "--labeler", "model.pth", "--aggregation", "chexpert")
    blank = tmp_path / "blank.csv"
    blank.write_text('text\n""\n', encoding="utf-8")
    with pytest.raises(InputError, match="no row has a text"):
        run("--table", blank)
    for arguments in ([], [TEXT, "--file", "x"]):
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 2
        assert "exactly one" in result.output


def test_reports_by_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,report,Edema\na,Mild edema.,1\nb,No edema.,2\nc,,0\nb,Edema.,1\n")
    codes = ("--label-codes", "chexbert", "--labeler", "rules", "--json")
    (one,) = [json.loads(run("--table", path, "--id", "a", *codes))]
    assert one["text"] == "Mild edema."
    two = json.loads(run("--table", path, "--id", "b", *codes))
    assert [each["text"] for each in two] == ["No edema.", "Edema."]
    for options, message in (
        (("--table", path, "--id", "c"), "with the id 'c' has a text"),
        (("--table", path, "--id", "a", "--id", "c"), "no report with a text has the id 'c'"),
        (("--table", path, "--id", "b", "--labeler", "rules"), "--label-codes chexbert"),
    ):
        with pytest.raises(InputError, match=message):
            run(*options)
    assert CliRunner().invoke(command, ["Edema.", "--id", "a"]).exit_code == 2
