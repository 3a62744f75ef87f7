"""``lingula label``: a table or folder of reports in, the table with its labels out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.command import Command
from lingula.cli.job_options import output_options, source_options
from lingula.cli.options import SERVER_OPTIONS, labeler_options, load_labeler
from lingula.cli.reporting import Reporting, reporting_options
from lingula.errors import InputError

if TYPE_CHECKING:
    from lingula.pipeline import Output, Source


@click.command(cls=Command)
@reporting_options
@source_options(
    'Sections to label, such as "findings,impression" (the default for whole reports), or "none" '
    "for the text as it is (the default for a column named for a section)."
)
@output_options
@labeler_options
@click.option(
    "--language",
    type=click.Choice(["check", "en", "any"]),
    default="check",
    show_default=True,
    help="Text that is not English: leave it blank and count it, end with an error, or label it "
    "as English.",
)
@click.option(
    "--keep-placeholders",
    is_flag=True,
    help='Label cells such as "n/a" or "no report" as reports; they count as empty else.',
)
@click.option("--probabilities", is_flag=True, help="Add the probability of each class.")
@click.option(
    "--format-like",
    type=click.Choice(["chexbert"]),
    help="Write the columns of CheXbert's labeled_reports.csv and no others.",
)
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
@click.option(
    "--dicom-sr",
    metavar="FOLDER",
    help="Of DICOM structured reports: also write the labels as such, each referring to its "
    "report.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    help="Label a folder of partitions, each to one of its own in the folder OUTPUT: by processes "
    "of this machine, or by Ray.",
)
@click.option("--resume", is_flag=True, help="Go on with the kept work of an interrupted run.")
def command(
    *,
    source: Source,
    output: Output,
    labeler_name: str | None,
    schema: str | None,
    workers: int | None,
    engine: str | None,
    resume: bool,
    reporting: Reporting,
    **options: Any,
) -> None:
    """Label every report of a table or folder.

    INPUT is a CSV, TSV, Parquet or JSON Lines file (text forms also gzipped), HL7 v2 messages
    (.hl7), a DICOM structured report (.dcm), a folder of .txt files or of Parquet, HL7 or DICOM
    parts, or - for standard input; several, or a pattern such as "p*.csv", are
    read one after the other. The output keeps the input's columns, row order and row count,
    and adds one column an observation: 1 positive, 0 negative, -1 uncertain, empty not mentioned.
    """
    if engine is not None:
        from lingula.cli.label_folder import label_partitions
        from lingula.engines import FolderHow, FolderJob, LabelerChoice

        given = {name: value for name, value in options.items() if value is not None}
        folder_how = FolderHow(engine, workers, resume=resume, identity=_identity(options))
        choice = LabelerChoice(labeler_name, schema, given)
        label_partitions(FolderJob(source, choice, output, folder_how), reporting)
        return
    from lingula.cli.progress import RunProgress
    from lingula.cli.run_summary import summary_lines
    from lingula.pipeline import How, Job, Progress, run

    labeler = load_labeler(labeler_name, schema, **options)

    def tell(progress: Progress) -> None:
        bar.update(progress)
        reporting.progress(progress.rows, progress.total)

    how = How(workers=workers, resume=resume, identity=_identity(options), progress=tell)
    job = Job(source, labeler, output, how)
    try:
        with RunProgress(quiet=reporting.quiet or reporting.as_json) as bar:
            summary = run(job)
    except KeyboardInterrupt:
        _tell_kept_work(output, reporting)
        raise
    reporting.summary(summary_lines(summary, labeler), job=job.to_dict(), summary=summary.to_dict())
    reporting.end(rows=summary.rows, rejected=summary.rejected)


def _identity(options: dict[str, Any]) -> dict[str, str | None]:
    """What the labels depend on beside the labeler's own digest.

    How a model is run may change its last digits, so kept work is not mixed. Where a language
    model's server stands and how it is asked is no part of it: its digest says which model it is.
    """
    identity = {
        key: None if value is None else str(value)
        for key, value in options.items()
        if key not in SERVER_OPTIONS
    }
    if options["lexicon"] is not None:
        identity["lexicon"] = _digest(options["lexicon"])
    return identity


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _tell_kept_work(output: Output, reporting: Reporting) -> None:
    from lingula.pipeline.places import work_folder

    folder = work_folder(output.path)
    if folder.exists():
        start = "" if reporting.as_json else "\nlingula: "
        reporting.say(f"{start}finished work is kept in {folder}; go on with --resume")
