"""``lingula study``: variants of one recipe, measured on the same reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lingula.cli.command import Command

if TYPE_CHECKING:
    from lingula.training.recipe import Recipe


@click.command(cls=Command)
@click.argument("study", metavar="STUDY")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Folder of the runs.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=PATH",
    help="Path of one of the base recipe's sources, or of its encoder; may be repeated.",
)
@click.option("--device", metavar="NAME", help="cpu, cuda or mps; every GPU if there are any.")
@click.option("--quiet", is_flag=True, help="No progress bar and no table.")
def command(
    *, study: str, output: str, inputs: tuple[str, ...], device: str | None, quiet: bool
) -> None:
    """Train the variants of STUDY (a TOML file, or a study that ships) and write a table.

    Called again with the same folder it goes on: variants that are trained are measured only.
    """
    from lingula.cli.train import (
        StageProgress,
        gpus_to_share,
        parse_inputs,
        require_training,
        train_on_gpus,
    )

    require_training()
    from lingula.training.after.run_record import write_json
    from lingula.training.recipe_files import recipe_to_dict
    from lingula.training.run import run_recipe
    from lingula.training.study import load_study, run_study, study_table

    chosen = load_study(study, parse_inputs(inputs))
    gpus = gpus_to_share(device)

    def train(recipe: Recipe, folder: Path) -> tuple[Path, int, float]:
        if gpus > 1:
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / "recipe.json", recipe_to_dict(recipe))
            options = ["-o", str(folder), "--resume", *["--quiet"] * quiet]
            train_on_gpus(gpus, [str(folder / "recipe.json"), *options])
        else:
            with StageProgress(quiet) as progress:
                run_recipe(recipe, folder, resume=True, device=device, progress=progress.update)
        stages = json.loads((folder / "run.json").read_text(encoding="utf-8"))["stages"].values()
        examples = sum(stage["counts"]["training examples"] for stage in stages)
        return folder / "model", examples, sum(stage["seconds"] for stage in stages)

    table = study_table(chosen, run_study(chosen, Path(output), train))
    (Path(output) / "table.md").write_text(table, encoding="utf-8")
    if not quiet:
        click.echo(table, nl=False)
