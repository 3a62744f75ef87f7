"""A run: one or several seeds of a recipe, into a run folder with a model folder in it.

RUN/recipe.json      every choice
RUN/run.json         data, versions, figures
RUN/missing.txt      files of the tables that are not there, if any
RUN/seed-N/          the loop's files (``log.jsonl``, ``last.pt``, ``best.pt``) and ``checkpoints/``
RUN/model/           the model folder
RUN/model_card.md
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lingula.documents import to_json, write_text
from lingula.errors import InputError
from lingula.images.model import save_model
from lingula.images.prepare import Prepared, Tables, prepare
from lingula.images.recipe import ImageRecipe, recipe_values
from lingula.images.record import begin_record, model_card
from lingula.images.scoring import ValidationFilms
from lingula.images.seed_run import RunSettings, SeedRun
from lingula.training.fit.launch import leads
from lingula.training.fit.settings import Precision

#: What a run leaves that failed before its first step; a new one may follow it.
_BEFORE_TRAINING = {"cache", "missing.txt", "missing-valid.txt"}


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run came to.

    Attributes:
        model: The model folder.
        record: What ``run.json`` holds.
        notes: What was left out or is odd.
    """

    model: Path
    record: dict[str, Any]
    notes: tuple[str, ...]


def settled(recipe: ImageRecipe, device: torch.device) -> ImageRecipe:
    """The recipe with its precision decided for a device."""
    if recipe.training.precision != "auto":
        return recipe
    has = torch.cuda.is_bf16_supported() if device.type == "cuda" else _processor_has_bf16()
    chosen: Precision = "bf16" if has and device.type in ("cuda", "cpu") else "fp32"
    return replace(recipe, training=replace(recipe.training, precision=chosen))


def train_images(recipe: ImageRecipe, tables: Tables, settings: RunSettings) -> RunResult:
    """Train what a recipe says.

    Raises:
        InputError: If films are missing or broken, or the folder holds another run.
        RecipeError: If there is nothing to learn or to choose by, or the loss is no number.
    """
    begin_folder(settings)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    recipe = settled(recipe, settings.device)
    data = prepare(recipe, tables)
    valid = _validation(recipe, data)
    record = begin_record(recipe, data, valid, str(settings.device))
    folder = settings.folder
    if leads():
        write_text(folder / "recipe.json", to_json(recipe_values(recipe)))
        write_text(folder / "run.json", to_json(record))
    members: list[dict[str, Tensor]] = []
    for place in range(recipe.seeds):
        seed = recipe.seed + place
        run = SeedRun(recipe, data, valid, settings, seed)
        states, facts = run.train()
        members += states
        record["seeds"][str(seed)] = facts
        if leads():
            write_text(folder / "run.json", to_json(record))
    model = folder / "model"
    if leads():
        facts = {"blank": record["blank"], "policy": record["policy"]}
        save_model(model, recipe, data.schema, members, facts)
        write_text(folder / "model_card.md", model_card(record))
        shutil.copyfile(folder / "model_card.md", model / "model_card.md")
    return RunResult(model, record, data.notes)


def begin_folder(settings: RunSettings) -> None:
    """Make the run's folder.

    Raises:
        InputError: If a run has begun in it and is not to be resumed, or it is no run's.
    """
    folder = settings.folder
    names = {item.name for item in folder.iterdir()} if folder.is_dir() else set()
    used = bool(names - _BEFORE_TRAINING)
    if used and not settings.resume and leads():
        raise InputError(f"{folder}: is there already; name another folder, or go on with --resume")
    folder.mkdir(parents=True, exist_ok=True)


def _validation(recipe: ImageRecipe, data: Prepared) -> ValidationFilms:
    names = data.schema.names
    wanted = [data.schema.index(name) for name in recipe.chosen_by if name in data.schema]
    chosen = tuple(sorted(wanted)) or tuple(range(len(names)))
    films = ValidationFilms(
        data.valid.pixels, data.valid.films.classes, recipe.blank, names, chosen
    )
    films.require_figure()
    return films


def _processor_has_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
