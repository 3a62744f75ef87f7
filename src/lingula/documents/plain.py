"""Exhibits as plain values: for JSON, and one row a figure for CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lingula.documents.exhibits import Bars, Curve, Drawn, Estimate, Grid, Measure, Stack, Table
from lingula.documents.wording import interval_of


def plain(value: Any) -> Any:
    """A value for JSON: undefined figures are None, an estimate with an interval an object."""
    if isinstance(value, Estimate):
        ends = interval_of(value)
        number = plain(float(value.value))
        return number if ends is None else {"value": number, "low": ends[0], "high": ends[1]}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def measure_values(measure: Measure) -> dict[str, Any]:
    """A measure as an object."""
    return {"title": measure.title, "value": plain(measure.value), "kind": measure.kind.value}


def exhibit_values(exhibit: Drawn) -> dict[str, Any]:
    """An exhibit as an object; a table is a list of objects, one a row, by the columns' names."""
    found: dict[str, Any] = {"title": exhibit.title}
    if isinstance(exhibit, Table):
        found["rows"] = list(records(exhibit))
    elif isinstance(exhibit, Stack):
        found["rows"] = {
            title: dict(zip(exhibit.parts, counts, strict=True)) for title, counts in exhibit.rows
        }
    elif isinstance(exhibit, Grid):
        found["columns"] = list(exhibit.column_names)
        found["rows"] = {
            title: [plain(value) for value in values]
            for title, values in zip(exhibit.row_names, exhibit.values, strict=True)
        }
    elif isinstance(exhibit, Bars):
        found["rows"] = {
            title: dict(zip(exhibit.series, map(plain, values), strict=True))
            for title, values in exhibit.rows
        }
    else:
        found |= _curve_values(exhibit)
    if exhibit.note:
        found["note"] = exhibit.note
    return found


def _curve_values(curve: Curve) -> dict[str, Any]:
    lines = [{"x": list(map(plain, a.x)), "y": list(map(plain, a.y))} for a in curve.lines]
    if len(lines) == 1:
        return lines[0]
    return {"lines": {line.name: values for line, values in zip(curve.lines, lines, strict=True)}}


def records(table: Table) -> Iterable[dict[str, Any]]:
    """The rows of a table as objects by the columns' names."""
    names = [column.name for column in table.columns]
    for row in table.rows:
        yield {name: plain(cell) for name, cell in zip(names, row, strict=True)}


def to_json(values: Any, *, indent: int = 1) -> str:
    """Plain values as a JSON document.

    Raises:
        ValueError: If a number is not finite (use ``plain``).
    """
    return json.dumps(values, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as CSV with a header; None is an empty cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if x is None else x for name, x in row.items()} for row in rows)
    return out.getvalue()
