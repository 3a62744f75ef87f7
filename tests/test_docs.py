"""The documentation against the program: commands, options, links and the rule file it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

import lingula
from lingula.cli import COMMANDS, cli
from lingula.labels import Label

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")])
#: Pages that the site's build adds (scripts/documentation); its own test follows these links.
MADE = ("gallery", "benchmarks.md")
#: A row of the table of decisions and items that are right.
FIGURE = re.compile(r"\| [a-z -]+ \| [0-9.]+% \(")
COMMAND = re.compile(r"^(?:    |\$ |)(lingula .+?)(?:  +#.*)?$", re.MULTILINE)


def command_lines():
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in COMMAND.findall(text):
            yield pytest.param(line, id=f"{page.name}: {line[:60]}")


@pytest.mark.parametrize("line", list(command_lines()))
def test_commands_in_the_docs_exist_with_their_options(line):
    words = shlex.split(re.split(r"\s[|>]\s", line)[0])[1:]
    command: click.Command = cli
    context = click.Context(cli)
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(context, words.pop(0))
        assert found is not None, line
        command = found
    known = {name for item in command.params for name in (*item.opts, *item.secondary_opts)}
    known |= {"--help", "-h", "--version"}
    for word in words:
        if re.match(r"--?[a-z]", word):
            assert word.split("=")[0] in known, f"{line}: {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith(MADE):
            assert (page.parent / target).exists(), target


def test_the_site_opens_with_the_figures_of_the_readme():
    tables = [
        [line for line in (ROOT / name).read_text("utf-8").splitlines() if FIGURE.match(line)]
        for name in ("README.md", "docs/index.md")
    ]
    assert len(tables[0]) == 2
    assert tables[0] == tables[1]


def test_every_command_is_documented():
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in COMMANDS if f"lingula {name}" not in text] == []


def test_the_rule_file_of_the_docs_works(tmp_path):
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1], encoding="utf-8")
    labeler = lingula.load("rules", lexicon=path)
    assert labeler.schema.names[-1] == "Hiatal Hernia"
    examples = [item for _, item in labeler.lexicon.examples() if item.text]
    own = [item for item in examples if item.observation == "Hiatal Hernia"]
    assert len(own) == 3
    for item in own:
        column = labeler.schema.index(item.observation)
        assert labeler.label([item.text]).classes[0, column] == item.label
    labels = labeler.label(["Bone marrow edema."])
    assert labels.classes[0, labels.schema.index("Edema")] == Label.BLANK
