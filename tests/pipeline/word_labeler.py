"""Labelers for tests of the pipeline: they look for the observations' own names."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from lingula.errors import LingulaError
from lingula.labels import Evidence, Label, Labels, Schema, is_missing
from lingula.schemas import load_schema


class WordLabeler:
    """Positive where an observation's name stands in the text, negative after "no "."""

    parallel = True

    def __init__(self, schema: Schema | None = None, seconds: float = 0.0) -> None:
        self.schema = load_schema("chexpert14") if schema is None else schema
        self.seconds = seconds
        self.calls: list[int] = []

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        self.calls.append(len(texts))
        time.sleep(self.seconds)
        classes = np.zeros((len(texts), len(self.schema)), dtype=np.int8)
        found: list[tuple[Evidence, ...]] = []
        for row, text in enumerate(texts):
            items = []
            for column, name in enumerate(self.schema.names):
                at = -1 if text is None or is_missing(text) else text.lower().find(name.lower())
                if text is None or at < 0:
                    continue
                negative = text[:at].lower().endswith("no ")
                label = Label.NEGATIVE if negative else Label.POSITIVE
                if label not in self.schema.observations[column].labels:
                    continue
                classes[row, column] = label
                end = at + len(name)
                items.append(
                    Evidence(
                        name,
                        label,
                        at,
                        end,
                        text[at:end],
                        "word",
                        at - 3 if negative else None,
                        at - 1 if negative else None,
                        text[at - 3 : at - 1] if negative else "",
                    )
                )
            found.append(tuple(items))
        return Labels(self.schema, classes, evidence=tuple(found) if evidence else None)


class ChanceLabeler(WordLabeler):
    """A labeler with probabilities, without processes, that cuts texts of over 200 characters."""

    parallel = False

    def __init__(self) -> None:
        super().__init__()
        self.truncated = 0

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        if evidence:
            raise LingulaError("this labeler gives no evidence")
        self.truncated += sum(len(text or "") > 200 for text in texts)
        labels = super().label(texts)
        probabilities = np.full((*labels.classes.shape, 4), 0.1, dtype=np.float32)
        np.put_along_axis(probabilities, labels.classes[..., None].astype(int), 0.7, axis=2)
        return Labels(labels.schema, labels.classes, probabilities)


class BrokenLabeler(WordLabeler):
    """Fails, in the way of a bug or of a deliberate error."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        if self.kind == "bug":
            raise ZeroDivisionError
        if self.kind == "exit":
            import os

            os._exit(7)
        raise LingulaError("a deliberate error")
