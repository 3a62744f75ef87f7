"""``lingula images train``: a recipe's models on a table of films."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.command import Command
from lingula.cli.images.options import Bar, film_options, film_table, one_device
from lingula.cli.train import StageProgress, gpus_to_share
from lingula.errors import RecipeError

if TYPE_CHECKING:
    from lingula.images.recipe import ImageRecipe
    from lingula.training.fit.progress import Progress

#: Options that change a recipe, by what they change.
_CHANGES = ("policy", "blank", "views", "seed", "seeds")
_POLICIES = ("ignore", "zeros", "ones", "ones-lsr", "multiclass", "self-trained")


@click.command(cls=Command)
@click.argument("table", metavar="TABLE")
@film_options
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Run folder to write.")
@click.option("--valid", metavar="TABLE", help="Validation films, of other patients.")
@click.option(
    "--labels",
    metavar="TABLE",
    help="Labels by study or path, as of `lingula label`; TABLE's own if not given. A --valid "
    "table with labels of its own keeps them.",
)
@click.option(
    "--splits",
    metavar="TABLE",
    help="Parts of the films (train, validate), by film or study.",
)
@click.option(
    "--recipe",
    metavar="NAME|FILE",
    help="chexpert-densenet121 (the default), small, or a .toml.",
)
@click.option("--policy", type=click.Choice(_POLICIES), help="What uncertain labels count as.")
@click.option("--blank", type=click.Choice(["negative", "masked"]), help="What blank counts as.")
@click.option("--views", type=click.Choice(["all", "frontal", "lateral"]), help="Which are used.")
@click.option("--observations", metavar="A,B,...", help="Train these only.")
@click.option("--seed", type=int, help="Of the first model.")
@click.option("--seeds", type=int, metavar="N", help="Train N models and average their scores.")
@click.option("--epochs", type=int, help="Passes over the films.")
@click.option("--size", type=int, help="Pixels of a side.")
@click.option("--weights", metavar="FILE", help="Weights to begin with.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run stopped.")
@click.option("--device", metavar="NAME", help="cpu, cuda (every GPU), cuda:0 or mps.")
@click.option("--cache", metavar="FOLDER", help="Of decoded images.  [default: in the run folder]")
@click.option("--cache-gb", type=float, default=200.0, show_default=True, help="Its most.")
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
def train(*, table: str, output: str, device: str | None, quiet: bool, **options: Any) -> None:
    """Train image models on the labels of TABLE's films."""
    from lingula.images.extras import require_images

    require_images()
    from lingula.images.cache import CacheSettings
    from lingula.images.prepare import Tables
    from lingula.images.seed_run import RunSettings
    from lingula.images.train import begin_folder, train_images
    from lingula.training.fit.launch import launched, leads

    if (gpus := gpus_to_share(device)) > 1:
        _on_every_gpu(gpus)
        return
    folder, quiet = Path(output), quiet or not leads()
    recipe = _recipe(folder, options)
    named = one_device("cuda:0" if launched() and device == "cuda" else device)
    begin_folder(RunSettings(folder, resume=options["resume"]))
    common = {"root": options["root"], "path_column": options["path_column"]}
    reading = {**common, "skip_missing": options["skip_missing"]}
    cache = folder / "cache" if options["cache"] is None else Path(options["cache"])
    with Bar(quiet, "decoding") as decoding, FilmProgress(quiet) as progress:
        tables = Tables(
            film_table(
                table,
                **reading,
                labels=options["labels"],
                missing_list=folder / "missing.txt",
                splits=options["splits"],
            ),
            None
            if options["valid"] is None
            else film_table(
                options["valid"],
                **reading,
                labels=options["labels"],
                missing_list=folder / "missing-valid.txt",
            ),
            CacheSettings(cache, int(options["cache_gb"] * 1e9)),
            options["skip_broken"],
            decoding.update,
        )
        settings = RunSettings(folder, named, options["resume"], progress.update)
        result = train_images(recipe, tables, settings)
    if quiet:
        return
    for note in result.notes:
        click.echo(note)
    click.echo(f"policy: {result.record['policy']}; blank: {result.record['blank']}")
    for seed, facts in result.record["seeds"].items():
        best = facts["best"]["mean auroc"]
        click.echo(
            f"seed {seed}: {facts['steps']} steps in {facts['seconds']:.0f} s; mean AUROC "
            f"{best:.3f} on the validation films, which chose the checkpoint"
        )
    click.echo(f"model: {result.model}")


def _recipe(folder: Path, options: dict[str, Any]) -> ImageRecipe:
    """The recipe with what the options change; that of the run if it is resumed."""
    from lingula.images.recipe import load_recipe

    own = folder / "recipe.json"
    if options["resume"] and own.is_file():
        named = (*_CHANGES, "recipe", "observations", "epochs", "size", "weights")
        if given := [name for name in named if options[name] is not None]:
            raise RecipeError(f"--{given[0]} does not go with --resume: the run keeps its choices")
        return load_recipe(own)
    recipe = load_recipe(options["recipe"] or "chexpert-densenet121")
    changes = {name: options[name] for name in _CHANGES if options[name] is not None}
    if options["observations"]:
        names = tuple(name.strip() for name in options["observations"].split(","))
        changes["observations"] = names
    if options["epochs"] is not None:
        changes["training"] = replace(recipe.training, epochs=options["epochs"])
    if options["size"] is not None:
        changes["pictures"] = replace(recipe.pictures, size=options["size"])
    if options["weights"] is not None:
        weights = str(Path(options["weights"]).resolve())
        changes["network"] = replace(recipe.network, weights=weights)
    return replace(recipe, **changes)


def _on_every_gpu(count: int) -> None:
    """Call this command once for each GPU, to train together."""
    from lingula.training.fit.launch import launch

    given = list(sys.argv[1:])
    if "--device" not in given:
        given += ["--device", "cuda"]
    if status := launch("lingula", given, count):
        raise SystemExit(status)


class FilmProgress(StageProgress):
    """The bar of training, with images a second and the share of time without data."""

    def update(self, progress: Progress) -> None:
        """Show where the seed is."""
        super().update(progress)
        if self._bar is not None:
            minutes, seconds = divmod(int(progress.seconds_left), 60)
            facts = (
                f"epoch {progress.epoch}, loss {progress.loss:.3f}, {minutes}:{seconds:02d} left, "
                f"{progress.rows_per_second:.0f} images/s, {progress.waiting:.0%} waiting for data"
            )
            self._bar.update(self._task, facts=facts)
