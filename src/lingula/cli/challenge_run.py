"""``lingula challenge run``: a team's program on the hidden images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lingula.cli.command import Command
from lingula.cli.options import with_options

if TYPE_CHECKING:
    from lingula.challenge.ledger import Entry
    from lingula.challenge.submitting import Entrant
    from lingula.challenge.terms import Terms

FILE = click.Path(path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

_ENTRANT = (
    click.option("--team", required=True, help="Whose submission it is."),
    click.option("--title", default="", help="Of the model."),
    click.option("--link", default="", help="To a paper or page."),
    click.option("--ensemble/--single", default=None, help="Whether it is an ensemble of models."),
    click.option("--key", type=FILE, help="The ledger's private key, if it is kept elsewhere."),
)


def entrant_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add --team, --title, --link, --ensemble and --key to a command."""
    return with_options(_ENTRANT, command)


def entrant(team: str, title: str, link: str, ensemble: bool | None) -> Entrant:
    """Who submits, by the options."""
    from lingula.challenge.submitting import Entrant

    return Entrant(team, title, link, ensemble)


def tell(terms: Terms, entry: Entry) -> None:
    """Print what the team may know."""
    record = entry.record
    if record.kind == "scored":
        if not terms.sealed:
            for name, value in zip(terms.observations, record.public, strict=True):
                click.echo(f"{name}: {'undefined' if value is None else f'{value:.4f}'}")
        shown = "undefined" if record.shown is None else f"{record.shown:.4f}"
        what = "public figure of the team" if terms.sealed else f"mean {terms.metric}"
        click.echo(f"{what}: {shown}")
    else:
        click.echo(f"{record.kind}: {record.reason}")
    click.echo(f"receipt: {entry.number} {entry.hash}")


@click.command("run", cls=Command)
@click.argument("folder", type=FILE)
@click.option(
    "--command",
    "line",
    required=True,
    help="For /bin/sh. It finds $LINGULA_IMAGES (a folder), $LINGULA_FORM (the ids) and "
    "$LINGULA_ANSWER (the file to write).",
)
@click.option("--images", type=FOLDER, required=True, help="The hidden images, named by the ids.")
@click.option("--program", type=FOLDER, help="The team's folder; it is /program inside.")
@click.option(
    "--read-only",
    type=FOLDER,
    multiple=True,
    help="Another folder that it needs, such as a virtual environment; may be repeated.",
)
@click.option("--seconds", type=click.FloatRange(min=1), default=3600.0, show_default=True)
@click.option("--memory-gb", type=click.FloatRange(min=0.01), default=8.0, show_default=True)
@click.option("--processes", type=click.IntRange(min=4), default=256, show_default=True)
@click.option("--scratch-gb", type=click.FloatRange(min=0.001), default=1.0, show_default=True)
@entrant_options
def run_program(  # noqa: PLR0917 - click passes names
    folder: Path,
    line: str,
    images: Path,
    program: Path | None,
    read_only: tuple[Path, ...],
    seconds: float,
    memory_gb: float,
    processes: int,
    scratch_gb: float,
    key: Path | None,
    team: str,
    title: str,
    link: str,
    ensemble: bool | None,
) -> None:
    """Run a team's program on the hidden images, confined, and score its answer.

    It sees the system's programs and the images under chance names, read-only; no network, no other
    process, and nothing of the challenge. What it prints goes to the organizer alone.
    """
    from lingula.challenge import open_challenge
    from lingula.challenge.executing import Program, run
    from lingula.challenge.sandbox import Limits
    from lingula.errors import ChallengeError

    challenge = open_challenge(folder, key)
    limits = Limits(
        seconds=seconds,
        memory_bytes=int(memory_gb * 1e9),
        processes=processes,
        scratch_bytes=int(scratch_gb * 1e9),
    )
    handed_in = Program(line, images, program, read_only, limits)
    ran = run(challenge, handed_in, entrant(team, title, link, ensemble))
    click.echo(f"limits held by: {ran.held_by}", err=True)
    click.echo(f"for the organizer alone: {', '.join(map(str, ran.logs))}", err=True)
    tell(challenge.terms, ran.entry)
    if ran.entry.record.kind != "scored":
        raise ChallengeError(f"the program of {team!r} gave no submission; see above")
