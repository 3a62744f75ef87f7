"""A model's answers outside of training steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from lingula.bert.batching import plan_batches
from lingula.bert.model import LabelModel
from lingula.bert.runtimes.torch import TorchRuntime
from lingula.bert.tokenizer import Ids, TextTokenizer
from lingula.training.data.batches import encode

#: Positions of a batch.
BATCH_TOKENS = 4096


def predict(
    model: LabelModel, sequences: Sequence[Ids], device: torch.device, pad_id: int = 0
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Logits of token sequences in evaluation mode and full precision: float32, (n, k, 4)."""
    k = len(model.schema)
    out = np.zeros((len(sequences), k, 4), dtype=np.float32)
    runtime = TorchRuntime(model, [device])
    batches = plan_batches(sequences, tokens=BATCH_TOKENS, pad_id=pad_id)
    for answer in runtime.run(batches, embedding=False):
        out[answer.rows] = answer.logits
    return out


def predict_texts(
    model: LabelModel, tokenizer: TextTokenizer, texts: Sequence[str], device: torch.device
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Logits of texts, cut at the tokenizer's length: float32, (n, k, 4). Moves the model."""
    return predict(model.to(device), encode(texts, tokenizer), device, tokenizer.pad_id)
