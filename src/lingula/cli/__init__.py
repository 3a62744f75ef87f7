"""The command line: thin click commands, one module each, imported when they are called."""

from __future__ import annotations

import difflib
import importlib
import sys

import click

from lingula.cli.reporting import ToldAbort
from lingula.cli.signals import Ending
from lingula.cli.wording import one_line
from lingula.errors import LingulaError
from lingula.network import silence

#: Command name -> module of this package that holds a click command named ``command``,
#: and its one-line help (so that ``lingula --help`` imports none of them).
COMMANDS: dict[str, tuple[str, str]] = {
    "label": ("label", "Label a table or folder of reports."),
    "explain": ("explain", "Show why a report gets its labels."),
    "strata": ("strata", "Read devices, sizes, sides, ages and views from reports as columns."),
    "evaluate": ("evaluate", "Measure predicted labels against true ones."),
    "score": ("score", "Score generated reports against references (CheXbert F1)."),
    "convert": ("convert", "Convert a CheXbert checkpoint to a model folder."),
    "audit": ("audit", "Audit a table of labels: a page, all figures, and a data sheet."),
    "challenge": ("challenge", "Hold a competition: a hidden test and a leaderboard."),
    "schema": ("schema", "List schemas, or show one with its rules and examples."),
    "train": ("train", "Train a labeler as a recipe says."),
    "study": ("study", "Train variants of a recipe and compare them."),
    "distill": ("distill", "Train a smaller student of a labeler."),
    "images": ("images", "Train image models on labels, score films, choose the best."),
    "calibrate": ("calibrate", "Fit the temperatures of a model folder."),
    "review": ("review", "Let readers label reports, disagree and decide."),
    "serve": ("serve", "Answer requests for labels over HTTP."),
    "doctor": ("doctor", "Say what is installed, and what is missing for what."),
}


class LazyGroup(click.Group):
    """A click group that imports a command's module only when that command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"lingula.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; an unknown one is answered with those like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            likely = difflib.get_close_matches(args[0], COMMANDS) if args else []
            if not likely or args[0] in COMMANDS:
                raise
            hint = " or ".join(repr(name) for name in likely)
            raise click.UsageError(
                f"No such command {args[0]!r}. Did you mean {hint}?", ctx
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lingula")
def cli() -> None:
    """Turn chest-radiology reports into structured labels, and measure, explain and audit them."""


def main() -> None:
    """Run the command line; a Lingula error is one line on standard error and exit status 2."""
    silence()
    with Ending() as ending:
        sys.exit(_status(ending))


def _status(ending: Ending) -> int:
    """Run the command line, say what went wrong, and give the exit status."""
    try:
        status = cli.main(standalone_mode=False)
    except LingulaError as error:
        click.echo(f"lingula: error: {one_line(str(error))}", err=True)
        return 2
    except click.exceptions.Abort as error:
        # click turns KeyboardInterrupt into Abort.
        if not isinstance(error, ToldAbort):
            click.echo("lingula: interrupted", err=True)
        return ending.status
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except BrokenPipeError:
        return 0
    return status if isinstance(status, int) else 0


def _show(error: click.ClickException) -> None:
    """Say what is wrong with the arguments, as click does, but never at a value's full length."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(
            f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n", err=True
        )
    click.echo(f"Error: {one_line(error.format_message())}", err=True)
