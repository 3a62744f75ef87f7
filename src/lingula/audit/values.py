"""Every figure of an audit as plain values for JSON, unrounded."""

from __future__ import annotations

from typing import Any

import lingula
from lingula.audit.checks import CHECKS
from lingula.audit.result import Audit, CheckResult
from lingula.documents import exhibit_values, measure_values, plain

#: Raised when a key of the file changes its meaning or goes.
FORMAT = 1


def audit_values(audit: Audit) -> dict[str, Any]:
    """The audit as an object; figures that are missing are None.

    Checks, measures and tables are objects by name, so that a figure has a stable path, as in
    ``checks.repeats.measures.patients.value``; a table is a list of objects, one a row.
    """
    meanings = {check.name: check.meaning for check in CHECKS}
    return {
        "format": FORMAT,
        "lingula": lingula.__version__,
        "name": audit.name,
        "schema": audit.schema,
        "labels": list(audit.label_names),
        "overview": {m.name: plain(m.value) for m in audit.overview},
        "checks": {r.name: _check(r, meanings.get(r.name, "")) for r in audit.checks},
    }


def _check(result: CheckResult, meaning: str) -> dict[str, Any]:
    scores = result.label_scores
    return {
        "title": result.title,
        "score": plain(result.score),
        "score_is": meaning,
        "level": result.level.value,
        "missing": result.missing or None,
        "summary": result.summary,
        "findings": [{"level": f.level.value, "text": f.text} for f in result.findings],
        "advice": list(result.advice),
        "measures": {m.name: measure_values(m) for m in result.measures},
        "exhibits": {e.name: exhibit_values(e) for e in result.exhibits},
        "label_scores": None if scores is None else [plain(score) for score in scores.tolist()],
        "rows": None if result.rows is None else len(result.rows),
        "row_ids": None if result.row_ids is None else list(result.row_ids),
        "examples": [
            {"row": e.row + 1, "id": e.id, "why": e.why}
            | ({} if e.text is None else {"text": e.text})
            for e in result.examples
        ],
    }
