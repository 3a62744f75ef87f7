"""Training examples: texts with the labels that a loss needs, whatever they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Label
from lingula.text.normalize import normal_form

Classes = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Examples:
    """n texts and their labels under a schema of k observations.

    Attributes:
        texts: The texts.
        classes: int8, (n, k): the full label of each cell, in the order of ``Label``; for a
            positive-only row the silver label, which says how the rest is split.
        coded: bool, (n,): rows whose expert labels are positive-only.
        positive: bool, (n, k): cells that the expert coded; False outside of coded rows.
    """

    texts: tuple[str, ...]
    classes: Classes
    coded: Bools
    positive: Bools

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def full(cls, texts: Sequence[str], classes: Classes) -> Examples:
        """Examples with a label of four classes in every cell."""
        return cls(
            tuple(texts),
            classes,
            np.zeros(len(texts), dtype=np.bool_),
            np.zeros(classes.shape, dtype=np.bool_),
        )

    def take(self, rows: npt.ArrayLike) -> Examples:
        """Some rows, in the order given."""
        index = np.asarray(rows, dtype=np.intp)
        return Examples(
            tuple(self.texts[row] for row in index),
            self.classes[index],
            self.coded[index],
            self.positive[index],
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Examples]) -> Examples:
        """Rows of several parts, in order; at least one part."""
        return cls(
            tuple(text for part in parts for text in part.texts),
            np.concatenate([part.classes for part in parts]),
            np.concatenate([part.coded for part in parts]),
            np.concatenate([part.positive for part in parts]),
        )

    def targets(self) -> Classes:
        """The most likely class of each cell: coded cells are positive, silver positives that
        were not coded stay unsaid and count as blank. For class weights and sampling."""
        out: Classes = self.classes.copy()
        coded = self.coded[:, None]
        out[coded & ~self.positive & (out == Label.POSITIVE)] = Label.BLANK
        out[coded & self.positive] = Label.POSITIVE
        return out

    def digest(self) -> str:
        """SHA-256 of texts and labels: what a result should be quoted with."""
        digest = hashlib.sha256()
        for text in self.texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        for array in (self.classes, self.coded, self.positive):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def text_key(text: str) -> str:
    """What makes two texts the same: lower case, runs of white space as one space."""
    return normal_form(text)


def refuse_leakage(train: Sequence[str], held_out: Sequence[str], what: str) -> None:
    """Refuse texts that are both trained on and measured on.

    Raises:
        InputError: If a text of ``held_out`` is in ``train``; the message counts them, it does
            not show them.
    """
    known = {text_key(text) for text in train}
    shared = sum(text_key(text) in known for text in held_out)
    if shared:
        raise InputError(
            f"{what}: {shared} of {len(held_out)} texts are also among the training texts, so "
            "figures on them would say nothing; remove them from one side, or let the recipe's "
            'split draw the validation part (by = "text")'
        )


def draw_validation(groups: Sequence[str], share: float, seed: int) -> Bools:
    """Which rows are kept for validation: whole groups, by a hash of group and seed.

    Args:
        groups: The group of each row: rows of one group stay together.
        share: Expected share of the groups.
        seed: Another seed draws other groups.
    """
    drawn = _drawn_numbers(groups, str(seed)) < int(share * 2**32)
    return np.asarray(drawn, dtype=np.bool_)


def draw_folds(groups: Sequence[str], folds: int, seed: int) -> Rows:
    """The fold of each row, from 0: whole groups, by a hash of group and seed."""
    # Another hash than that of the validation part, which would fill some folds and empty others.
    numbers = _drawn_numbers(groups, f"{seed} folds")
    return np.asarray(numbers % folds, dtype=np.intp)


def _drawn_numbers(groups: Sequence[str], salt: str) -> npt.NDArray[np.int64]:
    """A number below 2**32 for each row, the same for rows of one group."""
    drawn: dict[str, int] = {}
    for group in groups:
        if group not in drawn:
            content = f"{salt}\0{group}".encode("utf-8", "surrogatepass")
            drawn[group] = int.from_bytes(hashlib.sha256(content).digest()[:4], "big")
    return np.fromiter((drawn[group] for group in groups), np.int64, len(groups))


def join_groups(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Groups in which rows stay together that share either key (transitively).

    Args:
        first: One key a row, such as the patient.
        second: Another, such as the text.

    Returns:
        One name a row: the smallest of the group's first keys.
    """
    parent: dict[tuple[int, str], tuple[int, str]] = {}

    def root(key: tuple[int, str]) -> tuple[int, str]:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for a, b in zip(first, second, strict=True):
        one, other = sorted((root((0, a)), root((1, b))))
        parent[other] = one
    return [root((0, a))[1] for a in first]
