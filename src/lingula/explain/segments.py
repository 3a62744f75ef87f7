"""A report cut where mentions and cues begin and end, for those who draw it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from lingula.explain.reasons import Explanation
from lingula.labels import Label

#: The stronger label is shown where mentions overlap.
_STRENGTH = (Label.POSITIVE, Label.UNCERTAIN, Label.NEGATIVE, Label.BLANK)
#: An observation that repeats what others say.
_NO_FINDING = "No Finding"


@dataclass(frozen=True)
class Segment:
    """A run of characters that is drawn in one way.

    Attributes:
        start: First character.
        end: One past its last.
        text: The characters.
        label: What is said there; None for plain text.
        is_cue: Whether the words are only a cue, no mention.
        note: What the words are, for a reader who points at them.
    """

    start: int
    end: int
    text: str
    label: Label | None = None
    is_cue: bool = False
    note: str = ""


def segments(explanation: Explanation) -> tuple[Segment, ...]:
    """The whole report in runs; joined they are the text as it was given."""
    text = explanation.text
    mentions: list[tuple[int, int, Label, str]] = []
    cues: list[tuple[int, int, Label, str]] = []
    for reason in explanation.reasons:
        if reason.observation == _NO_FINDING:
            continue
        for item in (*reason.deciding, *reason.overruled):
            word = f"{item.observation}: {item.label.name.lower()}"
            mentions.append((item.start, item.end, item.label, f"{word} ({item.rule})"))
            if item.cue_start is not None and item.cue_end is not None:
                cues.append((item.cue_start, item.cue_end, item.label, f"cue for {word}"))
    cuts = sorted({0, len(text), *(x for span in (*mentions, *cues) for x in span[:2])})
    found = []
    for start, end in pairwise(cuts):
        here = [x for x in mentions if x[0] <= start and end <= x[1]]
        cue_only = not here
        here = here or [x for x in cues if x[0] <= start and end <= x[1]]
        if not here:
            found.append(Segment(start, end, text[start:end]))
            continue
        label = min((x[2] for x in here), key=_STRENGTH.index)
        note = "; ".join(dict.fromkeys(x[3] for x in here))
        found.append(Segment(start, end, text[start:end], label, cue_only, note))
    return tuple(found)
