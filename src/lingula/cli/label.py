"""``lingula label``: a table or folder of reports in, the table with its labels out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import click

from lingula.cli.options import input_options, labeler_options, load_labeler
from lingula.errors import InputError


@click.command()
@click.argument("source", metavar="INPUT")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="Table to write: .csv, .tsv, .parquet or .jsonl (the text forms also with .gz).",
)
@labeler_options
@input_options
@click.option(
    "--sections",
    metavar="NAMES",
    default="auto",
    help='Sections to label, such as "findings,impression" (the default for whole reports), or '
    '"none" for the text as it is (the default for a column named for a section).',
)
@click.option("--evidence", metavar="FILE", help="Also write a table with one row a mention.")
@click.option("--probabilities", is_flag=True, help="Add the probability of each class.")
@click.option(
    "--format-like",
    type=click.Choice(["chexbert"]),
    help="Write the columns of CheXbert's labeled_reports.csv and no others.",
)
@click.option("--suffix", default="", metavar="TEXT", help="Put after each new column's name.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes for the rules; all cores if not given.",
)
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Texts a BERT step.")
@click.option("--device", metavar="NAME", help="For BERT labelers: cpu, cuda, cuda:1, mps.")
@click.option("--runtime", metavar="NAME", help="For BERT labelers: onnx or torch.")
@click.option(
    "--precision", metavar="NAME", help="For BERT labelers: fp32, exact, bf16, fp16, int8."
)
@click.option(
    "--long",
    type=click.Choice(["cut", "windows"]),
    help="For BERT labelers: how a text beyond the model's length is read: its beginning only, or "
    "all of it in overlapping windows.",
)
@click.option("--overwrite", is_flag=True, help="Replace output, or kept work, that is there.")
@click.option("--resume", is_flag=True, help="Go on with the kept work of an interrupted run.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    *,
    source: str,
    output: str,
    labeler_name: str | None,
    schema: str | None,
    lexicon: str | None,
    aggregation: str | None,
    spelling: str | None,
    text_columns: tuple[str, ...],
    id_column: str | None,
    sections: str,
    evidence: str | None,
    probabilities: bool,
    format_like: str | None,
    suffix: str,
    workers: int | None,
    batch_size: int | None,
    device: str | None,
    runtime: str | None,
    precision: str | None,
    long: str | None,
    input_format: str | None,
    delimiter: str | None,
    encoding: str,
    no_header: bool,
    on_bad_row: str,
    overwrite: bool,
    resume: bool,
    quiet: bool,
) -> None:
    """Label every report of a table or folder.

    INPUT is a CSV, TSV, Parquet or JSON Lines file (text forms also gzipped), a folder of .txt
    files, or - for standard input. The output keeps the input's columns, row order and row count,
    and adds one column an observation: 1 positive, 0 negative, -1 uncertain, empty not mentioned.
    """
    from lingula.cli.progress import RunProgress
    from lingula.cli.run_summary import summary_lines
    from lingula.pipeline import run
    from lingula.text.sections import section_names

    options: dict[str, Any] = {
        "lexicon": lexicon,
        "aggregation": aggregation,
        "spelling": spelling,
        "batch_size": batch_size,
        "device": device,
        "runtime": runtime,
        "precision": precision,
        "long": long,
    }
    labeler = load_labeler(labeler_name, schema, **options)
    # How a model is run may change its last digits, so kept work is not mixed.
    identity = {
        key: None if value is None else str(value)
        for key, value in options.items()
        if key not in ("lexicon", "batch_size")
    }
    identity["lexicon"] = None if lexicon is None else _digest(lexicon)
    try:
        with RunProgress(quiet=quiet) as progress:
            summary = run(
                source,
                output,
                labeler,
                text_columns=text_columns,
                id_column=id_column,
                sections=section_names(sections),
                evidence=evidence,
                probabilities=probabilities,
                format_like=format_like,
                suffix=suffix,
                workers=workers,
                input_format=input_format,
                delimiter=delimiter,
                encoding=encoding,
                header=not no_header,
                on_bad_row=on_bad_row,
                overwrite=overwrite,
                resume=resume,
                identity=identity,
                progress=progress.update,
            )
    except KeyboardInterrupt:
        _tell_kept_work(output, quiet)
        raise
    if not quiet:
        for line in summary_lines(summary, labeler):
            click.echo(line, err=True)


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _tell_kept_work(output: str, quiet: bool) -> None:
    from lingula.pipeline.places import work_folder

    folder = work_folder(Path(output))
    if folder.exists() and not quiet:
        click.echo(f"\nlingula: finished work is kept in {folder}; go on with --resume", err=True)
