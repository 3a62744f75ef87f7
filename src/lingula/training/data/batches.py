"""The batches of each epoch, drawn so that any epoch can be drawn again on its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lingula.bert.batching import Batch
from lingula.bert.text import clean_text
from lingula.bert.tokenizer import Ids, TextTokenizer
from lingula.training.data.examples import Rows

#: Lengths of batches are multiples of this: few shapes, so that memory is not cut in pieces.
LENGTH_STEP = 8

#: Examples are sorted by length within blocks of this many times a batch's rows.
BLOCK = 32


def encode(texts: Sequence[str], tokenizer: TextTokenizer) -> list[Ids]:
    """Token ids of texts, cut at the tokenizer's length."""
    return [item.windows[0] for item in tokenizer.encode([clean_text(text) for text in texts])]


def epoch_batches(
    lengths: npt.NDArray[np.intp],
    batch_tokens: int,
    seed: Sequence[int],
    chances: npt.NDArray[np.float64] | None = None,
) -> list[Rows]:
    """The rows of each batch of one epoch.

    Args:
        lengths: Token ids of each example, (n,).
        batch_tokens: Positions of a batch, padding included; a longer example is a batch alone.
        seed: Of this epoch; the same seed gives the same batches.
        chances: Chance of each example, for drawing n with replacement; each once if not given.

    Returns:
        Batches of examples of like length, in random order.
    """
    generator = np.random.default_rng(list(seed))
    n = len(lengths)
    order = generator.permutation(n) if chances is None else generator.choice(n, n, p=chances)
    rows = max(1, batch_tokens // max(1, int(lengths.mean())))
    out: list[Rows] = []
    for start in range(0, n, BLOCK * rows):
        block = order[start : start + BLOCK * rows]
        block = block[np.argsort(lengths[block], kind="stable")]
        first = 0
        for position in range(1, len(block) + 1):
            ends = position == len(block)
            if not ends:
                longest = padded(int(lengths[block[position]]))
                ends = longest * (position + 1 - first) > batch_tokens
            if ends:
                out.append(block[first:position])
                first = position
    return [out[place] for place in generator.permutation(len(out))]


def fill_batch(sequences: Sequence[Ids], rows: Rows, pad_id: int) -> Batch:
    """The batch of some examples, filled to a multiple of ``LENGTH_STEP``."""
    length = padded(max(len(sequences[row]) for row in rows))
    ids = np.full((len(rows), length), pad_id, dtype=np.int64)
    mask = np.zeros((len(rows), length), dtype=np.int64)
    for position, row in enumerate(rows):
        own = sequences[row]
        ids[position, : len(own)] = own
        mask[position, : len(own)] = 1
    return Batch(rows, ids, mask)


def padded(length: int) -> int:
    """The next multiple of ``LENGTH_STEP``."""
    return -(-length // LENGTH_STEP) * LENGTH_STEP
