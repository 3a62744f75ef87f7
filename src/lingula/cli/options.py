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
        help='"rules", "builtin", a CheXbert .pth file, a model folder, or "llm:MODEL".  '
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

#: Parameters that say how a language model's server is asked.
SERVER_OPTIONS = ("endpoint", "allow_remote", "concurrency", "answer_tokens", "unanswered")
#: For language models, wherever a labeler is chosen.
_SERVER_OPTIONS = (
    click.option(
        "--endpoint",
        metavar="URL",
        help="For llm:MODEL: its server, such as http://localhost:11434.  "
        "[default: http://localhost:8000]",
    ),
    click.option(
        "--allow-remote",
        is_flag=True,
        # Not given is None, as of the other options, whatever click makes of a flag.
        callback=lambda _context, _option, value: value or None,
        help="For llm:MODEL: send reports to a server outside this machine and the private "
        "networks.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(min=1),
        metavar="N",
        help="For llm:MODEL: requests at once; 8 if not given.",
    ),
    click.option(
        "--answer-tokens",
        type=click.IntRange(min=1),
        metavar="N",
        help="For llm:MODEL: tokens of an answer at most; 2048 if not given. Models that reason "
        "first need more.",
    ),
    click.option(
        "--unanswered",
        type=click.Choice(["fail", "blank"]),
        help="For llm:MODEL: whether a report without a usable answer ends the run (the default), "
        "or is left blank and counted.",
    ),
)


def labeler_options(command: Command) -> Command:
    """Add --labeler, --schema, --lexicon, --aggregation, --spelling, and what servers need."""
    return with_options((*_LABELER_OPTIONS, *_SERVER_OPTIONS), command)


def server_options(command: Command) -> Command:
    """Add what a language model's server needs to a command with a --labeler of its own."""
    return with_options(_SERVER_OPTIONS, command)


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
