"""The options that say what is read and what is written, for every command that does both.

Each decorator adds its options to a command and hands it one record of ``lingula.pipeline.job`` in
their place, so that a choice is stated, explained and checked once.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable
from typing import Any

import click

from lingula.cli.options import with_options
from lingula.errors import InputError

_READING = (
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

_WRITING = (
    click.option(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="Table to write: .csv, .tsv, .parquet or .jsonl (the text forms also with .gz); - is "
        "standard output.",
    ),
    click.option(
        "--output-format",
        "form",
        type=click.Choice(["csv", "tsv", "parquet", "jsonl"]),
        help="Form of standard output; csv if not given.",
    ),
    click.option(
        "--columns",
        multiple=True,
        metavar="NAMES",
        help='Columns of the input to keep, such as "id,labels"; all if not given.',
    ),
    click.option(
        "--no-text", is_flag=True, help="Leave the columns that were read out of the output."
    ),
    click.option("--evidence", metavar="FILE", help="Also write a table with one row a reason."),
    click.option("--suffix", default="", metavar="TEXT", help="Put after each new column's name."),
    click.option("--overwrite", is_flag=True, help="Replace output, or kept work, that is there."),
)


def source_options(sections_help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add INPUT and the options of how it is read; the command gets one ``source``.

    Options of its own that are fields of ``Source`` become part of it.

    Args:
        sections_help: What --sections means to the command.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def built(*, paths: tuple[str, ...], no_header: bool, sections: str, **given: Any) -> Any:
            from lingula.pipeline.job import source_of
            from lingula.text.sections import section_names

            names = ("text_columns", "id_column", "input_format", "delimiter", "encoding")
            reading = {name: given.pop(name) for name in (*names, "on_bad_row")}
            own = {"language", "keep_placeholders"} & given.keys()
            reading |= {name: given.pop(name) for name in own}
            source = source_of(
                paths, header=not no_header, sections=section_names(sections), **reading
            )
            return command(source=source, **given)

        options = (
            click.argument("paths", metavar="INPUT...", nargs=-1, required=True),
            *_READING,
            click.option("--sections", metavar="NAMES", default="auto", help=sections_help),
        )
        return with_options(options, built)

    return decorate


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of what is written; the command gets one ``output``.

    Options of its own that are fields of ``Output`` become part of it.
    """

    @functools.wraps(command)
    def built(
        *, output: str, evidence: str | None, columns: tuple[str, ...], no_text: bool, **given: Any
    ) -> Any:
        from lingula.pipeline.job import Output, output_of, taken

        fields = taken(given, Output)
        if columns:
            fields["columns"] = [name for given_names in columns for name in split(given_names)]
        written = output_of(output, evidence=evidence, text=not no_text, **fields)
        return command(output=written, **given)

    return with_options(_WRITING, built)


def split(names: str) -> list[str]:
    """Names that commas separate; one with a comma stands in double quotes, as in CSV."""
    try:
        cells = next(csv.reader([names], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise InputError(f"--columns {names!r}: {error}") from None
    return [name.strip() for name in cells if name.strip()]
