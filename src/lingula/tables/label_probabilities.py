"""Probabilities that stand beside labels in a table, under the names that tools give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError
from lingula.labels import Label, Schema
from lingula.tables.columns import listed
from lingula.tables.label_values import column_numbers

if TYPE_CHECKING:
    import pyarrow

#: Templates of the columns, tried in this order. One without ``{label}`` holds the probability of
#: positive. The first is what ``lingula label --probabilities`` writes.
TEMPLATES = (
    "{observation}: {label}",
    "{observation} {label} probability",
    "{observation} ({label})",
    "{observation}_{label}",
    "{observation} probability",
    "{observation}_probability",
    "p({observation})",
)
#: A nested column: one record an observation, with one number a label.
NESTED = "probabilities"


@dataclass(frozen=True)
class ProbabilitySources:
    """Where a table holds probabilities.

    Attributes:
        flat: (Observation, label) -> column.
        nested: Name of the nested column, or None.
    """

    flat: dict[tuple[str, Label], str] = field(default_factory=dict)
    nested: str | None = None


def probability_sources(
    path: Path,
    names: Sequence[str],
    schema: Schema,
    found: Sequence[str],
    template: str | None,
) -> ProbabilitySources:
    """Find a table's probabilities, if it has some.

    Args:
        path: For messages.
        names: Columns of the table.
        schema: Names and aliases of the observations.
        found: The observations that the table has.
        template: With ``{observation}`` and perhaps ``{label}``; ``TEMPLATES`` if None.

    Raises:
        ColumnError: If a template is given and malformed, or no column is named so.
    """
    if template is not None and "{observation}" not in template:
        raise ColumnError(
            f"the probability columns {template!r} need {{observation}} in their name, "
            "for example '{observation} probability'"
        )
    for candidate in TEMPLATES if template is None else (template,):
        flat = columns_named_so(names, schema, found, candidate)
        if flat:
            return ProbabilitySources(flat)
    if template is not None:
        raise ColumnError(f"{path}: no column is named like {template!r}; {listed(names)}")
    return ProbabilitySources(nested=NESTED if NESTED in names else None)


def read_probabilities(
    path: Path, table: pyarrow.Table, schema: Schema, sources: ProbabilitySources
) -> npt.NDArray[np.float32] | None:
    """float32, shape (n, k, 4), NaN where unknown; None if there are no probabilities.

    Raises:
        InputError: If a cell is no number between 0 and 1.
    """
    columns: dict[tuple[str, Label], pyarrow.ChunkedArray] = {
        key: table.column(name) for key, name in sources.flat.items()
    }
    if sources.nested is not None:
        columns = _inside(table.column(sources.nested), schema)
    if not columns:
        return None
    out = np.full((table.num_rows, len(schema), len(Label)), np.nan, dtype=np.float32)
    for (observation, label), column in columns.items():
        where = f"{path}, probability of {label.name.lower()} {observation}"
        out[:, schema.index(observation), label] = _checked(column, where)
    return out


def columns_named_so(
    names: Sequence[str], schema: Schema, found: Sequence[str], template: str
) -> dict[tuple[str, Label], str]:
    """(Observation, label) -> column, of the columns whose names follow a template."""
    folded = {name.strip().casefold(): name for name in names}
    labels = list(Label) if "{label}" in template else [Label.POSITIVE]
    columns = {}
    for observation in found:
        item = schema.observations[schema.index(observation)]
        for label in labels:
            for name in (item.name, *item.aliases):
                text = template.replace("{observation}", name)
                key = text.replace("{label}", label.name.lower()).casefold()
                if key in folded and key not in schema:
                    columns[observation, label] = folded[key]
    return columns


def _inside(
    column: pyarrow.ChunkedArray, schema: Schema
) -> dict[tuple[str, Label], pyarrow.ChunkedArray]:
    import pyarrow as pa
    import pyarrow.compute as pc

    out: dict[tuple[str, Label], pyarrow.ChunkedArray] = {}
    if not pa.types.is_struct(column.type):
        return out
    for observation in column.type:
        if observation.name not in schema or not pa.types.is_struct(observation.type):
            continue
        name = schema.names[schema.index(observation.name)]
        inner = pc.struct_field(column, observation.name)
        for cell in observation.type:
            label = Label.__members__.get(cell.name.upper())
            if label is not None:
                out[name, label] = pc.struct_field(inner, cell.name)
    return out


def _checked(column: pyarrow.ChunkedArray, where: str) -> npt.NDArray[np.float32]:
    values = column_numbers(column, where, "probability")
    wrong = np.flatnonzero((values < 0) | (values > 1))
    if len(wrong):
        raise InputError(
            f"{where}, row {wrong[0] + 1}: {values[wrong[0]]:g} is no probability between 0 and 1"
        )
    checked: npt.NDArray[np.float32] = values.astype(np.float32)
    return checked
