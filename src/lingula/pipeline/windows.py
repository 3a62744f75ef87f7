"""Batches of rows on their way: their different texts, and room for the labels of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.pipeline.seen import SeenHashes, Slot, SlotCache, hashes_of, joined_key, text_key
from lingula.pipeline.task import TaskResult
from lingula.pipeline.texts import require_words
from lingula.tables.arrays import int32_numbers
from lingula.tables.report_table import texts_of
from lingula.text.content import PLACEHOLDER_CHARACTERS, placeholder

if TYPE_CHECKING:
    import pyarrow as pa

#: Texts that are remembered with their labels, twice over; about 300 bytes each.
REMEMBERED = 30_000
#: The same where probabilities or evidence come with them, which take some kilobytes.
REMEMBERED_WITH_REASONS = 5_000


@dataclass(eq=False)
class Window:
    """A batch of n rows on its way.

    Attributes:
        number: Counted from 0.
        batch: The rows of the input.
        texts: The text of each row.
        indices: Which of ``slots`` is each row's: int64, shape (n,).
        slots: Room for the labels of each different text.
        fresh: Those of ``slots`` that this window's own task fills.
        fresh_texts: Their texts, in that order.
        key: Stands for ``fresh_texts``.
        task: The labels of ``fresh_texts``, once it is under way.
        restored: Whether the task was finished by an earlier run.
    """

    number: int
    batch: pa.RecordBatch
    texts: pa.Array
    indices: npt.NDArray[np.int64]
    slots: list[Slot]
    fresh: list[Slot]
    fresh_texts: list[str | None]
    key: bytes
    task: Future[TaskResult] | None = None
    restored: bool = False

    def fill(self, result: TaskResult) -> None:
        """Put the task's labels where the rows, and later windows, find them."""
        for position, slot in enumerate(self.fresh):
            slot.classes = result.classes[position].tobytes()
            slot.remark = int(result.remarks[position])
            if result.probabilities is not None:
                slot.probabilities = result.probabilities[position].tobytes()
            if result.evidence is not None:
                slot.evidence = result.evidence[position]

    def classes(self, width: int) -> npt.NDArray[np.int8]:
        """Labels of the rows, when all slots are filled: int8, shape (n, k)."""
        held = np.frombuffer(b"".join([slot.classes for slot in self.slots]), dtype=np.int8)
        return held.reshape(-1, width)[self.indices]

    def remarks(self) -> npt.NDArray[np.uint8]:
        """Remarks of the rows, when all slots are filled: uint8, shape (n,)."""
        return np.array([slot.remark for slot in self.slots], dtype=np.uint8)[self.indices]

    def probabilities(self, width: int) -> npt.NDArray[np.float32]:
        """Probabilities of the rows, when all slots are filled: float32, shape (n, k, 4)."""
        held = np.frombuffer(b"".join([slot.probabilities for slot in self.slots]), np.float32)
        return held.reshape(-1, width, 4)[self.indices]


class Windows:
    """Makes windows of batches, and finds the texts that were seen before.

    Args:
        columns: Positions of the text columns.
        names: Their names.
        source: The input, as messages name it.
        reasons: Whether probabilities or evidence come with the labels.
        may_be_numbers: Whether a text column of numbers alone is let through.
        keep_placeholders: Whether "n/a", "no report" and the like are labeled as reports.
    """

    def __init__(
        self,
        columns: Sequence[int],
        names: Sequence[str],
        source: str,
        *,
        reasons: bool,
        may_be_numbers: bool,
        keep_placeholders: bool = False,
    ) -> None:
        self._columns = columns
        self._names = names
        self._source = source
        self._cache = SlotCache(REMEMBERED_WITH_REASONS if reasons else REMEMBERED)
        self._seen = SeenHashes()
        self._check_numbers = not may_be_numbers
        self.count = 0
        self.empty = 0
        self.labeled = 0
        self._keep_placeholders = keep_placeholders
        #: Words that stood for a report that is not there, and in how many rows.
        self.placeholders: Counter[str] = Counter()

    @property
    def distinct(self) -> int:
        """Number of different texts so far."""
        return len(self._seen)

    def make(self, batch: pa.RecordBatch) -> Window:
        """A window of a batch; its fresh texts are yet to be labeled.

        Raises:
            ColumnError: If the first batch shows that the text column holds numbers.
        """
        texts = texts_of(batch, self._columns)
        if self._check_numbers:
            require_words(texts, self._names[0], self._source)
            self._check_numbers = False
        encoded = texts.dictionary_encode(null_encoding="encode")
        indices = int32_numbers(encoded.indices).astype(np.int64)
        different: list[str | None] = encoded.dictionary.to_pylist()
        keys = list(map(text_key, different))
        words = self._count(different, keys, indices)
        slots, new = self._cache.slots(keys)
        fresh = [slots[position] for position in new]
        fresh_texts = [None if at in words else different[at] for at in new]
        fresh_keys = [keys[position] for position in new]
        task_key = joined_key(fresh_keys)
        window = Window(self.count, batch, texts, indices, slots, fresh, fresh_texts, task_key)
        self.count += 1
        self.labeled += len(fresh)
        return window

    def _count(
        self,
        different: Sequence[str | None],
        keys: Sequence[bytes],
        indices: npt.NDArray[np.int64],
    ) -> dict[int, str]:
        """Count what is seen and what is empty; the texts that are placeholders, by position."""
        missing = np.array([text is None or not text.strip() for text in different], dtype=np.bool_)
        words: dict[int, str] = {}
        if not self._keep_placeholders:
            for position, text in enumerate(different):
                if text and len(text) <= PLACEHOLDER_CHARACTERS:
                    word = None if missing[position] else placeholder(text)
                    if word is not None:
                        words[position] = word
        rows = np.bincount(indices, minlength=len(different))
        for position, word in words.items():
            missing[position] = True
            self.placeholders[word] += int(rows[position])
        self.empty += int(rows[missing].sum())
        self._seen.add(hashes_of(keys))
        return words
