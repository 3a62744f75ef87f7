"""The network of a mention model that was written: to train it further."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from lingula.builtin.mention_model import FIRST, REST, SETTINGS, TOKENIZER
from lingula.errors import CheckpointError
from lingula.training.mentions.network import MentionNetwork

#: Of a product's name in the graph, what it is multiplied with.
_PRODUCT = re.compile(r"/layers\.(\d+)/(.+)/MatMul_output_0_bits")
_LAYER = re.compile(r"layers\.(\d+)\.(.+)")
#: Attention heads of MiniLM (Wang et al., 2020), where a model's settings do not name them.
_HEADS = 12


def is_mention_model(folder: Path) -> bool:
    """Whether a folder holds a mention model."""
    return (folder / SETTINGS).is_file()


def open_network(folder: Path, dropout: float = 0.1) -> tuple[MentionNetwork, Tokenizer]:
    """Network and tokenizer of a model folder, its 8-bit weights as the numbers they stand for.

    Args:
        folder: As ``export_mentions`` and ``write_model`` made it.
        dropout: Of further training.

    Raises:
        CheckpointError: If a weight is missing.
    """
    from transformers import BertConfig

    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    first, early_layers = _weights(folder / FIRST, 0)
    rest, layers = _weights(folder / REST, early_layers)
    state = {
        **{f"encoder.{name}": value for name, value in {**first, **rest}.items()},
        "early_head.weight": first["head.weight"],
        "early_head.bias": first["head.bias"],
        "head.weight": rest["head.weight"],
        "head.bias": rest["head.bias"],
    }
    del state["encoder.head.weight"], state["encoder.head.bias"]
    words, hidden = first["embeddings.word_embeddings.weight"].shape
    shape = {
        "vocab_size": words,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": settings.get("heads", _HEADS),
        "intermediate_size": len(first["encoder.layer.0.intermediate.dense.bias"]),
        "max_position_embeddings": len(first["embeddings.position_embeddings.weight"]),
    }
    config = BertConfig.from_dict(shape, attn_implementation="eager")
    network = MentionNetwork(config, dropout=dropout, early=early_layers)
    found = network.load_state_dict(state, strict=False)
    missing = [name for name in found.missing_keys if not name.endswith("position_ids")]
    if missing or found.unexpected_keys:
        lacking = min([*missing, *found.unexpected_keys])
        raise CheckpointError(f"{folder}: the weight {lacking} is missing or has no place")
    text = (folder / TOKENIZER).read_text(encoding="utf-8")
    return network, Tokenizer.from_str(text)


def _weights(path: Path, before: int) -> tuple[dict[str, Tensor], int]:
    """Weights of a graph under the encoder's names, and the number of layers up to its end.

    Args:
        path: The graph.
        before: How many layers come before its first.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    tables = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    found: dict[str, Tensor] = {}
    most = before
    for name, table in tables.items():
        if product := _PRODUCT.fullmatch(name):
            key = f"{int(product[1]) + before}.{product[2].replace('/', '.')}"
            whole = table.astype(np.float32) * tables[name.replace("_bits", "_scale")]
            found[f"encoder.layer.{key}.weight"] = _tensor(whole.T)
        elif layer := _LAYER.fullmatch(name):
            most = max(most, int(layer[1]) + before + 1)
            found[f"encoder.layer.{int(layer[1]) + before}.{layer[2]}"] = _tensor(table)
        elif name == "words_bits":
            words = table.astype(np.float32) * tables["words_scale"]
            found["embeddings.word_embeddings.weight"] = _tensor(words)
        elif name.startswith("embeddings.") or name == "head.bias":
            found[name] = _tensor(table)
        elif table.ndim == 2 and name.startswith("onnx::MatMul"):
            found["head.weight"] = _tensor(table.T)
    return found, most


def _tensor(table: Any) -> Tensor:
    return torch.from_numpy(np.array(table, dtype=np.float32))
