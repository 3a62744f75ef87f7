"""The items of the style benchmark, and which answers to them are right."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Label, Schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "styles"
HALVES = ("development", "left_out")
ANSWERS = {1: Label.POSITIVE, 0: Label.NEGATIVE, -1: Label.UNCERTAIN, "blank": Label.BLANK}


@dataclass(frozen=True)
class Item:
    """A report or a sentence, with the labels that a careful reader accepts.

    Attributes:
        id: Style and number.
        style: One of the 23 styles.
        text: As a labeler gets it.
        labels: By observation, the labels that are accepted; one that is not named must be blank.
    """

    id: str
    style: str
    text: str
    labels: dict[str, frozenset[Label]]


def read_items(half: str, folder: Path = FOLDER) -> list[Item]:
    """The items of one half, in the order of the file.

    Args:
        half: "development" or "left_out".
        folder: Where the two files lie.

    Raises:
        InputError: If an item lacks a key or holds a label that is none.
    """
    path = folder / f"{half}.toml"
    with path.open("rb") as stream:
        entries = tomllib.load(stream)["item"]
    return [_item(path, number, entry) for number, entry in enumerate(entries, 1)]


def _item(path: Path, number: int, entry: dict[str, object]) -> Item:
    where = f"{path}, item {number}"
    if set(entry) != {"id", "style", "text", "labels"}:
        raise InputError(f"{where}: has the keys {sorted(entry)}; give id, style, text, labels")
    labels = {}
    for name, value in dict(entry["labels"]).items():  # type: ignore[call-overload]
        answers = value if isinstance(value, list) else [value]
        if not answers or any(answer not in ANSWERS for answer in answers):
            raise InputError(f'{where}: {name} = {value!r}; labels are 1, 0, -1 and "blank"')
        labels[name] = frozenset(ANSWERS[answer] for answer in answers)
    return Item(str(entry["id"]), str(entry["style"]), str(entry["text"]), labels)


@dataclass(frozen=True, eq=False)
class Key:
    """The right answers of n items on k observations.

    Attributes:
        accepted: bool, shape (n, k, 4): the classes that are right.
        required: bool, shape (n, k): the cells that count whatever is answered.
    """

    accepted: npt.NDArray[np.bool_]
    required: npt.NDArray[np.bool_]

    def judge(
        self, classes: npt.NDArray[np.int8]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """What counts, and what of it is right.

        A cell is required if the item names it and either does not accept blank or accepts only
        blank. Every required cell is a decision; so is every other cell that is answered wrongly
        (a mention where there is none). A cell where blank is one of several accepted answers
        thus counts only against a labeler, never for it.

        Args:
            classes: int8, shape (n, k): a labeler's class indices.

        Returns:
            ``decided`` and ``right``, bool, shape (n, k); ``right`` only where decided.
        """
        chosen = np.take_along_axis(self.accepted, classes[..., None].astype(np.int64), axis=2)
        right = chosen[..., 0]
        return self.required | ~right, right & self.required

    def whole(self, classes: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
        """Items without a wrong cell: bool, shape (n,)."""
        chosen = np.take_along_axis(self.accepted, classes[..., None].astype(np.int64), axis=2)
        whole: npt.NDArray[np.bool_] = chosen[..., 0].all(axis=1)
        return whole


def key_of(items: list[Item], schema: Schema) -> Key:
    """The right answers, in the columns of a schema.

    Raises:
        SchemaError: If an item names an observation that the schema lacks.
    """
    accepted = np.zeros((len(items), len(schema), len(Label)), dtype=np.bool_)
    accepted[..., Label.BLANK] = True
    required = np.zeros(accepted.shape[:2], dtype=np.bool_)
    for row, item in enumerate(items):
        for name, answers in item.labels.items():
            column = schema.index(name)
            accepted[row, column] = [label in answers for label in Label]
            required[row, column] = Label.BLANK not in answers or len(answers) == 1
    return Key(accepted, required)
