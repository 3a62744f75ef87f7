"""``lingula audit``: what the users of a label table should know before they use it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.audit_files import (
    CHANGES,
    FIGURES,
    PAGE,
    SHEET,
    SHEET_PAGE,
    corrected_tables,
    keep_apart,
    refuse_existing,
    write_audit,
)
from lingula.cli.command import Command

if TYPE_CHECKING:
    from lingula.audit import Audit, AuditOptions
    from lingula.audit.reading import AuditedTable, Files

FILE = click.Path(path_type=Path)


@click.command("audit", cls=Command)
@click.argument("labels", type=FILE)
@click.option(
    "-o",
    "--output",
    type=FILE,
    default=Path("audit"),
    show_default=True,
    help=f"Folder for {PAGE}, {FIGURES}, {SHEET} and {SHEET_PAGE}; made if it is not there.",
)
@click.option("--overwrite", is_flag=True, help="Replace files of an earlier audit.")
@click.option("--reports", type=FILE, help="Table or folder of the reports, matched by id.")
@click.option("--metadata", type=FILE, help="Table of further columns, matched by id.")
@click.option(
    "--compare",
    type=FILE,
    multiple=True,
    help="Other labels of the same rows (a labeler or a reader); may be repeated.",
)
@click.option(
    "--related",
    type=FILE,
    multiple=True,
    help="One of --compare that was made with what made LABELS, or learned from them: agreement "
    "with it is not counted; may be repeated.",
)
@click.option(
    "--scores",
    type=FILE,
    help="A model's probabilities of the same rows, which it was not trained on: labels that it "
    "doubts are ranked.",
)
@click.option(
    "--images",
    type=FILE,
    help="Folder of the images that the table's paths name: those with a narrow or clipped gray "
    "range are counted.",
)
@click.option("--truth", type=FILE, help="Expert labels of some of the rows.")
@click.option("--schema", help="Schema name or TOML file; told by the columns if not given.")
@click.option("--id-column", help="Column of the ids.")
@click.option("--patient-column", help="Column that says which patient a row belongs to.")
@click.option("--study-column", help="Column that says which study a row belongs to.")
@click.option("--split-column", help="Column that says which split a row belongs to.")
@click.option("--finding-list", help="Column that lists the positive labels of a row.")
@click.option(
    "--separator", default="|", show_default=True, help="What stands between two listed labels."
)
@click.option(
    "--label-codes",
    type=click.Choice(["chexpert", "chexbert"]),
    default="chexpert",
    show_default=True,
    help="Numbers are 1, 0, -1, or classes: 0 blank, 1 positive, 2 negative, 3 uncertain.",
)
@click.option(
    "--duplicates",
    type=click.Choice(["fail", "first", "last", "max"]),
    default="fail",
    show_default=True,
    help="Which of several rows with one id counts in the tables that are joined to LABELS; max "
    "is the label that says most.",
)
@click.option("--text-column", multiple=True, help="Column of the report text; may be repeated.")
@click.option(
    "--group",
    multiple=True,
    help="Metadata column to break labels down by; may be repeated. If not given, those whose "
    "name says view, sex, age, site or the like.",
)
@click.option("--by-row-order", is_flag=True, help="Row i of every table is the same study.")
@click.option(
    "--fill-parents",
    type=FILE,
    help=f"Write the table with parents of positive labels positive, and {CHANGES} in the folder.",
)
@click.option(
    "--only-blanks",
    is_flag=True,
    help="With --fill-parents, leave negative and uncertain labels as they are.",
)
@click.option(
    "--drop",
    type=FILE,
    help="Write the table without reports which only compare with earlier ones.",
)
@click.option("--show-text", is_flag=True, help="Show report text beside examples.")
@click.option(
    "--examples", type=click.IntRange(0, 1000), default=8, show_default=True, help="Rows per issue."
)
@click.option(
    "--review",
    type=click.IntRange(0, 100_000),
    default=50,
    show_default=True,
    help="Disagreements listed for review.",
)
@click.option(
    "--widest-interval",
    type=click.FloatRange(0.01, 1),
    default=0.2,
    show_default=True,
    help="A label is too rare when a sensitivity's 95% interval can be wider.",
)
@click.option(
    "--near-duplicate",
    type=click.FloatRange(0.5, 1),
    default=0.8,
    show_default=True,
    help="Similarity from which reports are near-identical.",
)
@click.option(
    "--resamples",
    type=click.IntRange(100, 100_000),
    default=1000,
    show_default=True,
    help="Bootstrap resamples.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def command(
    labels: Path,
    *,
    output: Path,
    overwrite: bool,
    fill_parents: Path | None,
    only_blanks: bool,
    drop: Path | None,
    quiet: bool,
    **choices: Any,
) -> None:
    """Audit a table of labels: an HTML page, all figures as JSON, and a data sheet.

    LABELS is a CSV, TSV, Parquet or JSON Lines table with one row an image, study or report.
    CheXpert's, ChestX-ray14's and MIMIC-CXR's tables are known; of others name the columns.
    """
    from lingula.tables.formats import format_of
    from lingula.tables.write_table import write_table

    if only_blanks and fill_parents is None:
        raise click.UsageError("--only-blanks goes with --fill-parents")
    targets = [target for target in (fill_parents, drop) if target is not None]
    for target in targets:
        format_of(target)  # fails now, not after the work
    files, options = _files(labels, choices), _options(choices)
    keep_apart(
        targets, [labels, files.reports, files.metadata, files.truth, files.scores, *files.compare]
    )
    if not overwrite:
        refuse_existing(output, targets)
    audited, result = _audit(files, options, quiet)
    # All is made before anything is written: an error leaves an earlier audit as it was.
    tables = corrected_tables(
        audited, result, fill_parents, drop, folder=output, only_blanks=only_blanks
    )
    written = write_audit(result, output)
    for path, table, what in tables:
        write_table(path, table)
        written.append((path, what))
    if not quiet:
        _summary(result, written)


def _options(choices: Mapping[str, Any]) -> AuditOptions:
    """The options of the checks."""
    from lingula.audit import AuditOptions

    return AuditOptions(
        examples=choices["examples"],
        show_text=choices["show_text"],
        widest_interval=choices["widest_interval"],
        groups=choices["group"] or None,
        near_duplicate=choices["near_duplicate"],
        resamples=choices["resamples"],
        review=choices["review"],
        seed=choices["seed"],
    )


def _files(labels: Path, choices: Mapping[str, Any]) -> Files:
    """What is read, and how."""
    from lingula.audit.known_tables import Columns
    from lingula.audit.reading import Files

    return Files(
        labels=labels,
        reports=choices["reports"],
        metadata=choices["metadata"],
        compare=choices["compare"],
        truth=choices["truth"],
        schema=choices["schema"],
        columns=Columns(
            choices["id_column"],
            choices["patient_column"],
            choices["study_column"],
            choices["split_column"],
            choices["finding_list"],
            choices["separator"],
        ),
        text_columns=choices["text_column"],
        by_row_order=choices["by_row_order"],
        label_codes=choices["label_codes"],
        duplicates=choices["duplicates"],
        related=choices["related"],
        scores=choices["scores"],
        images=choices["images"],
    )


def _audit(files: Files, options: AuditOptions, quiet: bool) -> tuple[AuditedTable, Audit]:
    """Read and check, with a spinner on a terminal."""
    from rich.console import Console

    from lingula.audit import audit
    from lingula.audit.reading import read_audit

    console = Console(stderr=True, quiet=quiet or not sys.stderr.isatty())
    with console.status("Reading") as status:
        audited = read_audit(files)
        return audited, audit(audited.data, options, progress=status.update)


def _summary(result: Audit, written: list[tuple[Path, str]]) -> None:
    from lingula.audit.document import glance
    from lingula.cli.show import show

    show((glance(result.checks, title=result.name),))
    for path, what in written:
        click.echo(f"{path}: {what}")
