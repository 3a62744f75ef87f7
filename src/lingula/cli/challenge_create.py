"""``lingula challenge create``: the folder of a challenge."""

from __future__ import annotations

import re
from pathlib import Path

import click

from lingula.cli.command import Command

FILE = click.Path(path_type=Path)


@click.command("create", cls=Command)
@click.argument("folder", type=FILE)
@click.option("--truth", type=FILE, help="Table of the true labels.")
@click.option(
    "--majority-of",
    type=FILE,
    multiple=True,
    help="People whose majority is the truth, in place of --truth; may be repeated.",
)
@click.option("--readers", type=FILE, multiple=True, help="A person's table; may be repeated.")
@click.option("--title", help="Of the challenge.  [default: the folder's name]")
@click.option(
    "--observations",
    default="five",
    show_default=True,
    help='Separated by commas; "five" are CheXpert\'s five competition observations.',
)
@click.option("--schema", default="chexpert14", show_default=True, help="Schema name or TOML file.")
@click.option(
    "--metric",
    type=click.Choice(["auroc", "average precision"]),
    default="auroc",
    show_default=True,
    help="What the board is ranked by, averaged over the observations.",
)
@click.option("--id-column", help="Column of the ids. If not given, a usual name.")
@click.option(
    "--study-column", help="Column of the truth that says which study a row (an image) is of."
)
@click.option("--patient-column", help="Column of patients. If not given, the paths of the ids.")
@click.option(
    "--images",
    type=click.Choice(["max", "mean"]),
    default="max",
    show_default=True,
    help="How the scores of a study's images become the study's.",
)
@click.option(
    "--public-share",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    help="Share of the studies whose figure teams see before the close; without it every figure "
    "is shown at once.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="What a figure must gain before the close to be shown; if not given, one and a half "
    "standard errors of random scores.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Of the split; drawn if not given.")
@click.option("--limit", default="2/day", show_default=True, help="Scored submissions of a team.")
@click.option("--deadline", default="", help="UTC, such as 2027-03-01T12:00:00Z.")
def create_challenge(  # noqa: PLR0917 - click passes names
    folder: Path,
    truth: Path | None,
    majority_of: tuple[Path, ...],
    readers: tuple[Path, ...],
    title: str | None,
    observations: str,
    schema: str,
    metric: str,
    id_column: str | None,
    study_column: str | None,
    patient_column: str | None,
    images: str,
    public_share: float,
    margin: float | None,
    seed: int | None,
    limit: str,
    deadline: str,
) -> None:
    """Make a challenge in a new FOLDER.

    The truth stays in its folder "private"; give participants the folder "public".
    """
    from lingula.challenge.creation import Sources, create
    from lingula.challenge.terms import Terms
    from lingula.cli.evaluate import chosen_schema

    if (truth is None) == (not majority_of):
        raise click.UsageError("give the truth by --truth or by --majority-of, one of the two")
    asked = chosen_schema(schema, observations)
    terms = Terms(
        title or folder.name,
        asked.names,
        metric=metric,
        images=images,
        limit=_a_day(limit),
        deadline=deadline,
        public_share=public_share,
        margin=margin or 0.0,
    )
    sources = Sources(truth, majority_of, readers, asked, id_column, study_column, patient_column)
    made = create(folder, sources, terms, seed=seed)
    click.echo(f"{made.path}: {len(made.truth.ids):,} rows, {len(made.truth.studies):,} studies")
    click.echo(f"for participants: {made.path / 'public'}; never give out: {made.private}")
    click.echo(f"key of the ledger: {made.terms.key}")


def _a_day(limit: str) -> int:
    match = re.fullmatch(r"(\d{1,6})(?:/day)?", limit.strip())
    if not match:
        raise click.UsageError(f"--limit is a number a day, such as 2/day, not {limit!r}")
    return int(match[1])
