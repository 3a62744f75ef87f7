"""The one type that passes between Lingula's rooms: labels, their schema and their evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, SchemaError
from lingula.labelers import Labeler, is_missing, remade
from lingula.observations import VALUES, Evidence, Label, Observation, Schema

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from lingula.label_views import MarkedTexts

__all__ = [
    "VALUES",
    "Evidence",
    "Label",
    "Labeler",
    "Labels",
    "Observation",
    "Schema",
    "is_missing",
    "remade",
]


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of n texts under one schema of k observations.

    Attributes:
        schema: The observations, in column order.
        classes: int8, shape (n, k): 0 blank, 1 positive, 2 negative, 3 uncertain.
        probabilities: float32, shape (n, k, 4), or None for a labeler that has none.
        evidence: One tuple of Evidence a text, or None when it was not asked for.

    Raises:
        SchemaError: If a shape does not fit the schema or a class is out of range.
    """

    schema: Schema
    classes: npt.NDArray[np.int8]
    probabilities: npt.NDArray[np.float32] | None = None
    evidence: tuple[tuple[Evidence, ...], ...] | None = None

    def __post_init__(self) -> None:
        classes = np.asarray(self.classes, dtype=np.int8)
        object.__setattr__(self, "classes", classes)
        k = len(self.schema)
        if classes.ndim != 2 or classes.shape[1] != k:
            raise SchemaError(f"classes have shape {classes.shape}, the schema needs (n, {k})")
        if classes.size and (classes.min() < 0 or classes.max() > 3):
            raise SchemaError("classes are 0 (blank), 1 (positive), 2 (negative) and 3 (uncertain)")
        n = len(classes)
        if self.probabilities is not None and self.probabilities.shape != (n, k, 4):
            raise SchemaError(
                f"probabilities have shape {self.probabilities.shape}, not ({n}, {k}, 4)"
            )
        if self.evidence is not None and len(self.evidence) != n:
            raise SchemaError(f"evidence is for {len(self.evidence)} texts, the labels for {n}")

    def __len__(self) -> int:
        return len(self.classes)

    @overload
    def __getitem__(self, key: str) -> npt.NDArray[np.float32]: ...
    @overload
    def __getitem__(self, key: int | slice | npt.NDArray[Any] | Sequence[int]) -> Labels: ...
    def __getitem__(self, key: Any) -> Any:
        """One column by its name or alias, or some rows.

        Args:
            key: An observation (its values: float32, shape (n,), NaN for blank); or a row, a
                slice, a mask of n truth values, or positions (their labels).

        Raises:
            SchemaError: If there is no such observation.
            IndexError: If there is no such row, or the mask has another length.
        """
        if isinstance(key, str):
            column: npt.NDArray[np.float32] = self.values[:, self.schema.index(key)]
            return column
        if not isinstance(key, slice):
            key = np.asarray(key)
            # An empty list is one of positions.
            key = key if key.size else key.astype(np.intp)
        rows = np.arange(len(self))[key]
        return self.take(np.atleast_1d(rows))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Labels):
            return NotImplemented
        return (
            self.schema == other.schema
            and np.array_equal(self.classes, other.classes)
            and self.evidence == other.evidence
            and (self.probabilities is None) == (other.probabilities is None)
            and (
                self.probabilities is None
                or other.probabilities is None
                or np.array_equal(self.probabilities, other.probabilities, equal_nan=True)
            )
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        texts = f"{len(self):,} text" + ("" if len(self) == 1 else "s")
        more = [name for name in ("probabilities", "evidence") if getattr(self, name) is not None]
        held = f", with {' and '.join(more)}" if more else ""
        return f"<Labels of {texts}: {len(self.schema)} observations of {self.schema.name}{held}>"

    def _repr_html_(self) -> str:
        from lingula.label_views import labels_html

        return labels_html(self.schema.names, self.classes)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """float32, shape (n, k): NaN blank, 1 positive, 0 negative, -1 uncertain."""
        return VALUES[self.classes]

    @classmethod
    def from_values(cls, schema: Schema, values: npt.ArrayLike) -> Labels:
        """Labels from numbers as tables hold them (NaN, 1, 0, -1), shape (n, k).

        Raises:
            SchemaError: If another number occurs; the message says which and where.
        """
        array = np.asarray(values, dtype=np.float64)
        classes = np.full(array.shape, -1, dtype=np.int8)
        classes[np.isnan(array)] = Label.BLANK
        for label in (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN):
            classes[array == label.number] = label
        wrong = np.argwhere(classes < 0)
        if len(wrong):
            row, column = wrong[0]
            raise SchemaError(
                f"row {row + 1}, {schema.names[column]}: {array[row, column]} is no label; "
                "labels are 1, 0, -1 or blank"
            )
        return cls(schema, classes)

    @classmethod
    def from_arrow(cls, table: Any, schema: Schema | str | None = None) -> Labels:
        """Labels from columns of 1, 0, -1 and null (or NaN), found by name; others are passed over.

        Args:
            table: A pyarrow Table, or what exports an Arrow stream, such as a polars DataFrame.
            schema: The observations, or a schema's name or file; chexpert14 if not given.

        Raises:
            ColumnError: If an observation has no column, or two.
            InputError: If it is no table.
            SchemaError: If a cell is no label, the message says which and where; or there is no
                such schema.
        """
        from lingula.label_frames import arrow_values

        return cls.from_values(*arrow_values(table, schema))

    @classmethod
    def from_pandas(cls, frame: Any, schema: Schema | str | None = None) -> Labels:
        """The same from a pandas DataFrame; its index is not looked at.

        Raises:
            ColumnError: If an observation has no column, or two.
            InputError: If it is no DataFrame.
            SchemaError: If a cell is no label, the message says which and where; or there is no
                such schema.
        """
        from lingula.label_frames import pandas_values

        return cls.from_values(*pandas_values(frame, schema))

    @classmethod
    def concatenate(cls, parts: Sequence[Labels]) -> Labels:
        """Labels of several batches, in order; all of one schema.

        Raises:
            SchemaError: If there is no part, or the schemas differ.
        """
        if not parts:
            raise SchemaError("there are no labels to concatenate")
        schema = parts[0].schema
        if any(part.schema != schema for part in parts):
            raise SchemaError("labels of different schemas cannot be concatenated")
        probabilities = [p.probabilities for p in parts if p.probabilities is not None]
        evidence = [p.evidence for p in parts if p.evidence is not None]
        return cls(
            schema,
            np.concatenate([part.classes for part in parts]),
            np.concatenate(probabilities) if len(probabilities) == len(parts) else None,
            tuple(row for rows in evidence for row in rows)
            if len(evidence) == len(parts)
            else None,
        )

    def take(self, rows: npt.ArrayLike) -> Labels:
        """The labels of some rows, by position, in the order given; repeats are allowed."""
        index = np.asarray(rows, dtype=np.intp)
        return Labels(
            self.schema,
            self.classes[index],
            None if self.probabilities is None else self.probabilities[index],
            None if self.evidence is None else tuple(self.evidence[i] for i in index),
        )

    def iter_evidence(self) -> Iterator[tuple[int, Evidence]]:
        """Pairs of row number and Evidence, in order.

        Raises:
            SchemaError: If the labels were made without evidence.
        """
        if self.evidence is None:
            raise SchemaError("these labels carry no evidence; call label(texts, evidence=True)")
        for row, found in enumerate(self.evidence):
            for item in found:
                yield row, item

    def marked(self, texts: Sequence[str | None]) -> MarkedTexts:
        """The n texts with the words behind each label marked, as a notebook shows them.

        Args:
            texts: The texts that were labeled, with ``evidence=True``.

        Raises:
            InputError: If they are not the n texts.
            SchemaError: If the labels were made without evidence.
        """
        from lingula.label_views import MarkedTexts

        if self.evidence is None:
            raise SchemaError("these labels carry no evidence; call label(texts, evidence=True)")
        return MarkedTexts.of(texts, self.evidence)

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow Table of k float32 columns; blank is null."""
        import pyarrow as pa

        values = self.values
        return pa.table(
            {
                name: pa.array(values[:, column], mask=np.isnan(values[:, column]))
                for column, name in enumerate(self.schema.names)
            }
        )

    def to_polars(self) -> polars.DataFrame:
        """A polars DataFrame of k Float32 columns; blank is null.

        Raises:
            MissingExtraError: If polars is not installed.
        """
        from lingula.label_frames import polars_frame

        frame: polars.DataFrame = polars_frame(self.to_arrow())
        return frame

    def to_pandas(self, index: Any = None) -> pandas.DataFrame:
        """A pandas DataFrame of k float32 columns; blank is NaN.

        Args:
            index: One entry a report, such as the ids or the index of the table that the reports
                come from, so that the frames can be joined; 0 to n - 1 if not given.

        Raises:
            InputError: If the index has another length.
            MissingExtraError: If pandas is not installed.
        """
        if index is not None:
            index = index if isinstance(index, Sized) else list(index)
            if len(index) != len(self):
                raise InputError(f"the index has {len(index)} entries for {len(self)} reports")
        try:
            import pandas as pd
        except ImportError:
            from lingula.errors import MissingExtraError

            raise MissingExtraError("Labels.to_pandas()", "pandas") from None
        frame: pandas.DataFrame = pd.DataFrame(
            self.values, columns=list(self.schema.names), index=index
        )
        return frame
