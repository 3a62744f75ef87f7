"""Sentences of ours with a known label at each mention, drawn from frames.

A frame is a sentence with slots: "No {N+or}, but <sev> {P:PE} <loc>." says "negative" of a list of
findings and "positive" of an effusion, whatever the findings are. The files beside this module hold
them, by style.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lingula.errors import RecipeError
from lingula.labels import Label
from lingula.training.mentions.perturbing import Perturbation

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "frames"
#: Frames that no model is trained on.
KEPT_OUT = Path(__file__).parent / "kept_out.toml"

#: Observation of each code in a slot.
CODES = {
    "PE": "Pleural Effusion", "PX": "Pneumothorax", "CO": "Consolidation", "ED": "Edema",
    "PN": "Pneumonia", "AT": "Atelectasis", "LO": "Lung Opacity", "LL": "Lung Lesion",
    "PO": "Pleural Other", "FX": "Fracture", "CM": "Cardiomegaly",
    "EC": "Enlarged Cardiomediastinum", "dev": "Support Devices", "heart": "Cardiomegaly",
    "med": "Enlarged Cardiomediastinum",
}  # fmt: skip
#: Codes that a slot without a code draws from; common findings more often.
_ANY = ("PE",) * 3 + ("PX",) * 3 + ("CO",) * 2 + ("ED",) * 2 + ("PN",) * 2 + ("AT",) * 2 + (
    "LO", "LO", "LL", "LL", "PO", "FX", "FX", "CM", "EC",
)  # fmt: skip
_LABELS = {
    "P": Label.POSITIVE, "N": Label.NEGATIVE, "U": Label.UNCERTAIN, "B": Label.BLANK,
}  # fmt: skip
_PART = re.compile(r"\{([PNUB])(?::(\w+)|\+(or|and|/|,))?\}|<(\w+)>")
#: How often words stand before or after a finding, and the share of lists by length.
_BEFORE, _AFTER, _LENGTHS = 0.45, 0.12, (0.2, 0.35, 0.3, 0.15)
_NO_WORDS = frozenset({"heart", "med"})


@dataclass(frozen=True)
class Slot:
    """A mention whose label is known: characters ``start`` to ``end`` of a sentence."""

    start: int
    end: int
    observation: str
    label: Label


@dataclass(frozen=True)
class Sentence:
    """A sentence with its known mentions, from left to right."""

    text: str
    slots: tuple[Slot, ...]
    style: str


@dataclass(frozen=True)
class Frames:
    """Frames by style, and the words that fill them.

    Attributes:
        by_style: Those to train on.
        words: What fills their slots.
        kept_out: Those that no model is trained on, by style.
    """

    by_style: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Any]
    kept_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def styles(self) -> tuple[str, ...]:
        """Names of the styles."""
        return tuple(self.by_style)


@lru_cache(maxsize=1)
def load_frames(folder: Path = FOLDER) -> Frames:
    """The frames of a folder.

    Raises:
        RecipeError: If a frame has a slot that is none; the message names file, style and frame.
    """
    by_style: dict[str, tuple[str, ...]] = {}
    words: dict[str, Any] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.stem == "words":
            words = tomllib.loads(path.read_text(encoding="utf-8"))
            continue
        for style, frames in _read(path).items():
            by_style[style] = (*by_style.get(style, ()), *frames)
    return Frames(by_style, words, _read(KEPT_OUT))


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    """The frames of a file by style."""
    found: dict[str, tuple[str, ...]] = {}
    for style, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for frame in table["frames"]:
            rest = _PART.sub("", frame)
            if "{" in rest or "}" in rest:
                raise RecipeError(f"{path}: {style}: {frame!r} has a slot that is none")
        found[style] = tuple(table["frames"])
    return found


class FrameFiller:
    """Draws sentences from frames.

    Args:
        frames: The frames.
        generator: Source of chance.
        perturbation: Changes the words between the mentions, or None.
    """

    def __init__(
        self,
        frames: Frames,
        generator: np.random.Generator,
        perturbation: Perturbation | None = None,
    ) -> None:
        self._frames = frames
        self._words = frames.words
        self._generator = generator
        self._perturbation = perturbation

    def fill(self, frame: str, style: str) -> Sentence:
        """One sentence of a frame."""
        pieces: list[tuple[str, str, Label | None]] = []
        at = 0
        for found in _PART.finditer(frame):
            pieces.append((frame[at : found.start()], "", None))
            letter, code, joiner, word = found.groups()
            if word:
                pieces.append((self._draw(self._words[word]), "", None))
            elif joiner:
                pieces += self._list(_LABELS[letter], joiner)
            else:
                pieces += self._mention(_LABELS[letter], code or self._draw(_ANY))
            at = found.end()
        pieces.append((frame[at:], "", None))
        return self._joined(_merged(pieces), style)

    def _joined(self, pieces: Sequence[tuple[str, str, Label | None]], style: str) -> Sentence:
        text = ""
        slots = []
        for words, code, label in pieces:
            if label is None:
                text += self._perturbation.apply(words) if self._perturbation else words
                continue
            slots.append(Slot(len(text), len(text) + len(words), CODES[code], label))
            text += words
        return Sentence(text, tuple(slots), style)

    def _mention(self, label: Label, code: str) -> list[tuple[str, str, Label | None]]:
        made: list[tuple[str, str, Label | None]] = []
        if code not in _NO_WORDS and self._generator.random() < _BEFORE:
            own = self._words["own_before"].get(code, [])
            general = [] if code == "dev" else self._words["before"]
            choice = own if own and (not general or self._generator.random() < 0.5) else general
            made.append((self._draw(choice) + " ", "", None))
        made.append((self._draw(self._words["names"][code]), code, label))
        if code not in _NO_WORDS and code != "dev" and self._generator.random() < _AFTER:
            made.append((" " + self._draw(self._words["after"]), "", None))
        return made

    def _list(self, label: Label, joiner: str) -> list[tuple[str, str, Label | None]]:
        count = 1 + int(self._generator.choice(len(_LENGTHS), p=_LENGTHS))
        codes: list[str] = []
        while len(codes) < count:
            code = self._draw(_ANY)
            if code not in codes:
                codes.append(code)
        made = self._mention(label, codes[0])
        for at, code in enumerate(codes[1:], start=2):
            between = self._between(joiner, last=at == count, several=count > 2)
            made.append((between, "", None))
            made += self._mention(label, code)
        return made

    def _between(self, joiner: str, *, last: bool, several: bool) -> str:
        """What stands between two items of a list: "a, b, or c", "a or b", "a/b"."""
        if joiner == "/":
            return "/"
        if joiner == "," or not last:
            return ", "
        comma = several and self._generator.random() < 0.6
        return f", {joiner} " if comma else f" {joiner} "

    def _draw(self, items: Sequence[str]) -> str:
        return items[int(self._generator.integers(len(items)))]


def _merged(pieces: list[tuple[str, str, Label | None]]) -> list[tuple[str, str, Label | None]]:
    """Neighbouring words as one piece, so that a change of words sees them together."""
    out: list[tuple[str, str, Label | None]] = []
    for words, code, label in pieces:
        if label is None and out and out[-1][2] is None:
            out[-1] = (out[-1][0] + words, "", None)
        else:
            out.append((words, code, label))
    return out
