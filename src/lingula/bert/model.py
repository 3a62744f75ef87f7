"""The network: a Hugging Face encoder, a pooling, and one head an observation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lingula.bert.settings import Pooling, read_json_object
from lingula.errors import CheckpointError
from lingula.labels import Label, Schema
from lingula.network import silence

#: Logit of a class that an observation cannot take. Its softmax is exactly 0 in float32, and being
#: finite it keeps a loss with soft targets free of 0 * -inf; float16 can hold it.
IMPOSSIBLE = -1e4


class Output(NamedTuple):
    """What one forward pass gives.

    Attributes:
        logits: (n, k, 4), classes in the order of ``Label``; ``IMPOSSIBLE`` where a class
            cannot be.
        embedding: (n, hidden): the last layer's state at position 0.
    """

    logits: Tensor
    embedding: Tensor


class LabelHeads(nn.Module):
    """Pooling and one linear head of four classes an observation, as one tensor.

    Args:
        hidden_size: Width of the encoder.
        schema: The observations; a class that one cannot take gets ``IMPOSSIBLE``.
        pooling: "cls", "mean" or "label-attention".
        dropout: Applied to what the heads read, in training.
    """

    permits: Tensor

    def __init__(
        self, hidden_size: int, schema: Schema, pooling: Pooling = "cls", dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.pooling = pooling
        self.weight = nn.Parameter(torch.empty(len(schema), len(Label), hidden_size))
        self.bias = nn.Parameter(torch.zeros(len(schema), len(Label)))
        self.query = (
            nn.Parameter(torch.empty(len(schema), hidden_size))
            if pooling == "label-attention"
            else None
        )
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("permits", torch.from_numpy(schema.permits()), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights as BERT does: normal, standard deviation 0.02; biases zero."""
        nn.init.normal_(self.weight, std=0.02)
        nn.init.zeros_(self.bias)
        if self.query is not None:
            nn.init.normal_(self.query, std=0.02)

    def pool(self, states: Tensor, mask: Tensor) -> Tensor:
        """What the heads read: (n, 1, hidden), or (n, k, hidden) for label attention.

        Args:
            states: The encoder's last states, (n, length, hidden).
            mask: (n, length), 1 where a position is attended.
        """
        if self.pooling == "cls":
            return states[:, :1]
        weight = mask.to(states.dtype)
        if self.query is None:
            total = weight.sum(dim=1, keepdim=True).clamp(min=1)
            mean: Tensor = (weight.unsqueeze(1) @ states) / total.unsqueeze(1)
            return mean
        scores = states @ self.query.to(states.dtype).T * states.shape[-1] ** -0.5
        # A bias rather than -inf: a row without any attended position stays finite.
        scores = scores + (1 - weight).unsqueeze(-1) * IMPOSSIBLE
        attention = scores.softmax(dim=1)
        pooled: Tensor = attention.transpose(1, 2) @ states
        return pooled

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Logits (n, k, 4) from the encoder's last states (n, length, hidden)."""
        pooled = self.dropout(self.pool(states, mask))
        if self.query is None:
            flat = nn.functional.linear(pooled.squeeze(1), self.weight.flatten(0, 1))
            logits = flat.reshape(-1, *self.bias.shape)
        else:
            logits = torch.einsum("nkh,kch->nkc", pooled, self.weight.to(pooled.dtype))
        # Added and masked in the parameters' precision, also under autocast.
        return (logits.to(self.bias.dtype) + self.bias).masked_fill(~self.permits, IMPOSSIBLE)


class LabelModel(nn.Module):
    """An encoder with heads for a schema.

    Args:
        encoder: A Hugging Face encoder: its output has ``last_hidden_state``.
        schema: The observations, in the order of the heads.
        pooling: "cls", "mean" or "label-attention".
        dropout: Applied to what the heads read, in training.
    """

    encoder: Any

    def __init__(
        self, encoder: nn.Module, schema: Schema, pooling: Pooling = "cls", dropout: float = 0.1
    ) -> None:
        super().__init__()
        # The pooler of BERT and its kin is not used by any of the poolings here.
        self.encoder = encoder
        if getattr(encoder, "pooler", None) is not None:
            self.encoder.pooler = None
        self.schema = schema
        self.heads = LabelHeads(self.encoder.config.hidden_size, schema, pooling, dropout)

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any] | Path,
        schema: Schema,
        pooling: Pooling = "cls",
        dropout: float = 0.1,
        *,
        attention: str | None = None,
    ) -> LabelModel:
        """A model with random weights, in evaluation mode.

        Args:
            config: A Hugging Face configuration, as a mapping, a ``config.json`` or its folder.
            schema: The observations, in the order of the heads.
            pooling: "cls", "mean" or "label-attention".
            dropout: Of the heads; the encoder's own is in its configuration.
            attention: Implementation of attention in ``transformers``: "sdpa", "eager" or, where
                it is installed, "flash_attention_2"; its own choice if not given (SDPA, where it
                knows it for the encoder).

        Raises:
            CheckpointError: If the configuration cannot be read or is of an unknown kind.
        """
        from transformers import AutoModel

        build: Any = AutoModel.from_config  # not typed in transformers 5
        wanted = {} if attention is None else {"attn_implementation": attention}
        encoder = build(read_config(config), **wanted)
        return cls(encoder.float(), schema, pooling, dropout).eval()

    @classmethod
    def from_backbone(
        cls, name: str | Path, schema: Schema, pooling: Pooling = "cls", dropout: float = 0.1
    ) -> LabelModel:
        """A pretrained encoder with new heads, in evaluation mode.

        Args:
            name: A folder, or the name of a model on the Hugging Face hub, which is then fetched
                (only because it was named). Code that comes with a model is never run.
            schema: The observations, in the order of the heads.
            pooling: "cls", "mean" or "label-attention".
            dropout: Of the heads.

        Raises:
            CheckpointError: If there is no such encoder, or it cannot be read.
        """
        local = Path(name).exists()
        silence(hub=not local)
        from transformers import AutoModel

        try:
            with _quiet():
                # Of a folder the hub is asked nothing, whatever is missing in it.
                encoder = AutoModel.from_pretrained(
                    str(name), trust_remote_code=False, local_files_only=local
                )
        except (OSError, ValueError, KeyError) as error:
            raise CheckpointError(f"{name}: not an encoder that can be loaded: {error}") from None
        return cls(encoder.float(), schema, pooling, dropout).eval()

    @property
    def word_embeddings(self) -> Tensor:
        """The encoder's table of word embeddings: (vocabulary, width)."""
        table: Tensor = self.encoder.get_input_embeddings().weight
        return table

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *,
        inputs_embeds: Tensor | None = None,
        soft_tokens: Tensor | None = None,
    ) -> Tensor:
        """Logits, before any temperature; give exactly one of the three inputs.

        Gradients reach the weights, ``inputs_embeds`` and ``soft_tokens``.

        Args:
            input_ids: int64, (n, length), special tokens included.
            attention_mask: (n, length), 1 where a position is attended; all of them if not given.
            inputs_embeds: float, (n, length, width): word embeddings in place of ids. Position
                and type embeddings are added by the encoder.
            soft_tokens: float, (n, length, vocabulary): a distribution over the vocabulary a
                position; the expected word embedding is what the encoder reads. A one-hot row is
                that token.

        Returns:
            float, (n, k, 4), classes in the order of ``Label``; ``IMPOSSIBLE`` where a class
            cannot be.

        Raises:
            ValueError: If not exactly one input is given.
        """
        return self.answer(
            input_ids, attention_mask, inputs_embeds=inputs_embeds, soft_tokens=soft_tokens
        ).logits

    def answer(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *,
        inputs_embeds: Tensor | None = None,
        soft_tokens: Tensor | None = None,
    ) -> Output:
        """As ``forward``, with the state at position 0 beside the logits."""
        given = [x for x in (input_ids, inputs_embeds, soft_tokens) if x is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of input_ids, inputs_embeds and soft_tokens")
        if soft_tokens is not None:
            inputs_embeds = soft_tokens @ self.word_embeddings.to(soft_tokens.dtype)
        source = (
            {"input_ids": input_ids} if inputs_embeds is None else {"inputs_embeds": inputs_embeds}
        )
        # No mask, rather than one of ones, lets attention take its fastest kernel.
        states = self.encoder(**source, attention_mask=attention_mask).last_hidden_state
        if attention_mask is None:
            attention_mask = torch.ones(states.shape[:2], dtype=torch.long, device=states.device)
        return Output(self.heads(states, attention_mask), states[:, 0])


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from drawing a bar and listing the keys that Lingula does without."""
    from transformers.utils import logging as found

    logging: Any = found  # partly untyped
    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()


def read_config(config: Mapping[str, Any] | Path) -> Any:
    """A Hugging Face configuration from a mapping, a ``config.json`` or its folder.

    Raises:
        CheckpointError: If it cannot be read or is of an unknown kind.
    """
    from transformers import AutoConfig

    if isinstance(config, Mapping):
        data, where = dict(config), "configuration"
    else:
        path = config / "config.json" if config.is_dir() else config
        data, where = read_json_object(path), str(path)
    model_type = data.pop("model_type", None)
    try:
        return AutoConfig.for_model(model_type, **data)
    except (ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{where}: model_type {model_type!r} is no encoder that can be built: {error}"
        ) from None
