"""``lingula review``: readers label reports in their browser, differ, decide; out come labels."""

from __future__ import annotations

import click

from lingula.cli.review_more import begin_round, bring_in, show_prevalence
from lingula.cli.review_out import export_labels, show_agreement, show_progress
from lingula.cli.review_start import start
from lingula.errors import MissingExtraError


class _Group(click.Group):
    """Without a command's name, what is named is a table of reports or a review's folder."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put "start" before what names no command."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["start", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command, after looking whether the extra is there.

        Raises:
            MissingExtraError: If it is not.
        """
        try:
            import alembic  # noqa: F401
            import sqlalchemy  # noqa: F401
        except ImportError:
            raise MissingExtraError("A review", "review") from None
        return super().invoke(ctx)


@click.group(cls=_Group, subcommand_metavar="REPORTS|FOLDER [OPTIONS] | COMMAND [ARGS]...")
def command() -> None:
    """Let readers label reports in their browser, see where they differ, and decide.

    \b
    lingula review reports.csv --readers reader1,reader2   make a review, and serve it
    lingula review reports.review                          serve it again
    lingula review export reports.review -o expert.csv     take the labels out
    """


command.add_command(start)
command.add_command(export_labels)
command.add_command(show_agreement)
command.add_command(show_progress)
command.add_command(show_prevalence)
command.add_command(begin_round)
command.add_command(bring_in)
