import csv

import pytest
from click.testing import CliRunner

import lingula
from lingula.cli import cli
from lingula.errors import LexiconError

OWN = """
[[observation]]
name = "Hiatal Hernia"

[[mention]]
name = "hiatal hernia"
observation = "Hiatal Hernia"
source = "a department"
phrases = ["[hiatal|hiatus] {hernia|hernias}"]
not_in = ["{inguinal|umbilical} hernia"]
examples = [
  ["positive", "Large hiatal hernia behind the heart."],
  ["blank", "Inguinal hernia repair."],
]
"""


@pytest.fixture(name="own")
def _own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_examples_that_hold(own):
    result = run("schema", "check", own)
    assert result.exit_code == 0, result.output
    assert "all 2 examples hold" in result.output


def test_a_false_example_is_told(own):
    own.write_text(OWN.replace('["blank", "Ing', '["negative", "Ing'), encoding="utf-8")
    result = run("schema", "check", own)
    assert isinstance(result.exception, LexiconError)
    assert "Inguinal hernia repair." in result.output
    assert "should be negative, is blank" in result.output


def test_one_file_is_known_to_every_command(own, tmp_path):
    table, out = tmp_path / "reports.csv", tmp_path / "out.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "report"])
        writer.writerows([["a", "Large hiatal hernia."], ["b", "No hiatal hernia. Clear lungs."]])
    for option in ("--lexicon", "--schema"):
        result = run("label", table, "-o", out, option, own, "--overwrite", "--quiet")
        assert result.exit_code == 0, result.output
        with out.open(newline="", encoding="utf-8") as file:
            assert [row["Hiatal Hernia"] for row in csv.DictReader(file)] == ["1.0", "0.0"]
    for arguments in (
        ("evaluate", out, out, "--schema", own),
        ("audit", out, "--schema", own, "-o", tmp_path / "audit"),
        ("schema", "show", "--lexicon", own, "--observation", "Hiatal Hernia"),
        ("explain", "Large hiatal hernia.", "--schema", own),
    ):
        result = run(*arguments)
        assert result.exit_code == 0, (arguments, result.output, result.exception)
    assert lingula.load("rules", schema=own).schema.names[-1] == "Hiatal Hernia"
