"""What a run tells while it works and when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.labels import Label, Schema
from lingula.pipeline.remarks import Remark


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        rows: Rows that are labeled and written.
        total: Rows of the input.
        restored: Those of ``rows`` that an earlier, interrupted run had labeled.
    """

    rows: int
    total: int
    restored: int


@dataclass(frozen=True)
class StageSeconds:
    """Wall-clock seconds of the main process, by stage.

    Attributes:
        check: Looking through the input once, for rows that cannot be read.
        read: Reading the input for labeling, and finding equal texts.
        label: Labeling, or waiting for the processes that label.
        write: Writing the output (and the evidence).
    """

    check: float
    read: float
    label: float
    write: float


@dataclass(frozen=True, eq=False)
class Summary:
    """What a run did.

    Attributes:
        output: The table that was written.
        schema: The observations.
        text_columns: Names of the columns whose text was labeled.
        sections: The sections that were selected in it, or None for the text as it is.
        rows: Rows of the output.
        empty: Those of them without a text, placeholders ("n/a") among them.
        placeholders: Words that stood for a report that is not there, and in how many rows.
        remarks: What was remarked of texts, and in how many rows.
        distinct: Different texts among all rows.
        labeled: Texts that were given to the labeler; more than ``distinct`` when a text comes
            back long after it was last seen.
        restored: Rows whose labels an earlier, interrupted run had made.
        refused: Kept pieces of work that did not fit (damaged, or of other texts) and were done
            again.
        counts: int64, shape (k, 4): rows a class (blank, positive, negative, uncertain).
        rejected: Rows that were left out because they could not be read.
        rejects: File that holds those rows, or None if there are none.
        blank_lines: Lines of nothing but white space, which are no rows.
        duplicate_ids: Rows whose id an earlier row has.
        first_duplicate_id: The first such id, or None.
        truncated: Distinct texts that a model could not read to their end.
        processes: Worker processes that labeled; 0 if the main process did.
        seconds: Wall-clock time of the whole run.
        stages: The same by stage.
    """

    output: Path
    schema: Schema
    text_columns: tuple[str, ...]
    sections: tuple[str, ...] | None
    rows: int
    empty: int
    placeholders: Mapping[str, int]
    remarks: Mapping[Remark, int]
    distinct: int
    labeled: int
    restored: int
    refused: int
    counts: npt.NDArray[np.int64]
    rejected: int
    rejects: Path | None
    blank_lines: int
    duplicate_ids: int
    first_duplicate_id: str | None
    truncated: int
    processes: int
    seconds: float
    stages: StageSeconds

    @property
    def rows_per_second(self) -> float:
        """Rows of the output by wall-clock second, reading and writing included."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values; ``counts`` by observation and label."""
        held = {item.name: getattr(self, item.name) for item in fields(self)}
        labels = [label.name.lower() for label in Label]
        names = self.schema.names
        return held | {
            "output": str(self.output),
            "schema": self.schema.name,
            "placeholders": dict(self.placeholders),
            "remarks": {
                (remark.name or "").lower(): count for remark, count in self.remarks.items()
            },
            "rejects": None if self.rejects is None else str(self.rejects),
            "stages": asdict(self.stages),
            "counts": {
                name: dict(zip(labels, row, strict=True))
                for name, row in zip(names, self.counts.tolist(), strict=True)
            },
        }
