"""A model's weights in a model folder: ``model.safetensors`` and ``config.json``."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from lingula.bert.folder import CONFIG, TOKENIZER, WEIGHTS, ModelFolder, new_folder, write_settings
from lingula.bert.model import LabelModel
from lingula.bert.settings import ModelSettings
from lingula.bert.tokenizer import TextTokenizer
from lingula.errors import CheckpointError

#: What the heads' keys start with in the file. The encoder's keys have no prefix, so that
#: ``transformers.AutoModel.from_pretrained`` finds them.
HEADS = "lingula_heads."


def save_folder(
    target: Path,
    model: LabelModel,
    tokenizer: TextTokenizer,
    settings: ModelSettings,
    *,
    overwrite: bool = False,
) -> ModelFolder:
    """Write a model folder; it appears when it is whole.

    Raises:
        InputError: If there is something at ``target`` and ``overwrite`` is false.
    """
    with new_folder(target, overwrite=overwrite) as folder:
        write_weights(folder, model)
        write_config(folder, model)
        tokenizer.backend.save(str(folder / TOKENIZER))
        write_settings(folder, settings)
    return ModelFolder.open(target)


def write_weights(folder: Path, model: LabelModel) -> None:
    """Write the weights into a folder, in float32."""
    from safetensors.torch import save_file

    state = {
        HEADS + name.removeprefix("heads.")
        if name.startswith("heads.")
        else name.removeprefix("encoder."): value.detach().to("cpu", torch.float32).contiguous()
        for name, value in model.state_dict().items()
    }
    save_file(state, str(folder / WEIGHTS), metadata={"format": "pt"})
    # safetensors writes through a private temporary file.
    (folder / WEIGHTS).chmod(0o644)


def write_config(folder: Path, model: LabelModel) -> None:
    """Write the encoder's configuration into a folder."""
    model.encoder.config.save_pretrained(str(folder))


def load_model(folder: ModelFolder, *, attention: str | None = None) -> LabelModel:
    """The torch model of a folder: float32, on the CPU, in evaluation mode.

    Raises:
        CheckpointError: If a file is missing, changed or damaged, or the weights do not fit.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    settings = folder.settings
    model = LabelModel.from_config(
        folder.file(CONFIG),
        settings.schema,
        settings.pooling,
        settings.dropout,
        attention=attention,
    )
    path = folder.file(WEIGHTS)
    try:
        stored: dict[str, Tensor] = load_file(str(path))
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged: {error}") from None
    state = {
        "heads." + name.removeprefix(HEADS) if name.startswith(HEADS) else "encoder." + name: value
        for name, value in stored.items()
    }
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: does not fit {CONFIG}: {error}") from None
    for name, value in state.items():
        if not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"{path}: {name} holds values that are no finite numbers")
    return model
