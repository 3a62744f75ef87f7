"""Reports as a source of batches for the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from lingula.bert.tokenizer import Ids
from lingula.training.data.batches import epoch_batches, fill_batch
from lingula.training.data.examples import Examples, Rows
from lingula.training.fit.batches import Batch


@dataclass(frozen=True, eq=False)
class TextSource:
    """Examples in batches of like length.

    Attributes:
        examples: n texts with their labels.
        sequences: Token ids of each.
        pad_id: Fills short rows.
        batch_tokens: Positions of a batch, padding included.
        seed: Of the batches.
        chances: Chance of each example, for drawing with replacement; each once if None.
    """

    examples: Examples
    sequences: Sequence[Ids]
    pad_id: int
    batch_tokens: int
    seed: int
    chances: npt.NDArray[np.float64] | None = None

    def epoch(self, number: int) -> list[Rows]:
        """The rows of each batch of an epoch."""
        lengths = np.array([len(ids) for ids in self.sequences], dtype=np.intp)
        return epoch_batches(lengths, self.batch_tokens, (self.seed, number), self.chances)

    def batch(self, rows: Rows, epoch: int) -> Batch:
        """``input_ids`` and ``attention_mask``, (n, length), and the labels of the rows."""
        filled = fill_batch(self.sequences, rows, self.pad_id)
        examples = self.examples
        targets = {
            "classes": examples.classes[rows].astype(np.int64),
            "coded": examples.coded[rows],
            "positive": examples.positive[rows],
            "rows": rows.astype(np.int64),
        }
        return Batch(
            {
                "input_ids": torch.from_numpy(filled.ids),
                "attention_mask": torch.from_numpy(filled.mask),
            },
            {name: torch.from_numpy(array) for name, array in targets.items()},
        )

    def digest(self) -> str:
        """SHA-256 of texts and labels."""
        return self.examples.digest()
