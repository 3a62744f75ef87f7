"""The columns of the output: those of the input, then the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, SchemaError
from lingula.labels import VALUES, Label, Schema
from lingula.schemas import CHEXBERT_ORDER
from lingula.tables.arrays import float32_array

if TYPE_CHECKING:
    import pyarrow as pa

#: First column of CheXbert's ``labeled_reports.csv`` (stanfordmlgroup/CheXbert, label.py).
CHEXBERT_TEXT = "Report Impression"

#: Name of the nested column of probabilities, in forms that can hold one.
PROBABILITIES = "probabilities"
CLASS_NAMES: tuple[str, ...] = tuple(label.name.lower() for label in Label)


@dataclass(frozen=True)
class Layout:
    """Which columns the output has.

    Attributes:
        input_schema: Columns of the input.
        schema: The observations.
        suffix: Put after each observation's name, to tell it from a column of the input.
        probabilities: "" for none, "flat" for one column a class, "nested" for one record.
        chexbert: Whether to write CheXbert's form: the text and the labels, nothing else.
        kept: Positions of the input's columns that are written; all if None.
    """

    input_schema: pa.Schema
    schema: Schema
    suffix: str = ""
    probabilities: str = ""
    chexbert: bool = False
    kept: tuple[int, ...] | None = None

    def output_schema(self, source: str) -> pa.Schema:
        """All columns of the output.

        Raises:
            ColumnError: If the input already has a column of a new column's name.
            SchemaError: If CheXbert's form is asked for with other observations than its own.
        """
        import pyarrow as pa

        if self.chexbert:
            missing = [name for name in CHEXBERT_ORDER if name not in self.schema]
            if missing or len(self.schema) != len(CHEXBERT_ORDER):
                raise SchemaError(
                    "CheXbert's form needs its own 14 observations (schema chexpert14), "
                    f"not those of {self.schema.name!r}"
                )
            new = [pa.field(name, pa.float32()) for name in CHEXBERT_ORDER]
            return pa.schema([pa.field(CHEXBERT_TEXT, pa.string()), *new])
        new = [pa.field(name + self.suffix, pa.float32()) for name in self.schema.names]
        if self.probabilities == "flat":
            new += [
                pa.field(f"{name}{self.suffix}: {word}", pa.float32())
                for name in self.schema.names
                for word in CLASS_NAMES
            ]
        elif self.probabilities == "nested":
            new.append(pa.field(PROBABILITIES + self.suffix, self._nested_type()))
        old = [self.input_schema.field(position) for position in self._kept()]
        held = {field.name for field in old}
        for field in new:
            if field.name in held:
                raise ColumnError(
                    f"{source}: already has a column {field.name!r}; give the new columns other "
                    'names, such as --suffix " (lingula)"'
                )
        # What pandas says of the columns holds while all of them are there.
        metadata = self.input_schema.metadata if self.kept is None else None
        return pa.schema([*old, *new], metadata=metadata)

    def output_batch(
        self,
        output_schema: pa.Schema,
        batch: pa.RecordBatch,
        texts: pa.Array,
        classes: npt.NDArray[np.int8],
        probabilities: npt.NDArray[np.float32] | None,
    ) -> pa.RecordBatch:
        """Rows of the output.

        Args:
            output_schema: What ``output_schema()`` gave.
            batch: n rows of the input.
            texts: The text of each row.
            classes: int8, shape (n, k).
            probabilities: float32, shape (n, k, 4), if the layout has them.
        """
        import pyarrow as pa

        if self.chexbert:
            order = [self.schema.index(name) for name in CHEXBERT_ORDER]
            columns = [texts, *_label_columns(classes[:, order])]
        else:
            columns = [batch.column(position) for position in self._kept()]
            columns += _label_columns(classes)
        if self.probabilities and probabilities is not None:
            k = len(self.schema)
            flat = [
                float32_array(probabilities[:, at, label])
                for at in range(k)
                for label in range(len(Label))
            ]
            if self.probabilities == "nested":
                columns.append(self._nested(flat))
            else:
                columns += flat
        return pa.RecordBatch.from_arrays(columns, schema=output_schema)

    def _kept(self) -> Sequence[int]:
        return range(len(self.input_schema)) if self.kept is None else self.kept

    def _nested_type(self) -> Any:
        import pyarrow as pa

        inner = pa.struct([(word, pa.float32()) for word in CLASS_NAMES])
        return pa.struct([(name, inner) for name in self.schema.names])

    def _nested(self, flat: Sequence[pa.Array]) -> pa.Array:
        import pyarrow as pa

        width = len(Label)
        inner = [
            pa.StructArray.from_arrays(flat[at : at + width], names=list(CLASS_NAMES))
            for at in range(0, len(flat), width)
        ]
        return pa.StructArray.from_arrays(inner, names=list(self.schema.names))


def _label_columns(classes: npt.NDArray[np.int8]) -> list[pa.Array]:
    columns = np.ascontiguousarray(classes.T)
    return [float32_array(VALUES[column], column == Label.BLANK) for column in columns]
