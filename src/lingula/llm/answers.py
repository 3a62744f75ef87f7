"""What the model answered, held against the report: a quote that is not in it does not count."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.labels import Evidence, Label, Schema
from lingula.llm.prompt import WORDS
from lingula.observations import NO_FINDING, NO_PATHOLOGY

_LABELS = {word: label for label, word in WORDS.items()}
#: Characters that say the same: models straighten quotation marks and dashes.
_SAME = str.maketrans("’‘“”–—−\u00a0", "''\"\"--- ")


class UnusableAnswerError(ValueError):
    """An answer that has not the form that was asked for."""


@dataclass(frozen=True)
class Answer:
    """The labels of one report.

    Attributes:
        classes: int8, shape (k,).
        evidence: The quotes that stand in the report.
        invented: Labels whose quote does not, or that have none: they are blank.
    """

    classes: npt.NDArray[np.int8]
    evidence: tuple[Evidence, ...]
    invented: int


def read_answer(content: str, text: str, schema: Schema, rule: str) -> Answer:
    """An answer's labels, each with a quote that stands in the text.

    A quote may differ in case, in white space, and in the form of quotation marks and dashes. No
    Finding rests on the whole report and needs no quote; it is blank beside a finding that is
    positive or uncertain.

    Args:
        content: What the model wrote.
        text: The report.
        schema: The k observations.
        rule: What the evidence names as its rule.

    Raises:
        UnusableAnswerError: If it is no such JSON object. The message holds no word of it.
    """
    said = _parsed(content)
    classes = np.zeros(len(schema), np.int8)
    evidence, invented = [], 0
    folded, places = _folded(text)
    for column, item in enumerate(schema.observations):
        label, quote = _one(said, item.name)
        if label not in item.labels:
            raise UnusableAnswerError(f"{item.name} cannot be {WORDS[label]}")
        if label is Label.BLANK:
            continue
        span = _find(quote, text, folded, places)
        if span is None and item.name != NO_FINDING:
            invented += 1
            continue
        classes[column] = label
        start, end = span or (0, 0)
        evidence.append(Evidence(item.name, label, start, end, text[start:end], rule))
    if NO_FINDING in schema:
        own = schema.index(NO_FINDING)
        others = [at for at, name in enumerate(schema.names) if name not in NO_PATHOLOGY]
        if np.isin(classes[others], (Label.POSITIVE, Label.UNCERTAIN)).any():
            classes[own] = Label.BLANK
            evidence = [item for item in evidence if item.observation != NO_FINDING]
    return Answer(classes, tuple(evidence), invented)


def _parsed(content: str) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except ValueError:
        raise UnusableAnswerError("it is no JSON") from None
    if not isinstance(said, dict):
        raise UnusableAnswerError("it is no JSON object")
    return said


def _one(said: dict[str, Any], name: str) -> tuple[Label, str]:
    cell = said.get(name)
    if not isinstance(cell, dict):
        raise UnusableAnswerError(f"{name} is missing")
    word, quote = cell.get("label"), cell.get("quote")
    if not isinstance(word, str) or word not in _LABELS or not isinstance(quote, str):
        raise UnusableAnswerError(f"{name} has no label, or no quote")
    return _LABELS[word], quote


def _find(quote: str, text: str, folded: str, places: list[int]) -> tuple[int, int] | None:
    """Where a quote stands in a text: as it is, or as it reads."""
    quote = quote.strip()
    if not quote:
        return None
    at = text.find(quote)
    if at >= 0:
        return at, at + len(quote)
    plain = _folded(quote)[0].strip()
    at = folded.find(plain) if plain else -1
    if at < 0:
        return None
    return places[at], places[at + len(plain) - 1] + 1


def _folded(text: str) -> tuple[str, list[int]]:
    """A text in lower case with single spaces, and where each of its characters stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text.translate(_SAME)):
        if letter.isspace():
            if letters and letters[-1] == " ":
                continue
            letters.append(" ")
            places.append(place)
        else:
            for part in letter.casefold():
                letters.append(part)
                places.append(place)
    return "".join(letters), places
