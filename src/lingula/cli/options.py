"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from lingula.labels import Labeler

Command = TypeVar("Command", bound=Callable[..., Any])

#: What a command labels with if no labeler is named; the README says why.
DEFAULT_LABELER = "builtin"

_OPTIONS = (
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
)


def labeler_options(command: Command) -> Command:
    """Add --labeler, --schema, --lexicon and --aggregation to a command."""
    for option in reversed(_OPTIONS):
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


def section_names(sections: str) -> tuple[str, ...] | str | None:
    """What --sections says: names, "auto", or None for the text as it is."""
    if sections == "auto":
        return "auto"
    if sections == "none":
        return None
    return tuple(name.strip() for name in sections.split(",") if name.strip())
