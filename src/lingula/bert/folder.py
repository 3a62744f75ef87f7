"""Lingula's model folder: what is in it, and that nothing in it was changed.

    config.json          the encoder's configuration, as transformers writes it
    model.safetensors    the weights; the encoder's keys are those of transformers' AutoModel
    tokenizer.json       as the tokenizers library writes it
    lingula.json         schema, pooling, temperature, training facts, SHA-256 of every other file
    model.onnx           optional, for ONNX Runtime, float32
    model.int8.onnx      optional, the same with 8-bit weights

Reading it needs the base install alone; weights and ONNX files are read by the runtimes.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lingula.bert.settings import ModelSettings
from lingula.bert.tokenizer import TextTokenizer
from lingula.errors import CheckpointError, InputError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
SETTINGS = "lingula.json"
ONNX = "model.onnx"
ONNX_INT8 = "model.int8.onnx"


@dataclass(frozen=True)
class ModelFolder:
    """A model folder that was opened; ``file`` checks each file as it is asked for.

    Attributes:
        path: The folder.
        settings: What ``lingula.json`` says of the model.
        digests: SHA-256 of each file, in hexadecimal.
    """

    path: Path
    settings: ModelSettings
    digests: dict[str, str]

    @classmethod
    def open(cls, path: Path) -> ModelFolder:
        """Read ``lingula.json``.

        Raises:
            CheckpointError: If it is not there or malformed.
        """
        description = path / SETTINGS
        if not description.is_file():
            raise CheckpointError(
                f"{path}: not a model folder: it has no {SETTINGS}; "
                "make one with: lingula convert CHECKPOINT FOLDER"
            )
        try:
            text = description.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CheckpointError(f"{description}: cannot be read: {error}") from None
        settings, digests = ModelSettings.from_json(text, str(description))
        return cls(path, settings, digests)

    def has(self, name: str) -> bool:
        """Whether the folder was written with a file (``file`` complains if it is gone since)."""
        return name in self.digests

    def file(self, name: str) -> Path:
        """The path of a file, after its digest was checked.

        Raises:
            CheckpointError: If it is not there, or was changed since the folder was written.
        """
        path = self.path / name
        if name not in self.digests:
            raise CheckpointError(f"{self.path}: {SETTINGS} lists no {name}")
        if not path.is_file():
            raise CheckpointError(f"{self.path}: {name} is missing; copy the whole folder again")
        if sha256_of(path) != self.digests[name]:
            raise CheckpointError(
                f"{path}: its SHA-256 is not the one in {SETTINGS}: damaged in a copy, or changed "
                "by hand; copy the folder again or convert the checkpoint anew"
            )
        return path

    def tokenizer(self) -> TextTokenizer:
        """The tokenizer, with the settings' length.

        Raises:
            CheckpointError: If its file is missing, changed or damaged.
        """
        return TextTokenizer.from_file(self.file(TOKENIZER), self.settings.max_length)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def new_folder(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A folder to fill, which becomes ``target`` when the block ends well.

    Nothing of an earlier ``target`` is lost before the new one is whole.

    Raises:
        InputError: If there is something at ``target`` and ``overwrite`` is false, or what is
            there is no model folder.
    """
    if target.exists():
        empty = target.is_dir() and not any(target.iterdir())
        if not empty and not overwrite:
            raise InputError(f"{target}: is there already; name another folder, or overwrite it")
        if not empty and not (target / SETTINGS).is_file():
            raise InputError(f"{target}: is no model folder, so it is not overwritten")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error}") from None
    try:
        beside.chmod(0o755)
        yield beside
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
            target.rename(old / "folder")
            beside.rename(target)
            shutil.rmtree(old)
        else:
            beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_settings(folder: Path, settings: ModelSettings) -> ModelFolder:
    """Write ``lingula.json`` with the digest of every file that is there, and open the folder."""
    digests = {
        path.name: sha256_of(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != SETTINGS and not path.name.startswith(".")
    }
    beside = folder / f".{SETTINGS}"
    beside.write_text(settings.to_json(digests), encoding="utf-8")
    beside.replace(folder / SETTINGS)
    return ModelFolder(folder, settings, digests)


def update_settings(folder: Path, **changes: object) -> ModelFolder:
    """Change entries of ``lingula.json``, such as ``temperature``; the files stay as they are.

    Raises:
        CheckpointError: If it is no model folder, or a value is out of range.
    """
    opened = ModelFolder.open(folder)
    settings = replace(opened.settings, **changes)  # type: ignore[arg-type]
    beside = folder / f".{SETTINGS}"
    beside.write_text(settings.to_json(opened.digests), encoding="utf-8")
    beside.replace(folder / SETTINGS)
    return ModelFolder(folder, settings, opened.digests)
