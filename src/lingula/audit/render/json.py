"""Every figure of an audit as JSON, unrounded."""

from __future__ import annotations

import json
import math
from typing import Any

import lingula
from lingula.audit.checks import CHECKS
from lingula.audit.result import (
    Audit,
    CheckResult,
    Exhibit,
    Grid,
    Measure,
    Stack,
    Table,
)

#: Raised when a key of the file changes its meaning or goes.
FORMAT = 1


def to_json(audit: Audit) -> str:
    """The audit as a JSON document; figures that are missing are null.

    Checks, measures and tables are objects by name, so that a figure has a stable path, as in
    ``checks.repeats.measures.patients.value``; a table is a list of objects, one a row.
    """
    meanings = {check.name: check.meaning for check in CHECKS}
    document = {
        "format": FORMAT,
        "lingula": lingula.__version__,
        "name": audit.name,
        "schema": audit.schema,
        "labels": list(audit.label_names),
        "overview": {m.name: _plain(m.value) for m in audit.overview},
        "checks": {r.name: _check(r, meanings.get(r.name, "")) for r in audit.checks},
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _check(result: CheckResult, meaning: str) -> dict[str, Any]:
    return {
        "title": result.title,
        "score": _plain(result.score),
        "score_is": meaning,
        "level": result.level.value,
        "missing": result.missing or None,
        "summary": result.summary,
        "findings": [{"level": f.level.value, "text": f.text} for f in result.findings],
        "advice": list(result.advice),
        "measures": {m.name: _measure(m) for m in result.measures},
        "exhibits": {e.name: _exhibit(e) for e in result.exhibits},
        "label_scores": None
        if result.label_scores is None
        else [_plain(float(score)) for score in result.label_scores],
        "rows": None if result.rows is None else len(result.rows),
        "row_ids": None if result.row_ids is None else list(result.row_ids),
        "examples": [
            {"row": e.row + 1, "id": e.id, "why": e.why}
            | ({} if e.text is None else {"text": e.text})
            for e in result.examples
        ],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    found = {"title": measure.title, "value": _plain(measure.value), "kind": measure.kind.value}
    if measure.low is not None or measure.high is not None:
        found |= {"low": _plain(measure.low), "high": _plain(measure.high)}
    return found


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    found: dict[str, Any] = {"title": exhibit.title}
    if isinstance(exhibit, Table):
        names = [column.name for column in exhibit.columns]
        found["rows"] = [
            {name: _plain(cell) for name, cell in zip(names, row, strict=True)}
            for row in exhibit.rows
        ]
    elif isinstance(exhibit, Stack):
        found["rows"] = {
            title: dict(zip(exhibit.parts, counts, strict=True)) for title, counts in exhibit.rows
        }
    elif isinstance(exhibit, Grid):
        found["columns"] = list(exhibit.column_names)
        found["rows"] = {
            title: [_plain(value) for value in values]
            for title, values in zip(exhibit.row_names, exhibit.values, strict=True)
        }
    else:
        found |= {"x": list(exhibit.x), "y": list(exhibit.y)}
    if exhibit.note:
        found["note"] = exhibit.note
    return found


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
