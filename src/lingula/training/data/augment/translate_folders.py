"""Folders of translation models: what they hold, and a way there and back through two of them."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lingula.errors import InputError, MissingExtraError

#: Beams of the search.
BEAMS = 4

#: Sentences that go through a model together.
BATCH = 32

#: Most tokens of an answer. One that is as long as that was cut, or runs in circles.
ANSWER_TOKENS = 256

#: What an engine may read: changed, it is another model.
_PARTS = ("*.json", "*.spm", "*.txt", "*.safetensors", "pytorch_model*.bin", "model.bin")

#: What ``model_folder`` calls a folder that was converted for CTranslate2.
CONVERTED = "ctranslate2"


@dataclass(frozen=True)
class ModelPath:
    """A folder, and the target language's code (such as ">>deu<<") or "" if there is but one."""

    folder: Path
    code: str = ""

    @classmethod
    def parse(cls, text: str, base: Path) -> ModelPath:
        """``FOLDER`` or ``FOLDER>>deu<<``, relative to ``base``."""
        name, mark, code = text.partition(">>")
        return cls(base / name, mark + code)


class Model(Protocol):
    """One direction."""

    @property
    def digest(self) -> str:
        """Stands for the model's files and the way they are used."""
        ...

    def translate(self, sentences: Sequence[str]) -> list[str | None]:
        """Each sentence in the other language, in order.

        None for a sentence that is too long for the model, and for an answer that is empty or was
        cut.
        """
        ...


class ThereAndBack:
    """Two models as a translator; a sentence that either cannot translate comes back as it was.

    Args:
        kind: The engine's name in a recipe.
        there: The model to the other language.
        back: The model back.
    """

    def __init__(self, kind: str, there: Model, back: Model) -> None:
        self.name = f"{kind} {there.digest} {back.digest}"
        self._models = (there, back)

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Each sentence by way of the other language."""
        made = [" ".join(text.split()) for text in texts]
        rows = [row for row, line in enumerate(made) if line]
        lines = [made[row] for row in rows]
        for model in self._models:
            answers = model.translate(lines)
            found = [(row, line) for row, line in zip(rows, answers, strict=True) if line]
            rows = [row for row, _ in found]
            lines = [line for _, line in found]
        for row, line in zip(rows, lines, strict=True):
            made[row] = line
        return made


def need_packages(*names: str) -> None:
    """Import packages.

    Raises:
        MissingExtraError: If one is not installed.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            raise MissingExtraError(f"Translation with {name}", "translate") from None


def read_json(path: Path) -> dict[str, Any]:
    """A file that holds one JSON object.

    Raises:
        InputError: If it cannot be read, or holds something else.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if not isinstance(held, dict):
        raise InputError(f"{path}: must hold a JSON object, not a {type(held).__name__}")
    return held


def model_kind(folder: Path) -> str:
    """Kind of the model in a folder, as transformers calls it, or ``CONVERTED``.

    Raises:
        InputError: If there is no model.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder of a translation model")
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: holds no translation model: it has no config.json")
    kind = read_json(folder / "config.json").get("model_type")
    if isinstance(kind, str):
        return kind
    if (folder / "model.bin").is_file():
        return CONVERTED
    raise InputError(f"{folder}: its config.json does not say what model it is (model_type)")


def require_files(folder: Path, names: Sequence[str]) -> None:
    """Look for the files of a tokenizer.

    Raises:
        InputError: If one is missing.
    """
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise InputError(
            f"{folder}: lacks {', '.join(missing)} of its tokenizer; copy from where the model is "
            "from"
        )


def check_code(path: ModelPath, codes: Sequence[str]) -> None:
    """Check the code of the target language against those that a model has.

    Raises:
        InputError: If it is not among them, or one must be chosen and is not.
    """
    if path.code in codes or (not path.code and len(codes) < 2):
        return
    raise InputError(
        f"{path.folder}: write one of its target languages after its name, as in "
        f"{path.folder.name}{codes[0]}: it has {' '.join(codes)}"
        if codes
        else f"{path.folder}: has one target language; leave out {path.code}"
    )


def digest(path: ModelPath, use: str) -> str:
    """Stands for a model's files and how they are used: 16 hexadecimal digits.

    Raises:
        InputError: If a file cannot be read.
    """
    total = hashlib.sha256(f"{path.code}\0{use}\0{ANSWER_TOKENS}".encode())
    for part in sorted({file for pattern in _PARTS for file in path.folder.glob(pattern)}):
        own = hashlib.sha256()
        try:
            with part.open("rb") as stream:
                while block := stream.read(1 << 20):
                    own.update(block)
        except OSError as error:
            raise InputError(f"{part}: cannot be read: {error.strerror or error}") from None
        total.update(f"\0{part.name}\0{own.hexdigest()}".encode())
    return total.hexdigest()[:16]
