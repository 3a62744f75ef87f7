"""Token ids of marked sentences, in windows of fixed lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from lingula.errors import CheckpointError

Ids = npt.NDArray[np.int64]

#: A sentence is read at the first of these lengths that holds it, special tokens included. The
#: length is the sentence's own, so its answer is the same in every company; short sentences, which
#: are most, are not padded at all.
LENGTHS = (*range(3, 33), 36, 40, 44, 48, 56, 64)
#: How far windows of a longer sentence move on.
STEP = 31


@dataclass(frozen=True, eq=False)
class Window:
    """Some or all tokens of a marked sentence.

    Attributes:
        ids: int64, (length,), padded with 0 up to one of ``LENGTHS``.
        used: How many ids are no padding.
        marks: For each mark that is read in this window, its number in the sentence and its
            position among the ids.
    """

    ids: Ids
    used: int
    marks: tuple[tuple[int, int], ...]


class MarkReader:
    """Cuts marked sentences into windows of token ids.

    Args:
        tokenizer: Whose vocabulary holds the marks as special tokens.
        names: The marks.

    Raises:
        CheckpointError: If the vocabulary lacks one.
    """

    def __init__(self, tokenizer: Tokenizer, names: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        found = {name: tokenizer.token_to_id(name) for name in (*names, "[CLS]", "[SEP]")}
        ids = {name: number for name, number in found.items() if number is not None}
        if len(ids) < len(found):
            raise CheckpointError(
                f"the tokenizer lacks {min(set(found) - set(ids))!r}: it is no mention model's"
            )
        marks = [ids[name] for name in names]
        #: The smallest id of a mark; those of words are smaller.
        self.first_mark = min(marks)
        self._most = max(marks)
        self._begin, self._end = ids["[CLS]"], ids["[SEP]"]

    def windows(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text; every mark stands in exactly one."""
        encode = getattr(self._tokenizer, "encode_batch_fast", self._tokenizer.encode_batch)
        return [
            self._cut(np.asarray(found.ids, dtype=np.int64))
            for found in encode(list(texts), add_special_tokens=False)
        ]

    def _cut(self, ids: Ids) -> list[Window]:
        places = np.flatnonzero((ids >= self.first_mark) & (ids <= self._most))
        room = LENGTHS[-1] - 2
        if len(ids) <= room:
            return [self._window(ids, 0, list(enumerate(places.tolist())))]
        last = len(ids) - room
        starts = [*range(0, last, STEP), last]
        # A mark is read where it stands nearest to the middle.
        chosen: dict[int, list[tuple[int, int]]] = {}
        for number, place in enumerate(places.tolist()):
            start = min(starts, key=lambda at: (abs(place - at - room // 2), at))
            chosen.setdefault(start, []).append((number, place))
        return [
            self._window(ids[start : start + room], start, marks) for start, marks in chosen.items()
        ]

    def _window(self, ids: Ids, start: int, marks: list[tuple[int, int]]) -> Window:
        used = len(ids) + 2
        length = next(size for size in LENGTHS if used <= size)
        row = np.zeros(length, dtype=np.int64)
        row[0], row[used - 1] = self._begin, self._end
        row[1 : used - 1] = ids
        return Window(row, used, tuple((number, place - start + 1) for number, place in marks))
