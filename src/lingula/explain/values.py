"""Explanations and token weights as plain values for JSON; labels are 1, 0, -1 or None (blank)."""

from __future__ import annotations

from typing import Any

from lingula.explain.attribution import Attribution
from lingula.explain.reasons import Explanation
from lingula.labels import Evidence, Label


def as_values(explanation: Explanation) -> dict[str, Any]:
    """An explanation by rules."""
    return {
        "name": explanation.name,
        "labeler": explanation.labeler,
        "text": explanation.text,
        "labels": [
            {
                "observation": reason.observation,
                "label": _number(reason.label),
                "probability": reason.probability,
                "table": None if reason.given is None else _number(reason.given),
                "differs": reason.differs,
                "deciding": [_evidence_values(item) for item in reason.deciding],
                "overruled": [_evidence_values(item) for item in reason.overruled],
            }
            for reason in explanation.reasons
        ],
    }


def weight_values(item: Attribution) -> dict[str, Any]:
    """Token weights of one label."""
    return {
        "name": item.name,
        "text": item.text,
        "observation": item.observation,
        "label": _number(item.label),
        "method": item.method,
        "change": item.change,
        "gap": item.gap,
        "cut": item.cut,
        "tokens": [
            {
                "start": token.start,
                "end": token.end,
                "token": item.text[token.start : token.end],
                "weight": token.weight,
            }
            for token in item.tokens
        ],
    }


def _evidence_values(item: Evidence) -> dict[str, Any]:
    return {
        "label": _number(item.label),
        "start": item.start,
        "end": item.end,
        "phrase": item.phrase,
        "cue_start": item.cue_start,
        "cue_end": item.cue_end,
        "cue": item.cue,
        "read": item.read,
        "cue_read": item.cue_read,
        "rule": item.rule,
    }


def _number(label: Label) -> int | None:
    return None if label is Label.BLANK else int(label.number)
