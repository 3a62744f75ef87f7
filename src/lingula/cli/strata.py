"""``lingula strata``: a table of reports in, the table with their strata out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from lingula.cli.command import Command
from lingula.cli.job_options import output_options, source_options
from lingula.cli.progress import counting
from lingula.cli.reporting import Reporting, reporting_options
from lingula.cli.wording import counted

if TYPE_CHECKING:
    from lingula.pipeline import Output, Source
    from lingula.strata.table import StrataSummary


@click.command("strata", cls=Command)
@reporting_options
@source_options(
    'Sections to read, such as "findings,impression"; "none" for the text as it is. By default all '
    "but indication, comparison, recommendation and notification."
)
@output_options
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, asked: _list(context) if asked else None,
    help="List the columns with their values, and end.",
)
def command(*, source: Source, output: Output, reporting: Reporting) -> None:
    """Read from reports what a label hides: drained or not, old or new, how large, which device.

    INPUT is a CSV, TSV, Parquet or JSON Lines file (text forms also gzipped), a folder of .txt
    files, or - for standard input. The output keeps its columns, row order and row count, and
    adds one column a stratum.
    """
    from lingula.strata.table import write_strata

    with counting(quiet=reporting.quiet or reporting.as_json, what="reading") as progress:
        summary = write_strata(source, output, progress)
    reporting.summary(
        _summary_lines(summary),
        rows=summary.rows,
        empty=summary.empty,
        rejected=summary.rejected,
        counts=summary.counts,
    )
    reporting.end(rows=summary.rows, rejected=summary.rejected)


def _list(context: click.Context) -> None:
    from lingula.strata import strata

    for item in strata():
        values = ", ".join(item.values) or "1, 0, -1"
        click.echo(f"{item.name}: {values}")
    context.exit()


def _summary_lines(summary: StrataSummary) -> Iterator[str]:
    empty = f", {summary.empty:,} without text" if summary.empty else ""
    yield f"{counted(summary.rows, 'report')}{empty} -> {summary.output}"
    if summary.rejects is not None:
        yield f"{counted(summary.rejected, 'row')} could not be read -> {summary.rejects}"
    for name, counts in summary.counts.items():
        if counts:
            told = ", ".join(
                f"{value if isinstance(value, str) else f'{value:g}'} {count:,}"
                for value, count in counts.items()
            )
            yield f"  {name}: {told}"
