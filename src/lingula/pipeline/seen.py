"""What has been seen so far, in little memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from lingula.labels import Evidence

#: Stands for no text among the hashes of texts.
_NO_TEXT = bytes(8)


class SeenHashes:
    """A set of 64-bit hashes that takes 8 bytes each (a Python set takes about 90).

    Sorted runs whose lengths grow by powers of two, merged as they come. Two of a million
    different values share a hash once in 37 million runs.
    """

    def __init__(self) -> None:
        self._runs: list[npt.NDArray[np.int64]] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, hashes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Add n hashes; says for each whether it was there before, in this call too."""
        distinct, first = np.unique(hashes, return_index=True)
        old = np.ones(len(hashes), dtype=np.bool_)
        new = np.ones(len(distinct), dtype=np.bool_)
        for run in self._runs:
            at = np.searchsorted(run, distinct)
            at[at == len(run)] = 0
            new &= run[at] != distinct
        old[first[new]] = False
        fresh = distinct[new]
        if len(fresh):
            self._runs.append(fresh)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1] = np.sort(np.concatenate([self._runs[-1], last]))
        return old


@dataclass(slots=True)
class Slot:
    """Room for the labels of one text; filled when its task is done.

    Attributes:
        classes: k bytes, one class index each.
        probabilities: k x 4 float32 numbers as bytes, or empty.
        evidence: Its evidence, or nothing.
        remark: Bits of ``Remark``.
    """

    classes: bytes = b""
    probabilities: bytes = b""
    evidence: tuple[Evidence, ...] = field(default=())
    remark: int = 0


def text_key(text: str | None) -> bytes:
    """A digest that stands for a text: 16 bytes, and none for no text."""
    if text is None:
        return b""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()


def joined_key(keys: Iterable[bytes]) -> bytes:
    """A digest that stands for several texts in their order, from their keys: 16 bytes."""
    digest = blake2b(digest_size=16)
    for key in keys:
        # The key of no text is shorter than the others.
        digest.update(key or b"\0")
    return digest.digest()


def hashes_of(keys: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """The first eight bytes of n keys as numbers: int64, shape (n,)."""
    joined = b"".join([key[:8] or _NO_TEXT for key in keys])
    return np.frombuffer(joined, dtype=np.int64)


class SlotCache:
    """The slots of the texts seen last, by key; the ones longest unseen are forgotten.

    Two generations: what is asked for moves to the young one; when that is full it becomes the
    old one, and the old one is dropped.

    Args:
        capacity: Slots of a generation.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._young: dict[bytes, Slot] = {}
        self._old: dict[bytes, Slot] = {}

    def get(self, key: bytes) -> Slot | None:
        """The slot of a text, or None if it is not remembered."""
        slot = self._young.get(key)
        if slot is None:
            slot = self._old.get(key)
            if slot is not None:
                self.put(key, slot)
        return slot

    def slots(self, keys: Sequence[bytes]) -> tuple[list[Slot], list[int]]:
        """A slot for each of n different keys, and the positions of those that are new."""
        slots: list[Slot] = []
        new: list[int] = []
        for position, key in enumerate(keys):
            slot = self._young.get(key) or self.get(key)
            if slot is None:
                slot = Slot()
                self.put(key, slot)
                new.append(position)
            slots.append(slot)
        return slots, new

    def put(self, key: bytes, slot: Slot) -> None:
        """Remember a slot."""
        if len(self._young) >= self._capacity:
            self._old, self._young = self._young, {}
        self._young[key] = slot
