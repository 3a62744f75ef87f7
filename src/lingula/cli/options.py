"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lingula.defaults import DEFAULT_LABELER

if TYPE_CHECKING:
    from lingula.labels import Labeler

Command = TypeVar("Command", bound=Callable[..., Any])

_LABELER_OPTIONS = (
    click.option(
        "--labeler",
        "labeler_name",
        metavar="NAME|PATH",
        help='"rules", "builtin", a CheXbert .pth file, or a model folder.  '
        f"[default: {DEFAULT_LABELER}]",
    ),
    click.option(
        "--schema", metavar="NAME|FILE", help="Observations: chexpert14, nih14, or a .toml."
    ),
    click.option("--lexicon", metavar="FILE", help="Rules that extend or replace those that ship."),
    click.option(
        "--aggregation",
        type=click.Choice(["chexpert", "chexpert-code"]),
        help="How the rules join mentions: as CheXpert's paper says (the default), or its program.",
    ),
    click.option(
        "--spelling",
        type=click.Choice(["lenient", "exact"]),
        help="Whether misspelled, run-together and split words are read as what they were meant to "
        "be (the default), or every word as it is written.",
    ),
)


def labeler_options(command: Command) -> Command:
    """Add --labeler, --schema, --lexicon, --aggregation and --spelling to a command."""
    return with_options(_LABELER_OPTIONS, command)


def with_options(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    """Add options to a command, in the order in which its help shows them."""
    for option in reversed(options):
        command = option(command)
    return command


def load_labeler(name: str | None, schema: str | None = None, **options: Any) -> Labeler:
    """The labeler that the options name; an option of None was not given.

    Without a name it is the default, but the rules where an option or a schema asks for them.

    Raises:
        LingulaError: If there is no such labeler, or it does not know an option.
    """
    import lingula

    given = {key: value for key, value in options.items() if value is not None}
    return lingula.load(name, schema=schema, **given)
