"""A labeler that needs nothing: it looks for words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import lingula
from lingula.labels import Label, Labels, Schema, is_missing

WORDS = {
    "effusion": "Pleural Effusion",
    "edema": "Edema",
    "pneumonia": "Pneumonia",
    "large heart": "Cardiomegaly",
    "fracture": "Fracture",
}


class WordLabeler:
    """Positive for a word, negative after "no", uncertain after "possible"."""

    name = "words"
    sha256 = "ab" * 32

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.calls: list[list[str | None]] = []

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        self.calls.append(list(texts))
        classes = np.zeros((len(texts), len(self.schema)), dtype=np.int8)
        for row, text in enumerate(texts):
            if is_missing(text):
                continue
            for word, observation in WORDS.items():
                for prefix, label in (
                    ("", Label.POSITIVE),
                    ("no ", Label.NEGATIVE),
                    ("possible ", Label.UNCERTAIN),
                ):
                    if prefix + word in str(text).lower():
                        classes[row, self.schema.index(observation)] = label
            if not classes[row].any():
                classes[row, self.schema.index("No Finding")] = Label.POSITIVE
        return Labels(self.schema, classes)


class VectorLabeler(WordLabeler):
    """Also has text vectors: letter counts, and a zero vector for "zero"."""

    name = "vectors"

    def embed(self, texts: Sequence[str | None]) -> np.ndarray:
        vectors = np.zeros((len(texts), 26), dtype=np.float32)
        for row, text in enumerate(texts):
            if text == "zero":
                continue
            for letter in str(text or "a").lower():
                if "a" <= letter <= "z":
                    vectors[row, ord(letter) - ord("a")] += 1
        return vectors


@pytest.fixture
def schema() -> Schema:
    return lingula.load_schema("chexpert14")


@pytest.fixture
def words(schema: Schema) -> WordLabeler:
    return WordLabeler(schema)


@pytest.fixture
def vectors(schema: Schema) -> VectorLabeler:
    return VectorLabeler(schema)


@pytest.fixture
def references() -> list[str]:
    return [
        "Small left effusion. No edema.",
        "Possible pneumonia at the right base.",
        "Large heart with edema and effusion.",
        "Clear lungs.",
        "Old rib fracture. No effusion.",
        "Clear lungs.",
    ]


@pytest.fixture
def generated() -> list[str]:
    return [
        "Left effusion.",
        "Pneumonia at the right base.",
        "Large heart. Possible edema.",
        "Clear lungs.",
        "No fracture.",
        "Small effusion.",
    ]
