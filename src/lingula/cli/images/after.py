"""``lingula images calibrate`` and ``lingula images export``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from lingula.cli.command import Command
from lingula.cli.images.options import film_options, film_table, one_device
from lingula.errors import InputError, RecipeError


@click.command(cls=Command)
@click.argument("model", metavar="MODEL")
@click.argument("table", metavar="TABLE")
@film_options
@click.option("--labels", metavar="TABLE", help="Labels by study or path; TABLE's own.")
@click.option("--device", metavar="NAME", help="cpu, cuda:0 or mps.")
@click.option("--html", metavar="FILE", help="Write a page with reliability plots.")
@click.option("--quiet", is_flag=True, help="No table.")
def calibrate(
    *,
    model: str,
    table: str,
    root: str | None,
    path_column: str | None,
    skip_missing: bool,
    skip_broken: bool,
    labels: str | None,
    device: str | None,
    html: str | None,
    quiet: bool,
) -> None:
    """Fit MODEL's temperatures to TABLE's labeled films, which it was not trained on.

    They are stored in the model folder: the order of scores stays, probabilities change.
    """
    from lingula.images.extras import require_images

    require_images()
    from lingula.documents import to_html, write_text
    from lingula.images.calibrate import fit_temperatures
    from lingula.images.calibration_page import calibration_document
    from lingula.images.films import read_films
    from lingula.images.model import FilmModel, load_model, store_temperatures
    from lingula.images.predict import predict_films

    loaded = load_model(Path(model), one_device(device))
    if not isinstance(loaded, FilmModel):
        raise RecipeError(f"{model}: is a selection; calibrate the runs before they are selected")
    reading = film_table(table, root, path_column, skip_missing=skip_missing, labels=labels)
    films = read_films(reading, loaded.schema).of_view(loaded.recipe.views)
    if films.labels is None or films.labels.schema.names != loaded.schema.names:
        raise InputError(f"{table}: needs a column for each of {', '.join(loaded.schema.names)}")
    plain = replace(loaded, temperature=())
    scores = predict_films(plain, films, skip_broken=skip_broken).scores.values
    fitted = fit_temperatures(loaded.schema.names, films.classes, scores, loaded.recipe.blank)
    store_temperatures(Path(model), [item.temperature for item in fitted])
    if html is not None:
        write_text(html, to_html(calibration_document(fitted, Path(table).name)))
    if quiet:
        return
    click.echo(f"{'':28}{'temperature':>12}{'error before':>14}{'after':>8}")
    for item in fitted:
        click.echo(
            f"{item.observation:28}{item.temperature:>12.3f}{item.before:>14.4f}{item.after:>8.4f}"
        )
    click.echo("expected calibration error on these films, which chose the temperatures")


@click.command(cls=Command)
@click.argument("model", metavar="MODEL")
@click.option("-o", "--output", required=True, metavar="FILE", help="An .onnx file to write.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def export(*, model: str, output: str, overwrite: bool) -> None:
    """Write MODEL as an ONNX graph, compared with torch before it is kept."""
    from lingula.images.extras import require_images

    require_images()
    from lingula.images.export import export_model
    from lingula.images.model import load_model

    path = Path(output)
    if path.exists() and not overwrite:
        raise InputError(f"{path}: is there already; replace it with --overwrite")
    off = export_model(load_model(Path(model)), path)
    click.echo(f"{path}: its probabilities differ from torch's by {off:.1g} at most")
