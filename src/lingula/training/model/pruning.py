"""Cut a WordPiece vocabulary down to what a corpus uses, without changing any output on it."""

from __future__ import annotations

import string
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lingula.bert.model import LabelModel
from lingula.bert.text import clean_text
from lingula.bert.tokenizer import SPECIAL_TOKENS, TextTokenizer
from lingula.errors import RecipeError

#: Texts that are tokenized at once.
CHUNK = 2048


def prune_vocabulary(
    model: LabelModel,
    tokenizer: TextTokenizer,
    texts: Sequence[str],
    *,
    keep_tokens: int = 0,
    words: Iterable[str] = (),
) -> TextTokenizer:
    """Keep the tokens that texts use; the model's embedding table is cut in place.

    WordPiece takes the longest piece that the vocabulary has, so a text whose pieces are all kept
    is cut into the same pieces again, and the outputs on it stay exactly the same; this is checked.
    Special tokens and single letters, digits and signs stay too, so that a new word of a later
    report is spelled and not lost.

    Args:
        model: Over an encoder whose tokenizer is BERT's uncased WordPiece.
        tokenizer: Of the model.
        texts: The corpus.
        keep_tokens: How many of the vocabulary's first whole words stay in any case.
        words: Other texts whose tokens stay.

    Returns:
        The new tokenizer.

    Raises:
        RecipeError: If the tokenizer is of another kind.
    """
    old = tokenizer.backend.get_vocab(with_added_tokens=True)
    if not set(SPECIAL_TOKENS) <= set(old):
        raise RecipeError(
            "prune_vocabulary = true works with BERT's uncased WordPiece vocabularies only"
        )
    before = [_ids(tokenizer, chunk) for chunk in _chunks(texts)]
    used = {int(item) for chunk in before for ids in chunk for item in ids}
    used |= {int(item) for ids in _ids(tokenizer, list(words)) for item in ids}
    by_id = sorted(old.items(), key=lambda entry: entry[1])
    frequent = [name for name, _ in by_id if name.isalpha() and name.isascii() and len(name) > 1]
    kept = set(SPECIAL_TOKENS) | set(frequent[:keep_tokens])
    kept |= set(string.ascii_lowercase + string.digits + string.punctuation)
    kept |= {"##" + sign for sign in string.ascii_lowercase + string.digits}
    chosen = [(name, index) for name, index in by_id if index in used or name in kept]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("".join(f"{name}\n" for name, _ in chosen), encoding="utf-8")
        pruned = TextTokenizer.from_vocabulary(path, tokenizer.max_length)
    place = np.full(max(old.values()) + 1, -1, dtype=np.int64)
    place[[index for _, index in chosen]] = np.arange(len(chosen))
    for chunk, ids in zip(_chunks(texts), before, strict=True):
        again = _ids(pruned, chunk)
        if any(not np.array_equal(place[a], b) for a, b in zip(ids, again, strict=True)):
            raise RecipeError(
                "prune_vocabulary = true needs BERT's uncased tokenizer (lower case, accents "
                "stripped); this encoder's cuts texts in another way"
            )
    _cut_embeddings(model, [index for _, index in chosen], pruned.pad_id)
    return pruned


def _ids(
    tokenizer: TextTokenizer, texts: Sequence[str]
) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    encoded = tokenizer.encode([clean_text(text) for text in texts], windows=True, overlap=0)
    return [np.concatenate(item.windows) for item in encoded]


def _chunks(texts: Sequence[str]) -> Iterable[Sequence[str]]:
    return (texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK))


def _cut_embeddings(model: LabelModel, rows: list[int], pad_id: int) -> None:
    table = model.word_embeddings
    with torch.no_grad():
        cut = nn.Embedding(len(rows), table.shape[1], padding_idx=pad_id)
        cut.weight.copy_(table[rows])
    model.encoder.set_input_embeddings(cut)
    model.encoder.config.vocab_size = len(rows)
    model.encoder.config.pad_token_id = pad_id
