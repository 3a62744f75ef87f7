"""``lingula images predict``: scores of films and studies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lingula.cli.command import Command
from lingula.cli.images.options import Bar, film_options, film_table, one_device
from lingula.errors import InputError

if TYPE_CHECKING:
    from lingula.images.recipe import Joined


@click.command(cls=Command)
@click.argument("model", metavar="MODEL")
@click.argument("table", metavar="TABLE")
@film_options
@click.option("-o", "--output", required=True, metavar="FILE", help="Table of scores to write.")
@click.option(
    "--studies",
    type=click.Choice(["maximum", "mean"]),
    help="How a study's views are joined; as the model's recipe says if not given.",
)
@click.option("--overwrite", is_flag=True, help="Replace tables that are there.")
@click.option("--device", metavar="NAME", help="cpu, cuda:0 or mps.")
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
def predict(
    *,
    model: str,
    table: str,
    root: str | None,
    path_column: str | None,
    skip_missing: bool,
    skip_broken: bool,
    output: str,
    studies: str | None,
    overwrite: bool,
    device: str | None,
    quiet: bool,
) -> None:
    """Score TABLE's films with MODEL, a run, model or selection folder.

    Writes FILE, one row a film, and beside it FILE.studies, one row a study, whose first column is
    the path of the study's first film.
    """
    from lingula.images.extras import require_images

    require_images()
    from lingula.images.films import read_films
    from lingula.images.model import load_model
    from lingula.images.predict import (
        film_table as film_rows,
    )
    from lingula.images.predict import predict_films, study_path, study_table
    from lingula.tables.write_table import write_table

    path = Path(output)
    beside = study_path(path)
    for each in (path, beside):
        if each.exists() and not overwrite:
            raise InputError(f"{each}: is there already; replace it with --overwrite")
    loaded = load_model(Path(model), one_device(device))
    films = read_films(film_table(table, root, path_column, skip_missing=skip_missing), None)
    films = films.of_view(loaded.recipe.views)
    joined: Joined | None = None
    if studies is not None:
        joined = "mean" if studies == "mean" else "maximum"
    with Bar(quiet, "films") as bar:
        found = predict_films(
            loaded, films, joined=joined, skip_broken=skip_broken, told=bar.update
        )
    write_table(path, film_rows(found))
    write_table(beside, study_table(found))
    if quiet:
        return
    for note in (*films.notes, *found.broken):
        click.echo(note)
    click.echo(f"{path}: {len(films):,} films; {beside}: {len(found.studies):,} studies")
