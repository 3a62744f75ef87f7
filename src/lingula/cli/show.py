"""Print a document on standard output, with colours on a terminal; or write it to a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lingula.documents import Document, Exhibit, Section


def show(shown: Document | Section | Sequence[Exhibit], width: int | None = 120) -> None:
    """Print it.

    Args:
        shown: What to print.
        width: Columns in a pipe; None breaks no line.
    """
    from rich.console import Console

    from lingula.documents import to_terminal, to_text

    console = Console(highlight=False)
    if console.is_terminal:
        console.print(to_terminal(shown))
    else:
        click.echo(to_text(shown, width), nl=False)


def deliver(target: str, text: str) -> None:
    """Write a text to a file, or to standard output if the file is "-".

    Raises:
        InputError: If it cannot be written.
    """
    from lingula.documents import write_text

    if target == "-":
        click.echo(text, nl=False)
    else:
        write_text(target, text)
