"""``lingula images explain``: where a model looked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lingula.cli.command import Command
from lingula.cli.images.options import one_device
from lingula.errors import InputError

if TYPE_CHECKING:
    from lingula.images.explain import Method


@click.command(cls=Command)
@click.argument("model", metavar="MODEL")
@click.argument("picture", metavar="PICTURE")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="A .png of one overlay, or a .html page."
)
@click.option("--observation", metavar="NAME", help="Which; that of the highest score for a .png.")
@click.option(
    "--method",
    type=click.Choice(["grad-cam", "occlusion"]),
    default="grad-cam",
    show_default=True,
    help="Gradients, or how scores fall when patches are hidden.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@click.option("--device", metavar="NAME", help="cpu, cuda:0 or mps.")
@click.option("--quiet", is_flag=True, help="No scores.")
def explain(
    *,
    model: str,
    picture: str,
    output: str,
    observation: str | None,
    method: Method,
    overwrite: bool,
    device: str | None,
    quiet: bool,
) -> None:
    """Show where MODEL looked in PICTURE."""
    from lingula.images.extras import require_images

    require_images()
    from lingula.documents import to_html, to_text, write_text
    from lingula.images.explain import explain_film, explanation, overlay
    from lingula.images.model import load_model

    path, source = Path(output), Path(picture)
    if path.suffix not in (".png", ".html"):
        raise InputError(f"{path}: name a .png or .html file")
    if path.exists() and not overwrite:
        raise InputError(f"{path}: is there already; replace it with --overwrite")
    loaded = load_model(Path(model), one_device(device))
    gray, heats = explain_film(loaded, source, [observation] if observation else [], method)
    page = explanation(source, gray, heats, method)
    if path.suffix == ".html":
        write_text(path, to_html(page))
    else:
        beside = path.with_name(f".{path.name}.part")
        beside.write_bytes(overlay(gray, heats[0]))
        beside.replace(path)
    if not quiet:
        click.echo(to_text(page.sections[0].exhibits[:1], 80), nl=False)
