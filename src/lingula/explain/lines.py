"""One line a label in words, and all of an explanation as plain values."""

from __future__ import annotations

from typing import Any

from lingula.explain.reasons import Explanation, LabelReason
from lingula.labels import Evidence, Label

#: Mentions that a line names; the rest are counted.
MOST_MENTIONS = 3


def label_word(label: Label) -> str:
    """A label as a word in lower case."""
    return label.name.lower()


def reason_text(reason: LabelReason) -> str:
    """Why one label is what it is, in one line."""
    parts = [_mentions(reason.deciding)] if reason.deciding else []
    if reason.overruled:
        told = ", ".join(
            f"{label_word(item.label)} {_quoted(item)}" for item in reason.overruled[:MOST_MENTIONS]
        )
        parts.append(f"beside {told}{_more(len(reason.overruled))}")
    if reason.probability is not None:
        parts.append(f"probability {reason.probability:.3f}")
    if reason.differs and reason.given is not None:
        parts.append(f"the table says {label_word(reason.given)}")
    return "; ".join(parts)


def plain_lines(explanation: Explanation) -> list[str]:
    """The report and one line a label, without colour."""
    lines = [explanation.text.rstrip("\n"), ""]
    if explanation.name:
        lines.insert(0, f"{explanation.name}:")
    width = max((len(item.observation) for item in explanation.reasons), default=0)
    for reason in explanation.reasons:
        word = label_word(reason.label)
        lines.append(f"{reason.observation:<{width}}  {word:<9}  {reason_text(reason)}".rstrip())
    if not explanation.reasons:
        lines.append("No label: the text names no observation.")
    return lines


def as_values(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain values for JSON; labels are 1, 0, -1 or null (blank)."""
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


def _mentions(items: tuple[Evidence, ...]) -> str:
    told = ", ".join(_mention(item) for item in items[:MOST_MENTIONS])
    return told + _more(len(items))


def _mention(item: Evidence) -> str:
    cue = f" with {_shown(item.cue)}{_read(item.cue_read)}" if item.cue else ""
    return f"{_quoted(item)}{cue} [{item.rule}]".strip()


def _quoted(item: Evidence) -> str:
    return f"{_shown(item.phrase)}{_read(item.read)} at {item.start}" if item.phrase else ""


def _read(words: str) -> str:
    return f" (read as {_shown(words)})" if words else ""


def _shown(words: str) -> str:
    return '"' + " ".join(words.split()) + '"'


def _more(count: int) -> str:
    return f" and {count - MOST_MENTIONS} more" if count > MOST_MENTIONS else ""
