"""What goes into a review after its beginning: rounds, and labels that were made elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from lingula.cli.command import Command
from lingula.cli.options import labeler_options, load_labeler
from lingula.cli.progress import counting
from lingula.cli.review_out import DATABASE, FILE
from lingula.cli.review_start import second_labeler


@click.command("round", cls=Command)
@click.argument("folder", type=FILE)
@DATABASE
@click.option("--take", type=click.IntRange(min=1), required=True, metavar="N", help="Reports.")
@click.option(
    "--order",
    type=click.Choice(["uncertain", "disagreement", "rare", "random"]),
    default="uncertain",
    show_default=True,
    help="Which of the reports that no round has taken come next.",
)
@click.option(
    "--random-share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="Part of them that is drawn at random all the same.",
)
@click.option("--second", metavar="NAME|PATH", help="Labeler to compare with, for disagreement.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--quiet", is_flag=True, help="No progress bar.")
@labeler_options
def begin_round(
    *,
    folder: Path,
    database: str | None,
    take: int,
    order: str,
    random_share: float,
    second: str | None,
    seed: int,
    quiet: bool,
    labeler_name: str | None,
    schema: str | None,
    **options: str | None,
) -> None:
    """Give the readers of the review in FOLDER the next most informative reports.

    Name the model that was trained on the labels so far with --labeler; its proposals are shown.
    """
    from lingula.review.folder import open_review
    from lingula.review.rounds import add_round
    from lingula.review.selection import Sampling

    labeler = load_labeler(labeler_name, schema, **options)
    other = second_labeler(order, second)
    with (
        open_review(folder, database) as store,
        counting(quiet=quiet, what="labeling") as bar,
    ):
        made = add_round(store, labeler, Sampling(order, take, random_share, seed), other, bar)
    random = sum(item.why == "random" for item in made.chosen)
    click.echo(f"{folder}: {len(made.chosen):,} more reports, {random:,} of them drawn at random")


@click.command("import", cls=Command)
@click.argument("folder", type=FILE)
@click.argument("labels", type=FILE)
@DATABASE
@click.option("--reader", metavar="NAME", help="Whose labels they are, if the file does not say.")
@click.option("--shared-ids", is_flag=True, help="Leave out reports that are not in the review.")
def bring_in(
    *, folder: Path, labels: Path, database: str | None, reader: str | None, shared_ids: bool
) -> None:
    """Add labels that were made elsewhere to the review in FOLDER.

    LABELS is Label Studio's JSON, doccano's JSON Lines, or a table with one column an observation.
    """
    from lingula.review.folder import open_review
    from lingula.review.importing import import_labels

    with open_review(folder, database) as store:
        found = import_labels(store, labels, reader, shared_ids=shared_ids)
    if found.left_out:
        click.echo(
            f"note: {found.left_out:,} entries are left out: their reports are not in the review",
            err=True,
        )
    for name, count in found.readers.items():
        click.echo(f"{name}: {count:,} reports with new labels")


@click.command("prevalence", cls=Command)
@click.argument("folder", type=FILE)
@DATABASE
@click.option("--labels", "whose", default="final", metavar="final|majority|NAME", help="Whose.")
def show_prevalence(folder: Path, database: str | None, whose: str) -> None:
    """Estimate how frequent each finding is in the whole table of the review in FOLDER."""
    from lingula.cli.show import show
    from lingula.review.folder import open_review
    from lingula.review.prevalence import prevalence
    from lingula.review.reporting import prevalence_section

    with open_review(folder, database) as store:
        show(prevalence_section(prevalence(store, whose)))
