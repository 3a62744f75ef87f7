"""``lingula images select``: the best run for each observation, as one folder."""

from __future__ import annotations

from pathlib import Path

import click

from lingula.cli.command import Command
from lingula.cli.images.options import film_options, film_table, one_device
from lingula.errors import InputError


@click.command(cls=Command)
@click.argument("table", metavar="TABLE")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@film_options
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Folder to write.")
@click.option("--labels", metavar="TABLE", help="Labels by study or path; TABLE's own.")
@click.option("--bootstrap", "resamples", default=1000, show_default=True, help="Resamples.")
@click.option("--seed", default=1, show_default=True, help="Of the resamples.")
@click.option("--device", metavar="NAME", help="cpu, cuda:0 or mps.")
@click.option("--quiet", is_flag=True, help="No table.")
def select(
    *,
    table: str,
    runs: tuple[str, ...],
    root: str | None,
    path_column: str | None,
    skip_missing: bool,
    skip_broken: bool,
    output: str,
    labels: str | None,
    resamples: int,
    seed: int,
    device: str | None,
    quiet: bool,
) -> None:
    """Choose, for each observation, the RUN with the best AUROC on TABLE's labeled studies.

    The folder holds the chosen models and predicts as one.
    """
    from lingula.images.extras import require_images

    require_images()
    from lingula.documents import to_json, to_text, write_text
    from lingula.images.selecting import select_runs

    if Path(output).exists():
        raise InputError(f"{output}: is there already; name another folder")
    films = film_table(table, root, path_column, skip_missing=skip_missing, labels=labels)
    document, choices = select_runs(
        films,
        [Path(run) for run in runs],
        Path(output),
        device=one_device(device),
        skip_broken=skip_broken,
        resamples=resamples,
        seed=seed,
    )
    write_text(Path(output) / "selection.json", to_json({"choices": choices}))
    if not quiet:
        click.echo(to_text(document, 120), nl=False)
