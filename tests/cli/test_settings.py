"""Defaults of the user's own: option, then environment, then file, then what is built in."""

from __future__ import annotations

import csv
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lingula.cli import cli
from lingula.cli.examples import EXAMPLES
from lingula.cli.settings import SHARED, settings_file, variable
from lingula.errors import InputError
from tests.cli.test_options_once import leaves

TEXT = "Heart size normal. No pleural effusion."


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("LINGULA_CONFIG", str(path))
    path.write_text("")
    return path


def run(*arguments: object) -> str:
    outcome = CliRunner().invoke(cli, [str(word) for word in arguments], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def labeled(folder: Path, *options: str) -> tuple[str, list[str]]:
    """The labeler that a run names, and the columns that it writes."""
    source = folder / "reports.csv"
    source.write_text(f"id,report\n1,{TEXT}\n")
    target = folder / "labeled.csv"
    told = run("label", source, "-o", target, "--overwrite", *options)
    with target.open(newline="") as file:
        columns = next(csv.reader(file))
    return re.search(r"labeled by (\w+)", told)[1], columns


def test_the_nearest_says_what_counts(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert labeled(tmp_path)[0] == "rules"
    config.write_text(
        'labeler = "builtin"\nworkers = 1\n[label]\nsuffix = " own"\nno-text = true\n'
    )
    name, columns = labeled(tmp_path)
    assert name == "builtin"
    assert "Edema own" in columns and "report" not in columns
    monkeypatch.setenv("LINGULA_LABELER", "rules")
    assert labeled(tmp_path)[0] == "rules"
    assert labeled(tmp_path, "--labeler", "builtin")[0] == "builtin"
    config.write_text('[label]\nlabeler = "builtin"\n')
    monkeypatch.delenv("LINGULA_LABELER")
    assert labeled(tmp_path)[0] == "builtin"
    # No file is wanted.
    monkeypatch.setenv("LINGULA_CONFIG", "")
    assert labeled(tmp_path)[0] == "rules"


def test_lists_and_tables_of_commands_in_groups(config: Path, tmp_path: Path) -> None:
    config.write_text('[schema.show]\nobservation = "Edema"\n[score]\nconvention = ["r2gen"]\n')
    assert run("schema", "show") == run("schema", "show", "--observation", "Edema")
    table = tmp_path / "t.csv"
    table.write_text("id,report\n1,Edema.\n")
    other = tmp_path / "u.csv"
    other.write_text(table.read_text())
    assert "r2gen" in run("score", table, other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labeler = ", "config.toml: is no TOML file"),
        ("lebeler = 'rules'", "'lebeler' is no setting of all commands: did you mean 'labeler'?"),
        ("colour = 1", "'colour' is no setting of all commands: it may be labeler, schema,"),
        ("[label]\nsufix = 'x'", r"[label] 'sufix' is no option of lingula label: did you mean"),
        ("workers = 'many'", "workers: must be a whole number, not 'many'"),
        ("workers = true", "workers: must be a whole number, not True"),
        ("workers = 0", "workers: 0 is not in the range x>=1"),
        ("labeler = 3", "labeler: must be a text, not 3"),
        ("labeler = ['rules']", "labeler: takes one value, not a list"),
        ("quiet = 'yes'", "quiet: must be true or false, not 'yes'"),
        ("[label]\nlanguage = 'fr'", "[label] language: 'fr' is not one of"),
        ("[label]\nlabel = 1", "[label] 'label' is no option of lingula label"),
    ],
)
def test_what_is_wrong_names_file_and_key(
    config: Path, tmp_path: Path, text: str, message: str
) -> None:
    config.write_text(text)
    with pytest.raises(InputError) as error:
        labeled(tmp_path)
    assert str(error.value).startswith(str(config))
    assert message in str(error.value)
    # Help must not hang on it.
    assert "Usage" in run("label", "--help")


def test_a_file_that_is_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINGULA_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(InputError, match="is not there; LINGULA_CONFIG names it"):
        labeled(tmp_path)
    monkeypatch.delenv("LINGULA_CONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    assert labeled(tmp_path)[0] == "rules"
    where = settings_file()
    assert where is not None and where.is_relative_to(tmp_path) and where.name == "config.toml"
    where.parent.mkdir(parents=True)
    where.write_text("labeler = 'builtin'")
    assert labeled(tmp_path)[0] == "builtin"


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINGULA_WORKERS", "many")
    outcome = CliRunner().invoke(cli, ["label", "a.csv", "-o", "b.csv"])
    assert outcome.exit_code == 2
    assert "'--workers' (env var: 'LINGULA_WORKERS'): 'many' is not" in outcome.output


def test_help_names_the_variables_of_shared_options() -> None:
    text = run("label", "--help")
    for name in ("labeler", "schema", "workers", "device", "spelling", "language"):
        assert name in SHARED and variable(name) in text


def test_every_command_has_examples_that_it_would_take() -> None:
    assert sum(1 for _ in leaves()) == len(EXAMPLES)
    for words, lines in EXAMPLES.items():
        command: click.Command = cli
        context = click.Context(cli, info_name="lingula")
        for word in words.split():
            assert isinstance(command, click.Group)
            found = command.get_command(context, word)
            assert found is not None, words
            command = found
            context = click.Context(command, info_name=word, parent=context)
        text = command.get_help(context)
        for line in lines:
            assert line in text
            given = shlex.split(line[line.index(f"lingula {words}") :])[1 + len(words.split()) :]
            command.make_parser(context).parse_args(list(given))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    base = {**os.environ, "LINGULA_CONFIG": ""}
    command = [sys.executable, "-c", "import sys; sys.argv[0] = 'lingula'\n"
               "from lingula.cli import main; main()"]  # fmt: skip

    def ask(**variables: str) -> str:
        done = subprocess.run(
            command, env={**base, **variables}, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "lingula" in ask(_LINGULA_COMPLETE=f"{shell}_source")
    words = {"COMP_WORDS": "lingula ev", "COMP_CWORD": "ev" if shell == "fish" else "1"}
    assert "evaluate" in ask(_LINGULA_COMPLETE=f"{shell}_complete", **words)
    words = {"COMP_WORDS": "lingula label --lab", "COMP_CWORD": "--lab" if shell == "fish" else "2"}
    assert "--labeler" in ask(_LINGULA_COMPLETE=f"{shell}_complete", **words)
