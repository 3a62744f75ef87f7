"""What a run over a folder tells while it works and when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.labels import Label


@dataclass(frozen=True)
class FolderProgress:
    """How far a run over a folder has come.

    Attributes:
        partitions: Partitions that are whole, kept ones among them, or set aside.
        total: Partitions of the input.
        rows: Rows of those that are whole.
    """

    partitions: int
    total: int
    rows: int


@dataclass(frozen=True, eq=False)
class FolderSummary:
    """What a run over a folder did.

    Attributes:
        output: The folder that was written.
        partitions: Partitions of the input.
        kept: Those that were whole already and not stale.
        failed: Partitions that were set aside, and why.
        removed: Output partitions that were removed because their input is gone.
        retried: Tries beyond the first.
        rows: Rows of the whole partitions.
        empty: Those of them without a text.
        rejected: Rows that were left out because they could not be read.
        names: Names of the k observations.
        counts: int64, shape (k, 4): rows a class (blank, positive, negative, uncertain).
        text_columns: Names of the columns whose text was labeled.
        sections: The sections that were selected in it, or None for the text as it is.
        labeler: Name of the labeler, or of its class.
        sha256: Its digest, or None.
        engine: The engine.
        workers: Partitions that were labeled at a time.
        seconds: Wall-clock time of the whole run.
        starting: Wall-clock time until the first worker had its labeler.
    """

    output: str
    partitions: int
    kept: int
    failed: Mapping[str, str]
    removed: int
    retried: int
    rows: int
    empty: int
    rejected: int
    names: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    text_columns: tuple[str, ...]
    sections: tuple[str, ...] | None
    labeler: str
    sha256: str | None
    engine: str
    workers: int
    seconds: float
    starting: float

    @property
    def complete(self) -> bool:
        """Whether no partition was set aside."""
        return not self.failed

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values; ``counts`` by observation and label."""
        held = {item.name: getattr(self, item.name) for item in fields(self)}
        labels = [label.name.lower() for label in Label]
        return held | {
            "failed": dict(self.failed),
            "complete": self.complete,
            "counts": {
                name: dict(zip(labels, row, strict=True))
                for name, row in zip(self.names, self.counts.tolist(), strict=True)
            },
        }
