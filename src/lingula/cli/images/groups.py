"""``lingula images groups``: scores by view, sex, age and hidden stratum, and thresholds."""

from __future__ import annotations

from pathlib import Path

import click

from lingula.cli.command import Command
from lingula.cli.images.options import film_options, film_table


@click.command(cls=Command)
@click.argument("table", metavar="TABLE")
@click.argument("scores", metavar="SCORES")
@film_options
@click.option("--labels", metavar="TABLE", help="Labels by study or path; TABLE's own.")
@click.option(
    "--strata",
    metavar="TABLE",
    help="What reports tell of findings, by study or path: a table that `lingula strata` wrote.",
)
@click.option("--blank", type=click.Choice(["negative", "masked"]), default="negative")
@click.option("--sensitivity", default=0.9, show_default=True, help="For a threshold.")
@click.option("--bootstrap", "resamples", default=500, show_default=True, help="Resamples.")
@click.option("--html", metavar="FILE", help="Write a page.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def groups(
    *,
    table: str,
    scores: str,
    root: str | None,
    path_column: str | None,
    skip_missing: bool,
    skip_broken: bool,
    labels: str | None,
    strata: str | None,
    blank: str,
    sensitivity: float,
    resamples: int,
    html: str | None,
    quiet: bool,
) -> None:
    """Measure SCORES of films by view, sex, age band and stratum on the labels of TABLE's films."""
    from lingula.documents import to_html, to_text, write_text
    from lingula.images.group_areas import GroupSettings
    from lingula.images.groups import group_document
    from lingula.images.hidden_strata import read_film_strata
    from lingula.images.scored import films_with_scores

    reading = film_table(table, root, path_column, skip_missing=skip_missing, labels=labels)
    films, found = films_with_scores(reading, Path(scores))
    told = () if strata is None else read_film_strata(Path(strata), films)
    document = group_document(films, found, GroupSettings(blank, sensitivity, resamples), told)
    if html is not None:
        write_text(html, to_html(document))
    if not quiet:
        click.echo(to_text(document, 120), nl=False)
