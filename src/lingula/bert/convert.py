"""From a CheXbert checkpoint, or from another model folder, to a model folder."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from lingula.bert.export import export_onnx, quantize_onnx
from lingula.bert.folder import (
    ONNX,
    ONNX_INT8,
    TOKENIZER,
    ModelFolder,
    new_folder,
    sha256_of,
    write_settings,
)
from lingula.bert.model import LabelModel
from lingula.bert.settings import ModelSettings
from lingula.bert.tokenizer import TextTokenizer
from lingula.bert.weights import load_model, write_config, write_weights
from lingula.errors import RecipeError


def convert(
    source: Path,
    target: Path,
    *,
    onnx: bool = False,
    int8: bool = False,
    weights: bool = True,
    overwrite: bool = False,
) -> ModelFolder:
    """Write a model folder; it appears at ``target`` when it is whole.

    Args:
        source: A CheXbert checkpoint or a model folder.
        target: Folder to write.
        onnx: Add a float32 graph, which the base install can run.
        int8: Add an 8-bit graph, which the base install can run.
        weights: Keep ``model.safetensors``, which torch needs.
        overwrite: Replace a model folder that is there.

    Raises:
        CheckpointError: If the source is damaged or of another model.
        InputError: If there is something at ``target``.
        RecipeError: If nothing would be left that can be run.
    """
    if not (onnx or int8 or weights):
        raise RecipeError("a folder without weights needs an ONNX graph: add --onnx or --int8")
    model, tokenizer, settings = _read(source)
    with new_folder(target, overwrite=overwrite) as folder:
        if weights:
            write_weights(folder, model)
        write_config(folder, model)
        tokenizer.backend.save(str(folder / TOKENIZER))
        _write_graphs(folder, model, onnx=onnx, int8=int8)
        write_settings(folder, settings)
    return ModelFolder.open(target)


def _read(source: Path) -> tuple[LabelModel, TextTokenizer, ModelSettings]:
    if source.is_dir():
        folder = ModelFolder.open(source)
        return load_model(folder), folder.tokenizer(), folder.settings
    from lingula.bert.checkpoint import load_checkpoint

    model, tokenizer, settings = load_checkpoint(source)
    facts = {**settings.training, "sha256": sha256_of(source)}
    return model, tokenizer, replace(settings, training=facts)


def _write_graphs(folder: Path, model: LabelModel, *, onnx: bool, int8: bool) -> None:
    if not (onnx or int8):
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix=".graph-") as scratch:
        plain = Path(scratch) / ONNX
        export_onnx(model, plain)
        if int8:
            quantize_onnx(plain, folder / ONNX_INT8)
        if onnx:
            plain.replace(folder / ONNX)
