"""``lingula audit``: what the users of a label table should know before they use it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lingula.cli.command import Command

if TYPE_CHECKING:
    import pyarrow as pa

    from lingula.audit import Audit, AuditOptions
    from lingula.audit.reading import AuditedTable, Files

#: The files, inside the output folder.
PAGE, FIGURES, SHEET, SHEET_PAGE = "audit.html", "audit.json", "datasheet.md", "datasheet.html"

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
@click.option("--reports", type=FILE, help="Table or folder of the reports, matched by id.")
@click.option("--metadata", type=FILE, help="Table of further columns, matched by id.")
@click.option(
    "--compare",
    type=FILE,
    multiple=True,
    help="Other labels of the same rows (a labeler or a reader); may be repeated.",
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
@click.option("--text-column", multiple=True, help="Column of the report text; may be repeated.")
@click.option(
    "--group",
    multiple=True,
    help="Metadata column to break labels down by; may be repeated. If not given, those whose "
    "name says view, sex, age, site or the like.",
)
@click.option("--by-row-order", is_flag=True, help="Row i of every table is the same study.")
@click.option(
    "--fill-parents", type=FILE, help="Write the table with parents of positive labels positive."
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
    reports: Path | None,
    metadata: Path | None,
    compare: tuple[Path, ...],
    truth: Path | None,
    schema: str | None,
    id_column: str | None,
    patient_column: str | None,
    study_column: str | None,
    split_column: str | None,
    finding_list: str | None,
    separator: str,
    label_codes: str,
    text_column: tuple[str, ...],
    group: tuple[str, ...],
    by_row_order: bool,
    fill_parents: Path | None,
    drop: Path | None,
    show_text: bool,
    examples: int,
    review: int,
    widest_interval: float,
    near_duplicate: float,
    resamples: int,
    seed: int,
    quiet: bool,
) -> None:
    """Audit a table of labels: an HTML page, all figures as JSON, and a data sheet.

    LABELS is a CSV, TSV, Parquet or JSON Lines table with one row an image, study or report.
    CheXpert's, ChestX-ray14's and MIMIC-CXR's tables are known; of others name the columns.
    """
    from lingula.audit import AuditOptions
    from lingula.audit.known_tables import Columns
    from lingula.audit.reading import Files
    from lingula.tables.formats import format_of
    from lingula.tables.write_table import write_table

    targets = [target for target in (fill_parents, drop) if target is not None]
    for target in targets:
        format_of(target)  # fails now, not after the work
    _keep_apart(targets, [labels, reports, metadata, truth, *compare])
    options = AuditOptions(
        examples=examples,
        show_text=show_text,
        widest_interval=widest_interval,
        groups=group or None,
        near_duplicate=near_duplicate,
        resamples=resamples,
        review=review,
        seed=seed,
    )
    files = Files(
        labels=labels,
        reports=reports,
        metadata=metadata,
        compare=compare,
        truth=truth,
        schema=schema,
        columns=Columns(
            id_column, patient_column, study_column, split_column, finding_list, separator
        ),
        text_columns=text_column,
        by_row_order=by_row_order,
        label_codes=label_codes,
    )
    audited, result = _audit(files, options, quiet)
    # All is made before anything is written: an error leaves an earlier audit as it was.
    tables = _corrected(audited, result, fill_parents, drop)
    written = _write(result, output)
    for path, table, what in tables:
        write_table(path, table)
        written.append((path, what))
    if not quiet:
        _summary(result, written)


def _audit(files: Files, options: AuditOptions, quiet: bool) -> tuple[AuditedTable, Audit]:
    """Read and check, with a spinner on a terminal."""
    from rich.console import Console

    from lingula.audit import audit
    from lingula.audit.reading import read_audit

    console = Console(stderr=True, quiet=quiet or not sys.stderr.isatty())
    with console.status("Reading") as status:
        audited = read_audit(files)
        return audited, audit(audited.data, options, progress=status.update)


def _write(result: Audit, folder: Path) -> list[tuple[Path, str]]:
    """Write all files; without jinja2 those that are no pages, and say so."""
    from lingula.audit.datasheet import datasheet
    from lingula.audit.document import audit_document
    from lingula.audit.values import audit_values
    from lingula.documents import to_html, to_json, to_markdown, write_text
    from lingula.errors import InputError, MissingExtraError

    sheet = datasheet(result)
    made = {
        FIGURES: (to_json(audit_values(result)), "every figure"),
        SHEET: (to_markdown(sheet), "a data sheet to complete"),
    }
    try:
        made = {
            PAGE: (to_html(audit_document(result)), "the page"),
            **made,
            SHEET_PAGE: (to_html(sheet), "the data sheet as a page"),
        }
    except MissingExtraError as error:
        click.echo(f"no pages are written: {error}", err=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror or error}") from None
    for name, (text, _) in made.items():
        write_text(folder / name, text)
    return [(folder / name, what) for name, (_, what) in made.items()]


def _corrected(
    audited: AuditedTable, result: Audit, fill_parents: Path | None, drop: Path | None
) -> list[tuple[Path, pa.Table, str]]:
    """The corrected tables that were asked for: where to, what, and in words."""
    from lingula.audit.rewriting import with_parents, without_rows
    from lingula.audit.wording import count_of
    from lingula.errors import InputError

    tables: list[tuple[Path, pa.Table, str]] = []
    if fill_parents is not None:
        table, changed = with_parents(audited)
        tables.append((fill_parents, table, f"parents filled in ({count_of(changed, 'cells')})"))
    if drop is not None:
        check = result.check("references")
        if check.rows is None:
            raise InputError(f"--drop: {check.missing}; give the reports (--reports)")
        what = f"without reports that only compare ({count_of(len(check.rows), 'rows')})"
        tables.append((drop, without_rows(audited, check.rows), what))
    return tables


def _keep_apart(targets: list[Path], inputs: list[Path | None]) -> None:
    """No output may replace an input or another output."""
    from lingula.errors import InputError

    taken = {path.resolve() for path in inputs if path is not None}
    for target in targets:
        if target.resolve() in taken:
            raise InputError(f"{target}: is an input or another output; write to another file")
        taken.add(target.resolve())


def _summary(result: Audit, written: list[tuple[Path, str]]) -> None:
    from lingula.audit.document import glance
    from lingula.cli.show import show

    show((glance(result.checks, title=result.name),))
    for path, what in written:
        click.echo(f"{path}: {what}")
