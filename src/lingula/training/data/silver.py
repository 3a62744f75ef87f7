"""Silver labels: what a labeler says of the training texts, made once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lingula.errors import SchemaError
from lingula.labels import Labeler, Schema
from lingula.text.sentences import split_sentences
from lingula.training.data.examples import Classes


class SilverLabels:
    """A labeler with a cache on disk.

    Args:
        labeler: Gives the labels.
        schema: Observations that are wanted.
        folder: Of the cache, or None for none.

    Attributes:
        labeler: As given.
        sha256: Its digest in hexadecimal, or an empty text if it has none.

    Raises:
        SchemaError: If the labeler's observations are others.
    """

    def __init__(self, labeler: Labeler, schema: Schema, folder: Path | None = None) -> None:
        if labeler.schema.names != schema.names:
            raise SchemaError(
                f"the silver labeler's schema {labeler.schema.name!r} and the recipe's "
                f"{schema.name!r} name different observations"
            )
        self.labeler = labeler
        self._folder = folder
        self.sha256 = str(getattr(labeler, "sha256", ""))

    def classes(self, texts: Sequence[str]) -> Classes:
        """Class indices: int8, (n, k)."""
        if self._folder is None or not self.sha256:
            return self.labeler.label(list(texts)).classes
        digest = hashlib.sha256(self.sha256.encode())
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        path = self._folder / f"{digest.hexdigest()[:32]}.npy"
        if path.is_file():
            held: Classes = np.load(path, allow_pickle=False)
            return held
        made = self.labeler.label(list(texts)).classes
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._folder / f".{path.name}"
        with beside.open("wb") as stream:
            np.save(stream, made, allow_pickle=False)
        beside.replace(path)
        return made


def distinct(texts: Sequence[str]) -> list[str]:
    """Each text once, in the order of first occurrence."""
    return list(dict.fromkeys(texts))


def sentences_of(texts: Sequence[str]) -> list[str]:
    """The distinct sentences of texts, in the order of first occurrence."""
    return distinct([text[start:end] for text in texts for start, end in split_sentences(text)])
