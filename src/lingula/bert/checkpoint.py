"""CheXbert's checkpoint (Smit et al., EMNLP 2020) to and from Lingula's model.

The file holds ``model_state_dict`` beside the epoch and the optimizer's state. One table says where
each of its tensors has its place; it is read in both directions.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lingula.bert.model import LabelModel
from lingula.bert.settings import ModelSettings
from lingula.bert.tokenizer import TextTokenizer
from lingula.errors import CheckpointError
from lingula.labels import Schema
from lingula.schemas import CHEXBERT_ORDER, load_schema

ASSETS = Path(__file__).parent / "assets"

#: Keys that a checkpoint may hold and that no answer depends on: the unused pooler, and a buffer
#: of older versions of transformers.
UNUSED = (
    "bert.pooler.dense.weight",
    "bert.pooler.dense.bias",
    "bert.embeddings.position_ids",
)

#: What the original's DataParallel wrapper puts before every key.
WRAPPER = "module."


@dataclass(frozen=True)
class Place:
    """Where one tensor of the checkpoint belongs.

    Attributes:
        name: Key in ``LabelModel``'s state dict.
        row: Row of that tensor, for a head; None for the whole tensor.
        classes: Classes of that row.
    """

    name: str
    row: int | None = None
    classes: tuple[int, ...] = ()

    def of(self, state: Mapping[str, Tensor]) -> Tensor:
        """The tensor at this place of a ``LabelModel``'s state."""
        whole = state[self.name]
        return whole if self.row is None else whole[self.row, list(self.classes)]


def key_table(names: Sequence[str], schema: Schema) -> dict[str, Place]:
    """Each key of a CheXbert checkpoint (without wrapper) and its place in a ``LabelModel``.

    Args:
        names: Keys of the ``LabelModel``'s state dict.
        schema: Its schema, with the names of ``CHEXBERT_ORDER``.
    """
    table = {
        "bert." + name.removeprefix("encoder."): Place(name)
        for name in names
        if name.startswith("encoder.")
    }
    for head, observation in enumerate(CHEXBERT_ORDER):
        row = schema.index(observation)
        classes = tuple(int(label) for label in schema.observations[row].labels)
        for part in ("weight", "bias"):
            table[f"linear_heads.{head}.{part}"] = Place(f"heads.{part}", row, classes)
    return table


def load_checkpoint(path: Path) -> tuple[LabelModel, TextTokenizer, ModelSettings]:
    """Read a CheXbert checkpoint.

    The configuration and vocabulary of bert-base-uncased ship with Lingula; a ``config.json`` or
    ``vocab.txt`` beside the file takes their place.

    Returns:
        The model (float32, on the CPU, in evaluation mode), its tokenizer and its settings.

    Raises:
        CheckpointError: If the file is damaged, holds more than tensors, or is of another model.
    """
    state = _without_wrapper(_model_state(_read(path), path))
    schema = load_schema("chexpert14")
    model = LabelModel.from_config(_beside(path, "config.json"), schema)
    _fill(model, state, path)
    settings = ModelSettings(
        schema=schema,
        name=path.name,
        pooling="cls",
        max_length=min(512, int(model.encoder.config.max_position_embeddings)),
        empty_text="model",
        training={"source": "a CheXbert checkpoint", "file": path.name},
    )
    vocabulary = _beside(path, "vocab.txt")
    tokenizer = TextTokenizer.from_vocabulary(vocabulary, settings.max_length)
    rows = len(model.word_embeddings)
    if tokenizer.vocabulary_size != rows:
        raise CheckpointError(
            f"{vocabulary}: {tokenizer.vocabulary_size} tokens, but {path.name} was trained with "
            f"{rows}: put the vocab.txt that belongs to it beside it"
        )
    return model, tokenizer, settings


def checkpoint_state(model: LabelModel) -> dict[str, Tensor]:
    """The ``model_state_dict`` of a CheXbert checkpoint with a model's weights (no wrapper).

    Raises:
        CheckpointError: If the model's pooling is not CheXbert's.
    """
    if model.heads.pooling != "cls":
        raise CheckpointError(
            f"a CheXbert checkpoint has pooling 'cls', this model {model.heads.pooling!r}"
        )
    state = model.state_dict()
    return {
        key: place.of(state).clone() for key, place in key_table(list(state), model.schema).items()
    }


def _beside(path: Path, name: str) -> Path:
    own = path.with_name(name)
    return own if own.is_file() else ASSETS / name


def _read(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            # torch warns of pickles of another protocol, which it then refuses.
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "truncated" in str(error) or "Ran out of input" in str(error):
            raise CheckpointError(_damaged(path)) from None
        # torch refused something in the pickle; its message is long and names private things.
        raise CheckpointError(
            f"{path}: refused, because it is not a file of tensors alone: it holds code or other "
            "objects, or is no torch checkpoint. Nothing in it was run"
        ) from None
    except Exception:  # noqa: BLE001  (what torch raises over damaged bytes has no common class)
        raise CheckpointError(_damaged(path)) from None


def _damaged(path: Path) -> str:
    return (
        f"{path}: damaged or cut short ({path.stat().st_size:,} bytes), or no torch checkpoint: "
        "copy it again from its source"
    )


def _model_state(content: Any, path: Path) -> dict[str, Tensor]:
    state = content.get("model_state_dict", content) if isinstance(content, Mapping) else None
    if (
        not isinstance(state, Mapping)
        or not state
        or not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in state.items())
    ):
        raise CheckpointError(f"{path}: holds no model_state_dict: not a CheXbert checkpoint")
    return dict(state)


def _without_wrapper(state: dict[str, Tensor]) -> dict[str, Tensor]:
    if all(key.startswith(WRAPPER) for key in state):
        return {key.removeprefix(WRAPPER): value for key, value in state.items()}
    return state


def _fill(model: LabelModel, state: Mapping[str, Tensor], path: Path) -> None:
    own = model.state_dict()
    table = key_table(list(own), model.schema)
    missing = [key for key in table if key not in state]
    unexpected = [key for key in state if key not in table and key not in UNUSED]
    if missing or unexpected:
        raise CheckpointError(
            f"{path}: not the weights of a CheXbert model of this shape "
            f"({len(missing)} keys missing{_some(missing)}; "
            f"{len(unexpected)} unexpected{_some(unexpected)}); a model of another depth needs its "
            "config.json beside it"
        )
    for key, place in table.items():
        tensor, target = state[key], place.of(own)
        if tensor.shape != target.shape:
            raise CheckpointError(
                f"{path}: {key} has shape {tuple(tensor.shape)}, the model {tuple(target.shape)}: "
                "a model of another width or vocabulary needs its config.json (and vocab.txt) "
                "beside it"
            )
        if not tensor.is_floating_point() or not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(
                f"{path}: {key} holds values that are no finite numbers: a training that diverged "
                "or a damaged file; its answers would mean nothing"
            )
    with torch.no_grad():
        # Rows of classes that an observation cannot take stay zero; they are masked.
        model.heads.weight.zero_()
        model.heads.bias.zero_()
        for key, place in table.items():
            if place.row is None:
                own[place.name].copy_(state[key])
            else:
                own[place.name][place.row, list(place.classes)] = state[key].to(torch.float32)


def _some(keys: Sequence[str]) -> str:
    if not keys:
        return ""
    return ": " + ", ".join(keys[:4]) + (", ..." if len(keys) > 4 else "")
