"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from lingula.labels import Labeler

Command = TypeVar("Command", bound=Callable[..., Any])

#: What a command labels with if no labeler is named; the README says why.
DEFAULT_LABELER = "builtin"

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

_INPUT_OPTIONS = (
    click.option(
        "--text-column",
        "text_columns",
        multiple=True,
        metavar="NAME",
        help="Column to read; several are joined. Found by its name if not given.",
    ),
    click.option("--id-column", metavar="NAME", help="Column of ids; found by its name."),
    click.option(
        "--input-format",
        type=click.Choice(["csv", "tsv", "parquet", "jsonl"]),
        help="Form of the input, where its name does not tell; csv for standard input.",
    ),
    click.option(
        "--delimiter", metavar="CHAR", help="What separates the cells of CSV input; a comma."
    ),
    click.option(
        "--encoding", default="utf-8", show_default=True, metavar="NAME", help="Of the text."
    ),
    click.option(
        "--no-header", is_flag=True, help="The first row holds a report, not column names."
    ),
    click.option(
        "--on-bad-row",
        type=click.Choice(["fail", "skip"]),
        default="fail",
        show_default=True,
        help="Whether rows that cannot be read end the run, or go to OUTPUT.rejects.csv.",
    ),
)


def labeler_options(command: Command) -> Command:
    """Add --labeler, --schema, --lexicon, --aggregation and --spelling to a command."""
    return _with(_LABELER_OPTIONS, command)


def input_options(command: Command) -> Command:
    """Add the options of a table of reports that is read row by row to a command."""
    return _with(_INPUT_OPTIONS, command)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
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
    if name is None:
        for_rules = not {"lexicon", "aggregation"}.isdisjoint(given)
        other_schema = schema not in (None, "chexpert14")
        name = "rules" if for_rules or other_schema else DEFAULT_LABELER
    return lingula.load(name, schema=schema, **given)
