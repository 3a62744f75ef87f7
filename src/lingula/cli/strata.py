"""``lingula strata``: a table of reports in, the table with their strata out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lingula.cli.options import input_options

if TYPE_CHECKING:
    from lingula.strata.table import StrataSummary


@click.command("strata")
@click.argument("source", metavar="INPUT", required=False)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Table to write: .csv, .tsv, .parquet or .jsonl (the text forms also with .gz).",
)
@click.option("--evidence", metavar="FILE", help="Also write a table with one row a value.")
@input_options
@click.option(
    "--sections",
    metavar="NAMES",
    default="auto",
    help='Sections to read, such as "findings,impression"; "none" for the text as it is. By '
    "default all but indication, comparison, recommendation and notification.",
)
@click.option("--suffix", default="", metavar="TEXT", help="Put after each new column's name.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option(
    "--list", "listing", is_flag=True, help="List the columns with their values, and end."
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    *,
    source: str | None,
    output: str | None,
    evidence: str | None,
    text_columns: tuple[str, ...],
    id_column: str | None,
    sections: str,
    suffix: str,
    input_format: str | None,
    delimiter: str | None,
    encoding: str,
    no_header: bool,
    on_bad_row: str,
    overwrite: bool,
    listing: bool,
    quiet: bool,
) -> None:
    """Read from reports what a label hides: drained or not, old or new, how large, which device.

    INPUT is a CSV, TSV, Parquet or JSON Lines file (text forms also gzipped), a folder of .txt
    files, or - for standard input. The output keeps its columns, row order and row count, and
    adds one column a stratum.
    """
    if listing:
        _list()
        return
    if source is None or output is None:
        raise click.UsageError(
            "name the INPUT and the table to write: lingula strata INPUT -o FILE"
        )
    from lingula.strata.table import write_strata
    from lingula.text.sections import section_names

    with _progress(quiet) as progress:
        summary = write_strata(
            source,
            output,
            text_columns=text_columns,
            id_column=id_column,
            sections=section_names(sections),
            evidence=evidence,
            suffix=suffix,
            input_format=input_format,
            delimiter=delimiter,
            encoding=encoding,
            header=not no_header,
            on_bad_row=on_bad_row,
            overwrite=overwrite,
            progress=progress,
        )
    if not quiet:
        for line in _summary_lines(summary):
            click.echo(line, err=True)


def _list() -> None:
    from lingula.strata import strata

    for item in strata():
        values = ", ".join(item.values) or "1, 0, -1"
        click.echo(f"{item.name}: {values}")


def _summary_lines(summary: StrataSummary) -> Iterator[str]:
    empty = f", {summary.empty:,} without text" if summary.empty else ""
    yield f"{summary.rows:,} reports{empty} -> {summary.output}"
    if summary.rejects is not None:
        yield f"{summary.rejected:,} rows could not be read -> {summary.rejects}"
    for name, counts in summary.counts.items():
        if counts:
            told = ", ".join(
                f"{value if isinstance(value, str) else f'{value:g}'} {count:,}"
                for value, count in counts.items()
            )
            yield f"  {name}: {told}"


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error if it is a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = TextColumn("reading"), BarColumn(), MofNCompleteColumn(), Remaining()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)
