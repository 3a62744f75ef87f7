"""Labelers for tests of the engines: they find observations by their names, and misbehave."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lingula.errors import LingulaError
from lingula.labels import Label, Labels
from lingula.schemas import load_schema


class NameLabeler:
    """Positive where an observation's name stands."""

    parallel = True
    name = "names"

    def __init__(self, sha256: str = "1") -> None:
        self.schema = load_schema("chexpert14")
        self.sha256 = sha256

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        classes = np.zeros((len(texts), len(self.schema)), dtype=np.int8)
        for row, text in enumerate(texts):
            for column, name in enumerate(self.schema.names):
                if text and name.lower() in text.lower():
                    classes[row, column] = Label.POSITIVE
        return Labels(self.schema, classes)


class KilledLabeler(NameLabeler):
    """Kills its process at a text, so many times in all, as the system does for want of memory."""

    def __init__(self, at: str, times: int, count: Path) -> None:
        super().__init__()
        self.at, self.times, self.count = at, times, count

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        killed = self.count.stat().st_size if self.count.exists() else 0
        if killed < self.times and any(self.at in (text or "") for text in texts):
            with self.count.open("ab") as stream:
                stream.write(b"x")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().label(texts, evidence=evidence)


class FailingLabeler(NameLabeler):
    """Fails at a text, on purpose or as a bug that quotes it."""

    def __init__(self, at: str, bug: bool = False) -> None:
        super().__init__()
        self.at, self.bug = at, bug

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        for text in texts:
            if text and self.at in text:
                if self.bug:
                    raise ZeroDivisionError(text)
                raise LingulaError("a deliberate error")
        return super().label(texts, evidence=evidence)
