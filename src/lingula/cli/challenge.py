"""``lingula challenge``: a hidden test, submissions, and a leaderboard beside readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from lingula.cli.challenge_create import create_challenge
from lingula.cli.challenge_run import entrant, entrant_options, run_program, tell
from lingula.cli.command import Command
from lingula.cli.progress import counting

FILE = click.Path(path_type=Path)
PIPE_WIDTH = 180


@click.group()
def command() -> None:
    """Hold a competition: a hidden test, submissions, a leaderboard beside readers."""


command.add_command(create_challenge)
command.add_command(run_program)


@command.command("check", cls=Command)
@click.argument("submission", type=FILE)
@click.option("--form", "form_file", type=FILE, required=True, help="form.csv of the challenge.")
def check_submission(submission: Path, form_file: Path) -> None:
    """Say all that is wrong with a SUBMISSION; needs no truth."""
    from lingula.challenge.submission import SubmissionError, check, read_form

    form = read_form(form_file)
    found = check(submission, form)
    for note in found.notes:
        click.echo(f"note: {note}")
    for problem in found.problems:
        click.echo(f"problem: {problem}")
    if found.problems:
        count = len(found.problems)
        raise SubmissionError(
            str(submission), [f"{count} problem{'s' if count > 1 else ''}, listed above"]
        )
    click.echo(
        f"{submission}: can be submitted: {len(form.ids):,} rows, "
        f"{len(form.observations)} observations"
    )


@command.command("submit", cls=Command)
@click.argument("folder", type=FILE)
@click.argument("submission", type=FILE)
@click.option("--decisions", type=FILE, help="A table of 1 and 0 in the same form, for F1.")
@entrant_options
def submit_file(  # noqa: PLR0917 - click passes names
    folder: Path,
    submission: Path,
    decisions: Path | None,
    key: Path | None,
    team: str,
    title: str,
    link: str,
    ensemble: bool | None,
) -> None:
    """Score a SUBMISSION and write it into the ledger of the challenge in FOLDER."""
    from lingula.challenge import open_challenge, submit

    challenge = open_challenge(folder, key)
    who = entrant(team, title, link, ensemble)
    entry = submit(challenge, submission, who, decisions=decisions)
    tell(challenge.terms, entry)


@command.command("board", cls=Command)
@click.argument("folder", type=FILE)
@click.option(
    "--resamples",
    type=click.IntRange(min=2),
    default=10_000,
    show_default=True,
    help="Of the bootstrap over patients.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the board as JSON instead.")
@click.option("--quiet", is_flag=True, help="Print no table.")
def show_board(folder: Path, resamples: int, as_json: bool, quiet: bool) -> None:
    """Make the board of the challenge in FOLDER: a page, JSON, CSV and Markdown."""
    from lingula.challenge import make_board, open_challenge
    from lingula.challenge.board_document import to_document
    from lingula.challenge.board_files import to_json, write_board
    from lingula.challenge.folder import BOARD
    from lingula.cli.show import show

    challenge = open_challenge(folder)
    with counting(quiet=quiet, what="resampling") as bar:
        board = make_board(challenge, resamples=resamples, progress=_summed(bar, resamples))
    files = write_board(board, folder / BOARD)
    if as_json:
        click.echo(to_json(board), nl=False)
    elif not quiet:
        shown = to_document(board)
        show(shown.sections[0], PIPE_WIDTH)
        click.echo(f"written: {', '.join(map(str, files))}")


def _summed(
    bar: Callable[[float, float], None] | None, total: float
) -> Callable[[float], None] | None:
    """What tells a bar of all work so far, when it is told of each piece."""
    if bar is None:
        return None
    done = 0.0

    def tell_bar(piece: float) -> None:
        nonlocal done
        done += piece
        bar(done, total)

    return tell_bar


@command.command("close", cls=Command)
@click.argument("folder", type=FILE)
@click.option("--early", is_flag=True, help="Close before the deadline.")
@click.option("--key", type=FILE, help="The ledger's private key, if it is kept elsewhere.")
def close_challenge(folder: Path, early: bool, key: Path | None) -> None:
    """Close the challenge in FOLDER: nothing is taken any more, hidden figures are shown."""
    from lingula.challenge import close, open_challenge

    entry = close(open_challenge(folder, key), early=early)
    click.echo(f"closed: entry {entry.number}; make the board: lingula challenge board {folder}")


@command.command("verify", cls=Command)
@click.argument("folder", type=FILE)
@click.option("--public-key", help="The key that participants were given.")
@click.option(
    "--receipt", "receipts", multiple=True, help='A team\'s, as "NUMBER HASH"; may be repeated.'
)
def verify_ledger(folder: Path, public_key: str | None, receipts: tuple[str, ...]) -> None:
    """Say which entries of the ledger in FOLDER were changed, dropped or moved."""
    from lingula.challenge import open_challenge, verify
    from lingula.errors import ChallengeError

    challenge = open_challenge(folder)
    faults = verify(challenge, public_key=public_key, receipts=receipts)
    for fault in faults:
        click.echo(f"fault: {fault}")
    if faults:
        raise ChallengeError(f"{folder}: the ledger does not hold: {len(faults)} faults, see above")
    last = challenge.ledger.entries()[-1]
    click.echo(f"{folder}: {last.number} entries hold; the last has the hash {last.hash}")


@command.group("export")
def export() -> None:
    """Write a challenge for another engine."""


@export.command("codabench", cls=Command)
@click.argument("folder", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="The bundle, a new .zip file.")
def to_codabench(folder: Path, output: Path) -> None:
    """Write the challenge in FOLDER as a Codabench bundle. The truth is in it."""
    from lingula.challenge import open_challenge
    from lingula.challenge.codabench import export_codabench

    made = export_codabench(open_challenge(folder), output)
    click.echo(f"{made}: holds the truth; upload it to a host that you trust, and to nobody else")
