"""A trained model as a folder: ``model.json``, one file of weights a member, and a card.

A selection is a folder too: ``model.json`` names its parts, each a model folder inside it, and the
observations that each answers for.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lingula.documents import write_text
from lingula.errors import CheckpointError
from lingula.images.calibrate import temperate
from lingula.images.networks import FilmNetwork, Normalization
from lingula.images.policies import POLICIES, UncertainLabels
from lingula.images.recipe import ImageRecipe, PictureSettings, recipe_values
from lingula.images.scoring import score_films
from lingula.images.source import PixelSource
from lingula.labels import Schema
from lingula.schemas import schema_from_dict, schema_to_dict
from lingula.scores import Scores
from lingula.training.recipe_files import build

FORMAT = 1
_FILE = "model.json"
#: Where the configuration of a Hugging Face backbone is, so that the folder stands alone.
_BACKBONE = "backbone"

PixelsOf = Callable[[PictureSettings], PixelSource]


@dataclass(frozen=True, eq=False)
class FilmModel:
    """One or several networks of one recipe, whose probabilities are averaged.

    Attributes:
        recipe: What they were trained by.
        schema: Their observations.
        networks: In evaluation mode.
        above: For a conditional hierarchy, the positions of each observation's parents.
        temperature: Of each observation: probabilities are those of logits divided by it.
    """

    recipe: ImageRecipe
    schema: Schema
    networks: tuple[FilmNetwork, ...]
    above: tuple[tuple[int, ...], ...] = ()
    temperature: tuple[float, ...] = ()

    @property
    def policy(self) -> UncertainLabels:
        """Says what outputs stand for."""
        return POLICIES[self.recipe.policy]

    def scores(
        self, pixels_of: PixelsOf, count: int, told: Callable[[int], None] | None = None
    ) -> Scores:
        """Probabilities of n films.

        Args:
            pixels_of: Gives the images at a recipe's size.
            count: n.
            told: Called with the number of films done, by the first member.
        """
        pixels, rows = pixels_of(self.recipe.pictures), np.arange(count)
        total = np.zeros((count, len(self.schema)))
        for place, network in enumerate(self.networks):
            found = score_films(network, self.policy, pixels, rows, told=None if place else told)
            total += joint(found.reshape(count, -1), self.above)
        mean = total / len(self.networks)
        if self.temperature:
            mean = temperate(mean, self.temperature)
        return Scores(self.schema, mean)

    def to(self, device: torch.device) -> FilmModel:
        """The model with its networks moved to a device."""
        for network in self.networks:
            network.to(device)
        return self


@dataclass(frozen=True, eq=False)
class SelectedModel:
    """Models of which each answers for some observations.

    Attributes:
        parts: Models, with the observations that are theirs.
        schema: All of these observations.
    """

    parts: tuple[tuple[FilmModel, tuple[str, ...]], ...]
    schema: Schema

    @property
    def recipe(self) -> ImageRecipe:
        """The first part's, for what all share."""
        return self.parts[0][0].recipe

    def scores(
        self, pixels_of: PixelsOf, count: int, told: Callable[[int], None] | None = None
    ) -> Scores:
        """As of a ``FilmModel``."""
        values = np.full((count, len(self.schema)), np.nan)
        for place, (model, names) in enumerate(self.parts):
            found = model.scores(pixels_of, count, None if place else told)
            for name in names:
                at = found.schema.index(name)
                values[:, self.schema.index(name)] = found.values[:, at]
        return Scores(self.schema, values)

    def to(self, device: torch.device) -> SelectedModel:
        """The model with its networks moved to a device."""
        for model, _ in self.parts:
            model.to(device)
        return self


def joint(
    values: npt.NDArray[np.floating], above: Sequence[Sequence[int]]
) -> npt.NDArray[np.floating]:
    """Probabilities of children times those of their parents, and of theirs in turn.

    Args:
        values: Conditional probabilities, shape (n, k).
        above: Positions of each observation's parents; empty for none at all.
    """
    if not any(above):
        return values
    out: npt.NDArray[np.floating] = values.copy()
    done = [not parents for parents in above]
    while not all(done):
        for child, parents in enumerate(above):
            if not done[child] and all(done[parent] for parent in parents):
                out[:, child] = values[:, child] * np.prod(out[:, list(parents)], axis=1)
                done[child] = True
    return out


def parents_of(schema: Schema) -> tuple[tuple[int, ...], ...]:
    """Positions of each observation's parents."""
    return tuple(
        tuple(schema.index(parent) for parent in item.parents) for item in schema.observations
    )


def save_model(
    folder: Path,
    recipe: ImageRecipe,
    schema: Schema,
    members: Sequence[dict[str, Tensor]],
    facts: dict[str, Any],
) -> None:
    """Write a model folder, whole or not at all.

    Args:
        folder: Is replaced if it is there.
        recipe: Of the run.
        schema: Observations of the model.
        members: The state of each network.
        facts: What else a reader of the folder should know; plain values.
    """
    from safetensors.torch import save_file

    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    files = []
    for place, state in enumerate(members, start=1):
        files.append(f"weights-{place}.safetensors")
        plain = {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
        save_file(plain, beside / files[-1])
    content = {
        "format": FORMAT,
        "recipe": recipe_values(recipe),
        "schema": schema_to_dict(schema),
        "weights": files,
        **facts,
    }
    (beside / _FILE).write_text(json.dumps(content, indent=1), encoding="utf-8")
    if recipe.network.kind == "huggingface":
        (beside / _BACKBONE).mkdir()
        shutil.copyfile(
            Path(recipe.network.folder, "config.json"), beside / _BACKBONE / "config.json"
        )
    shutil.rmtree(folder, ignore_errors=True)
    beside.replace(folder)


def load_model(path: Path, device: torch.device | None = None) -> FilmModel | SelectedModel:
    """A model from its folder, a run's folder, or a selection's.

    Raises:
        CheckpointError: If there is none, or it is damaged.
    """
    folder = path / "model" if (path / "model" / _FILE).is_file() else path
    content = _content(folder)
    if "parts" not in content:
        return _load_one(folder, content).to(device or torch.device("cpu"))
    parts = []
    for part in content["parts"]:
        inside = folder / Path(part["folder"]).name
        parts.append((_load_one(inside, _content(inside)), tuple(part["observations"])))
    schema = schema_from_dict(content["schema"], str(folder / _FILE))
    return SelectedModel(tuple(parts), schema).to(device or torch.device("cpu"))


def save_selection(
    folder: Path, schema: Schema, parts: Sequence[tuple[str, Path, tuple[str, ...]]]
) -> None:
    """Write a selection: its parts are copied, so that the folder stands alone.

    Args:
        folder: Must not be there.
        schema: Of the observations of all parts.
        parts: Of each, the name of its folder inside, the model folder, and its observations.
    """
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for name, source, _ in parts:
        shutil.copytree(source, beside / name)
    content = {
        "format": FORMAT,
        "schema": schema_to_dict(schema),
        "parts": [{"folder": name, "observations": list(own)} for name, _, own in parts],
    }
    (beside / _FILE).write_text(json.dumps(content, indent=1), encoding="utf-8")
    beside.replace(folder)


def store_temperatures(path: Path, values: Sequence[float]) -> None:
    """Keep temperatures in a model's folder, one an observation."""
    folder = model_folder(path)
    content = {**_content(folder), "temperature": list(values)}
    write_text(folder / _FILE, json.dumps(content, indent=1))


def model_folder(run: Path) -> Path:
    """The model folder of a run or the folder itself.

    Raises:
        CheckpointError: If there is none.
    """
    folder = run / "model" if (run / "model" / _FILE).is_file() else run
    _content(folder)
    return folder


def _content(folder: Path) -> dict[str, Any]:
    path = folder / _FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise CheckpointError(f"{folder}: is no model of films (it has no {_FILE})") from None
    except ValueError as error:
        raise CheckpointError(f"{path}: damaged: {error}") from None
    if content.get("format") != FORMAT:
        raise CheckpointError(f"{path}: is of another version of Lingula")
    return content


def _load_one(folder: Path, content: dict[str, Any]) -> FilmModel:
    from safetensors.torch import load_file

    where = str(folder / _FILE)
    recipe = build(ImageRecipe, content["recipe"], where)
    schema = schema_from_dict(content["schema"], where)
    outputs = POLICIES[recipe.policy].outputs
    networks = []
    for name in content["weights"]:
        settings = replace(recipe.network, weights="", folder=str(folder / _BACKBONE))
        network = FilmNetwork(settings, len(schema), outputs, Normalization(0.0, 1.0))
        try:
            network.load_state_dict(load_file(folder / Path(name).name))
        except Exception as error:  # noqa: BLE001  (many kinds for a damaged file)
            raise CheckpointError(f"{folder / name}: damaged: {error}") from None
        networks.append(network.eval())
    above = parents_of(schema) if recipe.hierarchy == "conditional" else ()
    return FilmModel(recipe, schema, tuple(networks), above, tuple(content.get("temperature", ())))
