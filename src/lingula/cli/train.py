"""``lingula train``: a recipe's stages, into a run folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.command import Command
from lingula.errors import MissingExtraError, RecipeError
from lingula.network import silence

if TYPE_CHECKING:
    from lingula.training.fit.progress import Progress


@click.command(cls=Command)
@click.argument("recipe", metavar="RECIPE")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Run folder to write.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=PATH",
    help="Path of one of the recipe's sources, or of its encoder; may be repeated.",
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="NAME",
    help="Train this stage only; it begins with the model of the one before it. May be repeated.",
)
@click.option("--resume", is_flag=True, help="Go on where an interrupted run stopped.")
@click.option("--seed", type=int, help="In place of the recipe's seed.")
@click.option(
    "--device",
    metavar="NAME",
    help="cpu, cuda (every GPU), cuda:0 or mps; every GPU if not given, else the CPU.",
)
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
def command(
    *,
    recipe: str,
    output: str,
    inputs: tuple[str, ...],
    stages: tuple[str, ...],
    resume: bool,
    seed: int | None,
    device: str | None,
    quiet: bool,
) -> None:
    """Train a labeler as RECIPE says: a TOML file, or the name of a recipe that ships."""
    from dataclasses import replace

    from lingula.training.fit.launch import leads
    from lingula.training.recipe_files import load_recipe, read_recipe

    require_training()
    if read_recipe(recipe)[1].get("kind") == "mentions":
        if stages or device not in (None, "cpu"):
            raise RecipeError(
                "a mention model is trained whole and on the CPU: no --stage, --device"
            )
        _train_mentions(recipe, Path(output), parse_inputs(inputs), seed=seed, quiet=quiet)
        return
    chosen = load_recipe(recipe).with_inputs(parse_inputs(inputs))
    if seed is not None:
        chosen = replace(chosen, seed=seed)
    if (gpus := gpus_to_share(device)) > 1:
        given = [("--input", item) for item in inputs] + [("--stage", item) for item in stages]
        given += [("--seed", str(seed))] if seed is not None else []
        options = [part for pair in given for part in pair]
        options += ["--resume"] * resume + ["--quiet"] * quiet
        train_on_gpus(gpus, [recipe, "-o", output, *options])
        return
    from lingula.training.run import run_recipe

    quiet = quiet or not leads()
    with StageProgress(quiet) as progress:
        result = run_recipe(
            chosen,
            Path(output),
            stages=stages,
            resume=resume,
            device=device,
            progress=progress.update,
        )
    if quiet:
        return
    for name, stage in result.stages.items():
        figures = "no validation part"
        if stage.best is not None:
            figures = f"{stage.best} on {stage.best.reports} validation texts"
        click.echo(f"{name}: {stage.steps} steps in {stage.seconds:.0f} s; {figures}")
    click.echo(f"model: {result.model}")


def _train_mentions(
    recipe: str, output: Path, inputs: dict[str, Path], *, seed: int | None, quiet: bool
) -> None:
    """Train a mention model; weights of stages that are in the folder are taken as they are."""
    from dataclasses import replace

    from lingula.training.mentions.recipe import mention_recipe
    from lingula.training.mentions.run import MentionTraining
    from lingula.training.recipe_files import read_recipe

    path, data = read_recipe(recipe)
    chosen = mention_recipe(data, str(path)).with_inputs(inputs)
    if seed is not None:
        chosen = replace(chosen, seed=seed)

    def tell(stage: str, epoch: int, epochs: int, loss: float) -> None:
        if not quiet and sys.stderr.isatty():
            click.echo(f"{stage}: epoch {epoch} of {epochs}, loss {loss:.3f}", err=True)

    record = MentionTraining(chosen, tell).run(output)
    if quiet:
        return
    for kind, name in (("new_sentences", "new sentences"), ("left_out", "left-out styles")):
        if kind in record:
            found = record[kind]["all"]
            click.echo(
                f"{found['mentions']} mentions of {name}: rules {found['rules']:.3f}, model "
                f"{found['model']:.3f}, together {found['joined']:.3f} right"
            )
    click.echo(f"model: {output / 'model'}")


def require_training() -> None:
    """Raise MissingExtraError where torch or transformers is not installed."""
    silence()
    try:
        import accelerate  # noqa: F401
        import safetensors  # noqa: F401
        import torch  # noqa: F401
        from transformers.utils import logging
    except ImportError:
        raise MissingExtraError("Training", "train") from None
    # Its own progress bar and notes are about a model that we load on purpose.
    quiet: Any = logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()


def gpus_to_share(device: str | None) -> int:
    """How many GPUs a device's name stands for; 1 where a launcher has started this process."""
    from lingula.bert.runtimes.torch import devices_of
    from lingula.training.fit.launch import launched

    return 1 if launched() else len(devices_of(device))


def train_on_gpus(count: int, arguments: Sequence[str]) -> None:
    """Call ``lingula train`` once for each GPU of this machine, to train together.

    Ends this process with the exit status if that is not 0; the message is out then.
    """
    from lingula.training.fit.launch import launch

    if status := launch("lingula", ["train", *arguments, "--device", "cuda"], count):
        raise SystemExit(status)


def parse_inputs(inputs: tuple[str, ...]) -> dict[str, Path]:
    """Paths by name from NAME=PATH texts.

    Raises:
        RecipeError: If one is not of that form.
    """
    out: dict[str, Path] = {}
    for item in inputs:
        name, sign, path = item.partition("=")
        if not sign or not name or not path:
            raise RecipeError(f"--input {item}: write it as NAME=PATH")
        out[name] = Path(path)
    return out


class StageProgress:
    """A progress bar on a terminal; silent in a pipe."""

    def __init__(self, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None
        self._stage = ""

    def __enter__(self) -> StageProgress:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[facts]}"),
                console=Console(stderr=True),
            )
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, progress: Progress) -> None:
        """Show where the stage is; figures of a validation stay as a line."""
        if self._bar is None:
            return
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._task = self._bar.add_task(progress.stage, total=progress.steps, facts="")
        minutes, seconds = divmod(int(progress.seconds_left), 60)
        self._bar.update(
            self._task,
            completed=progress.step,
            facts=f"epoch {progress.epoch}, loss {progress.loss:.3f}, {minutes}:{seconds:02d} left",
        )
        if (found := progress.validation) is not None:
            self._bar.console.print(f"{progress.stage}, step {progress.step}: {found.summary}")
