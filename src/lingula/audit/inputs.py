"""What an audit looks at: labels in rows, and whatever else is known of those rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Label, Labels, is_missing
from lingula.tables.label_columns import OutsideLabel
from lingula.text.normalize import normal_form

if TYPE_CHECKING:
    import pyarrow as pa

    from lingula.images.gray_ranges import GrayRanges

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Groups:
    """A column that says to what each row belongs.

    Attributes:
        codes: intp, shape (n,): position in ``names``, or -1 where the cell is blank.
        names: The distinct values.
    """

    codes: Codes
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[object] | pa.ChunkedArray | pa.Array) -> Groups:
        """Groups from cells; None, NaN and white space are blank."""
        import pyarrow as pa

        if not isinstance(values, (pa.Array, pa.ChunkedArray)):
            values = pa.array([None if is_missing(v) else str(v) for v in values], pa.string())
        if isinstance(values, pa.Array):
            values = pa.chunked_array([values])
        if not pa.types.is_string(values.type):
            values = values.cast(pa.string())
        encoded = values.combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):  # pyarrow before 18 may keep one chunk
            encoded = encoded.chunk(0)
        names = encoded.dictionary.to_pylist()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)
        blank = [position for position, name in enumerate(names) if is_missing(name)]
        if blank:
            keep = [position for position in range(len(names)) if position not in set(blank)]
            renumber = np.full(len(names) + 1, -1, dtype=np.intp)
            renumber[keep] = np.arange(len(keep))
            codes = renumber[codes]
            names = [names[position] for position in keep]
        return cls(codes, tuple(names))

    def within(self, outer: Groups) -> Groups:
        """These groups inside others: "study1" of one patient is not that of another."""
        pair = np.where(
            (self.codes >= 0) & (outer.codes >= 0),
            outer.codes * max(len(self.names), 1) + self.codes,
            -1,
        )
        kept, codes = np.unique(pair, return_inverse=True)
        codes = codes.reshape(-1).astype(np.intp)
        if len(kept) and kept[0] < 0:
            codes -= 1
            kept = kept[1:]
        width = max(len(self.names), 1)
        names = tuple(
            f"{outer.names[number // width]}/{self.names[number % width]}" for number in kept
        )
        return Groups(codes, names)

    def counts(self) -> npt.NDArray[np.int64]:
        """Rows of each group: int64, shape (len(names),)."""
        known = self.codes[self.codes >= 0]
        return np.bincount(known, minlength=len(self.names)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class OtherLabels:
    """Labels of some of the same rows by somebody else: another labeler, readers, experts.

    Attributes:
        name: Who gave them, as a reader should see it.
        rows: Positions of the audited rows, shape (m,), rising.
        labels: Their labels, shape (m, k), under the audited schema.
        columns: Which of the k labels they give, shape (k,); the others are blank in ``labels``.
        related: Whether they were made with what made the audited labels, as the user says:
            agreement with them then counts for nothing.
        notes: What was left out of them. One sentence each.
    """

    name: str
    rows: npt.NDArray[np.intp]
    labels: Labels
    columns: npt.NDArray[np.bool_]
    related: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.labels) or (np.diff(self.rows) <= 0).any():
            raise InputError(f"{self.name}: rows must rise, one for each of its labels")


@dataclass(frozen=True, eq=False)
class AuditInput:
    """The rows that are audited.

    Only ``labels`` is needed; a check whose input is missing says so in its result.

    Attributes:
        labels: The audited labels, n rows of k.
        ids: One id a row, as reports of the audit name it; row numbers if not given.
        name: What is audited, as a reader should see it.
        unit: What one row is: "image", "study" or "report".
        patients: Patient of each row.
        studies: Study of each row; the same study number of two patients counts as two studies.
        splits: Part of the data (train, test, ...) of each row.
        texts: The report of each row; None or an empty text where there is none.
        metadata: A pyarrow Table of n rows: columns to break the labels down by.
        compare: Other labels of the same rows.
        truth: Labels that are taken as right, of some of the rows.
        outside: Cells that could not be read as labels; they are blank in ``labels``.
        scores: An image model's, float64, shape (n, k), NaN where it has none.
        grays: Of the images of the n rows.

    Raises:
        InputError: If there is no row or a part has another number of rows.
    """

    labels: Labels
    ids: Sequence[str] = ()
    name: str = "labels"
    unit: str = "report"
    patients: Groups | None = None
    studies: Groups | None = None
    splits: Groups | None = None
    texts: Sequence[str | None] | None = None
    metadata: pa.Table | None = None
    compare: tuple[OtherLabels, ...] = ()
    truth: OtherLabels | None = None
    outside: tuple[OutsideLabel, ...] = field(default=())
    scores: npt.NDArray[np.float64] | None = None
    grays: GrayRanges | None = None

    def __post_init__(self) -> None:
        n = len(self.labels)
        if n == 0:
            raise InputError(f"{self.name}: the table has no rows, so there is nothing to audit")
        if not self.ids:
            object.__setattr__(self, "ids", tuple(str(row + 1) for row in range(n)))
        sizes = {
            "ids": len(self.ids),
            "patients": n if self.patients is None else len(self.patients.codes),
            "studies": n if self.studies is None else len(self.studies.codes),
            "splits": n if self.splits is None else len(self.splits.codes),
            "texts": n if self.texts is None else len(self.texts),
            "grays": n if self.grays is None else len(self.grays),
            "scores": n if self.scores is None else len(self.scores),
            "metadata": n if self.metadata is None else self.metadata.num_rows,
        }
        for part, size in sizes.items():
            if size != n:
                raise InputError(f"{self.name}: {n} rows of labels but {size} rows of {part}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The k label names."""
        return self.labels.schema.names

    def is_label(self, label: Label) -> npt.NDArray[np.bool_]:
        """Which cells hold a label: bool, shape (n, k)."""
        flags: npt.NDArray[np.bool_] = self.labels.classes == int(label)
        return flags

    @cached_property
    def patient_studies(self) -> Groups | None:
        """Studies, told apart by patient too where patients are known."""
        if self.studies is None or self.patients is None:
            return self.studies
        return self.studies.within(self.patients)

    @cached_property
    def distinct_texts(self) -> Groups | None:
        """Reports told apart by their words alone: case and white space do not count."""
        if self.texts is None:
            return None
        seen: dict[str, int] = {}
        codes = np.full(len(self), -1, dtype=np.intp)
        for row, text in enumerate(self.texts):
            if text is None or is_missing(text):
                continue
            codes[row] = seen.setdefault(normal_form(text), len(seen))
        return Groups(codes, tuple(seen))
