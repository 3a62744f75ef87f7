"""Options count once or add up: none is silently replaced; a file's name is no report."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lingula.cli import COMMANDS, cli
from lingula.cli.command import Command


def leaves():
    waiting = [cli.get_command(click.Context(cli), name) for name in COMMANDS]
    while waiting:
        command = waiting.pop()
        if isinstance(command, click.Group):
            waiting += command.commands.values()
        else:
            yield command


def test_every_command_refuses_what_is_given_twice():
    assert all(isinstance(command, Command) for command in leaves())


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["label", "a.csv", "-o", "b.csv", "-o", "c.csv"], "-o"),
        (["evaluate", "a.csv", "b.csv", "--seed", "1", "--seed", "2"], "--seed"),
        (["score", "a.csv", "b.csv", "--labeler", "rules", "--labeler", "builtin"], "--labeler"),
        (["explain", "Edema.", "--sections", "none", "--sections=auto"], "--sections"),
    ],
)
def test_an_option_given_twice_is_an_error(arguments, option):
    outcome = CliRunner().invoke(cli, arguments)
    assert outcome.exit_code == 2 and f"{option} is given twice" in outcome.output


def test_text_columns_are_joined_in_score(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("key,name,a,b,c\nx,1,Edema.,Effusion.,Edema. Effusion.\n")
    other = tmp_path / "u.csv"
    other.write_text("name,c\nx,Edema. Effusion.\n")
    named = (
        "--text-column a --text-column b --generated-text-column c --id-column key --id-column name"
    )
    arguments = ["score", str(path), str(other), *named.split(), "--quiet", "--markdown", "-"]
    outcome = CliRunner().invoke(cli, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert "references: a+b, generated: c" in outcome.output and "1.000" in outcome.output
    three = ["--id-column", "key"] * 3
    outcome = CliRunner().invoke(cli, ["score", str(path), str(other), *three])
    assert "one for the references and one for the others" in str(outcome.exception)


def test_explain_reads_a_file_that_is_there(tmp_path: Path):
    path = tmp_path / "rep.txt"
    path.write_text("IMPRESSION: Small left pleural effusion.")
    outcome = CliRunner().invoke(cli, ["explain", str(path), "--labeler", "rules", "--json"])
    assert outcome.exit_code == 0 and "Small left pleural effusion" in outcome.output
    for text in ("No pneumothorax. " * 500, "No pneumo\x00thorax."):
        outcome = CliRunner().invoke(cli, ["explain", text, "--labeler", "rules", "--json"])
        assert outcome.exit_code == 0, outcome.output
