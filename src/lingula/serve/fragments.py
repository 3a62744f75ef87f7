"""The labels of one text as a JSON object, made in the worker process that labeled it."""

from __future__ import annotations

from typing import Any

import orjson

from lingula.labels import Evidence, Label, Schema
from lingula.pipeline.remarks import Remark
from lingula.pipeline.task import TaskResult

#: A label by class index; blank is null.
NAMES: tuple[str | None, ...] = (None, "positive", "negative", "uncertain")
#: The same as tables hold it.
NUMBERS: tuple[int | None, ...] = (None, 1, 0, -1)
_CLASSES = tuple(label.name.lower() for label in Label)


def fragments(result: TaskResult, schema: Schema, *, probabilities: bool) -> list[bytes]:
    """One JSON object a text: labels, values, remarks, and evidence and probabilities if there.

    Args:
        result: The labels of n texts.
        schema: Their k observations.
        probabilities: Whether to give them.
    """
    names = schema.names
    rows = result.classes.tolist()
    remarks = result.remarks.tolist()
    found = []
    for row, classes in enumerate(rows):
        item: dict[str, Any] = {
            "labels": dict(zip(names, [NAMES[index] for index in classes], strict=True)),
            "values": [NUMBERS[index] for index in classes],
            "remarks": _remarks(remarks[row]),
        }
        if result.evidence is not None:
            item["evidence"] = [evidence_to_dict(one) for one in result.evidence[row]]
        if probabilities and result.probabilities is not None:
            item["probabilities"] = {
                name: dict(zip(_CLASSES, values, strict=True))
                for name, values in zip(
                    names, result.probabilities[row].astype(float).round(6).tolist(), strict=True
                )
            }
        found.append(orjson.dumps(item))
    return found


def error_fragment(code: str, message: str) -> bytes:
    """What stands in the place of labels for a report that cannot be labeled."""
    return orjson.dumps({"error": {"code": code, "message": message}})


def evidence_to_dict(item: Evidence) -> dict[str, Any]:
    """One reason as JSON values; offsets are counts of characters (code points) into the text."""
    found: dict[str, Any] = {
        "observation": item.observation,
        "label": NAMES[item.label],
        "start": item.start,
        "end": item.end,
        "phrase": item.phrase,
        "rule": item.rule,
    }
    if item.cue_start is not None:
        found["cue"] = {"start": item.cue_start, "end": item.cue_end, "text": item.cue}
    if item.probability is not None:
        found["probability"] = item.probability
    if item.read:
        found["read"] = item.read
    return found


def _remarks(bits: int) -> list[str]:
    return [remark.name.lower() for remark in Remark if bits & remark and remark.name]
