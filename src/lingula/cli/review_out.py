"""What comes out of a review: labels, agreement, progress."""

from __future__ import annotations

from pathlib import Path

import click

from lingula.cli.command import Command

FILE = click.Path(path_type=Path)
DATABASE = click.option("--database", metavar="ADDRESS", help="Of the database, if not as noted.")


@click.command("export", cls=Command)
@click.argument("folder", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="Table to write.")
@DATABASE
@click.option(
    "--form",
    type=click.Choice(["training", "readers", "long", "trail", "label-studio"]),
    default="training",
    show_default=True,
    help="One label a cell, to train on and evaluate against; the same with everybody's labels "
    "beside it; one row a reader and cell with times and reasons; every judgement that was ever "
    "made; or Label Studio's tasks.",
)
@click.option(
    "--labels",
    "whose",
    default="final",
    show_default=True,
    metavar="final|majority|NAME",
    help="Whose labels: what was adjudicated or is agreed on, the majority's, or one person's.",
)
@click.option("--all", "every", is_flag=True, help="Also reports that not all have submitted.")
@click.option("--practice", is_flag=True, help="Also the practice set.")
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there.")
def export_labels(
    *,
    folder: Path,
    output: Path,
    database: str | None,
    form: str,
    whose: str,
    every: bool,
    practice: bool,
    overwrite: bool,
) -> None:
    """Write the labels of the review in FOLDER as a table."""
    from lingula.review.export.exporting import Wish, export
    from lingula.review.folder import open_review

    with open_review(folder, database) as store:
        written = export(store, output, Wish(form, whose, every, practice), overwrite=overwrite)
    for note in written.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{output}: {written.rows:,} rows")


@click.command("progress", cls=Command)
@click.argument("folder", type=FILE)
@DATABASE
def show_progress(folder: Path, database: str | None) -> None:
    """Show how far everybody is in the review in FOLDER."""
    from lingula.cli.show import show
    from lingula.review.folder import open_review
    from lingula.review.reporting import progress_table

    with open_review(folder, database) as store:
        show(progress_table(store))


@click.command("agreement", cls=Command)
@click.argument("folder", type=FILE)
@DATABASE
@click.option("--practice", is_flag=True, help="Of the practice set, not of the others.")
def show_agreement(folder: Path, database: str | None, practice: bool) -> None:
    """Show how far readers agree in the review in FOLDER, and what to talk about."""
    from lingula.cli.show import show
    from lingula.review.agreement import agreement
    from lingula.review.folder import open_review
    from lingula.review.reporting import agreement_section

    with open_review(folder, database) as store:
        show(agreement_section(agreement(store, practice=practice)))
