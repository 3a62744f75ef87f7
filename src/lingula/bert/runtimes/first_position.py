"""Spare the last layer of a torch encoder what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from lingula.bert.model import LabelModel


@contextmanager
def first_position_only(model: LabelModel) -> Iterator[bool]:
    """Within it, a BERT encoder's last layer answers for position 0 alone.

    What follows the last layer's attention treats every position by itself, and CLS pooling reads
    position 0 only: the rest, 6% of the work in bert-base, need not be computed. Gives whether the
    model allows it; other poolings and other kinds of encoders are left as they are.

    Args:
        model: Must not be used by another thread meanwhile.
    """
    attention = _last_attention(model) if model.heads.pooling == "cls" else None
    if attention is None:
        yield False
        return
    hook = attention.register_forward_hook(_cut)
    try:
        yield True
    finally:
        hook.remove()


def _last_attention(model: LabelModel) -> nn.Module | None:
    """The module whose output the last layer's feed-forward part reads, in transformers' BERT."""
    if getattr(model.encoder.config, "model_type", None) != "bert":
        return None
    layers: Any = model.encoder.encoder.layer
    last: nn.Module = layers[-1].attention
    return last


def _cut(_module: nn.Module, _given: Any, answer: Any) -> Any:
    states: Tensor = answer[0]
    return (states[:, :1], *answer[1:])
