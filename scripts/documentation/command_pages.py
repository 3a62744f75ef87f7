"""Reference pages of the commands, one a command with all that stand below it, from their help."""

from __future__ import annotations

from collections.abc import Iterator

import click

from lingula.cli import COMMANDS, cli


def pages() -> dict[str, str]:
    """The text of each page by its name."""
    context = click.Context(cli, info_name="lingula")
    made = {}
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        made[_page(name)] = "\n".join(_describe(command, name, context, level=1))
    listed = "\n".join(_page(name).rpartition("/")[2] for name in COMMANDS)
    made["reference/commands/index.md"] = f"# Commands\n\n```{{toctree}}\n{listed}\n```\n"
    return made


def _page(name: str) -> str:
    return f"reference/commands/{name}.md"


def _describe(
    command: click.Command, name: str, parent: click.Context, level: int
) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield f"{'#' * level} {context.command_path}"
    yield ""
    yield f"```\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```"
    yield ""
    yield from _paragraphs(command.help or "")
    # As --help shows them: the same words, wrapped for no terminal.
    rows = [param.get_help_record(context) for param in command.get_params(context)]
    told = [row for row in rows if row]
    if told:
        yield "| option | what it does |"
        yield "| :-- | :-- |"
        for option, words in told:
            yield f"| `{_cell(option)}` | {_cell(words)} |"
        yield ""
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from _describe(found, below, context, level + 1)


def _paragraphs(text: str) -> Iterator[str]:
    """Help text as Markdown: paragraphs that click is told to leave alone are shown as they are."""
    for paragraph in text.replace("\x0c", "\n").split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        if lines and lines[0].strip() == "\b":
            yield "```\n" + "\n".join(lines[1:]) + "\n```"
        else:
            yield " ".join(line.strip() for line in lines).replace("<", "&lt;")
        yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
