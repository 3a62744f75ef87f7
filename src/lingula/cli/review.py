"""``lingula review``: readers label reports in their browser, differ, decide; out come labels."""

from __future__ import annotations

import click

from lingula.cli.review_more import begin_round, bring_in, show_prevalence
from lingula.cli.review_out import export_labels, show_agreement, show_progress
from lingula.cli.review_start import make_links, start
from lingula.errors import MissingExtraError

_START = "start"


class _Group(click.Group):
    """Without a command's name, what is named is a table of reports or a review's folder."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put a name before what names no command."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = [_START, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; of any other, the one that makes or serves a review."""
        return self.commands.get(cmd_name, start)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command.

        Raises:
            MissingExtraError: If packages of the extra are not installed.
        """
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("alembic", "sqlalchemy", "jinja2"):
                raise
            raise MissingExtraError("A review", "review") from None


@click.group(cls=_Group, subcommand_metavar="REPORTS|FOLDER [OPTIONS] | COMMAND [ARGS]...")
def command() -> None:
    """Let readers label reports in their browser, see where they differ, and decide.

    \b
    lingula review reports.csv --readers reader1,reader2   make a review, and serve it
    lingula review reports.csv --help                      how it can be held
    lingula review reports.review                          serve it again
    lingula review export reports.review -o expert.csv     take the labels out
    """


command.add_command(make_links)
command.add_command(export_labels)
command.add_command(show_agreement)
command.add_command(show_progress)
command.add_command(show_prevalence)
command.add_command(begin_round)
command.add_command(bring_in)
