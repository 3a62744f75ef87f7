"""Labels as a table, and their reasons as marked words, for notebooks."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.observations import Evidence, Label

#: Rows that are shown; what is left out is counted below them.
SHOWN_ROWS = 20

#: What a cell of each class says, its text and its colours, which contrast by 4.5 to 1 and more.
_CELLS = (
    ("", "not mentioned", ""),
    ("1", "positive", "background:#ffd9d6;color:#7a1210"),
    ("0", "negative", "background:#d9efdc;color:#124d1c"),
    ("-1", "uncertain", "background:#fff0c2;color:#5c4300"),
)


def labels_html(names: Sequence[str], classes: npt.NDArray[np.int8]) -> str:
    """A table with one coloured cell a label; the first rows of many.

    Args:
        names: The k observations.
        classes: int8, shape (n, k).
    """
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    rows = []
    for number, row in enumerate(classes[:SHOWN_ROWS].tolist()):
        cells = "".join(
            f'<td title="{_CELLS[label][1]}" style="text-align:center;{_CELLS[label][2]}">'
            f"{_CELLS[label][0]}</td>"
            for label in row
        )
        rows.append(f'<tr><th scope="row">{number}</th>{cells}</tr>')
    return (
        f'<div style="overflow-x:auto"><table><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{_left_out(len(classes))}"
    )


def _left_out(count: int) -> str:
    """How many of so many rows are not shown."""
    left = count - SHOWN_ROWS
    return f"<p>and {left:,} more</p>" if left > 0 else ""


#: Colours of marked words and of underlined cues; the words' contrast is that of ``_CELLS``.
_MARKS = (
    "background:#cfe3f7;color:#1d3550",
    *(colours for *_, colours in _CELLS[1:]),
)
_CUES = ("#2b6cb0", "#c0392b", "#1e7b34", "#8a5a00")
#: The stronger label is shown where mentions overlap.
_STRENGTH = (Label.POSITIVE, Label.UNCERTAIN, Label.NEGATIVE, Label.BLANK)


class MarkedWords(NamedTuple):
    """Words of a text that are one mention's, or one cue's, or shared by some.

    Attributes:
        start: First character.
        end: One past the last.
        label: The strongest of the mentions here.
        cue: Whether they belong to a cue and to no mention.
        ending: Numbers, from 1, of the mentions that end here.
    """

    start: int
    end: int
    label: Label
    cue: bool
    ending: tuple[int, ...]


def marked_words(mentions: Sequence[Evidence]) -> tuple[MarkedWords, ...]:
    """Mentions and cues of one text, in its order, cut where they overlap."""
    cues = [
        (item.cue_start, item.cue_end, item.label)
        for item in mentions
        if item.cue_start is not None and item.cue_end is not None
    ]
    ends = [x for item in mentions for x in (item.start, item.end)]
    cuts = sorted({*ends, *(x for start, end, _ in cues for x in (start, end))})
    found = []
    for start, end in pairwise(cuts):
        here = [x.label for x in mentions if x.start <= start and end <= x.end]
        cued = [label for first, last, label in cues if first <= start and end <= last]
        if here or cued:
            label = min(here or cued, key=_STRENGTH.index)
            ending = tuple(
                n for n, x in enumerate(mentions, 1) if x.start <= start and x.end == end
            )
            found.append(MarkedWords(start, end, label, not here, ending))
    return tuple(found)


def evidence_html(item: Evidence) -> str:
    """One reason: the mention and its cue as they stand in the text, and what gave the label."""
    words = _mark(item.phrase, item.label, cue=False) if item.phrase else ""
    cue = f" with {_mark(item.cue, item.label, cue=True)}" if item.cue else ""
    chance = "" if item.probability is None else f", probability {item.probability:.3f}"
    told = f"{item.observation}: {item.label.name.lower()}{chance}"
    return f"<span>{html.escape(told)} {words}{cue} <small>{html.escape(item.rule)}</small></span>"


@dataclass(frozen=True)
class MarkedTexts:
    """Texts whose words are marked, for a notebook; ``Labels.marked`` makes them.

    Attributes:
        texts: The n texts, None where there is none.
        evidence: The reasons of each.
    """

    texts: tuple[str | None, ...]
    evidence: tuple[tuple[Evidence, ...], ...]

    @classmethod
    def of(cls, texts: Any, evidence: tuple[tuple[Evidence, ...], ...]) -> MarkedTexts:
        """Texts with their reasons.

        Raises:
            InputError: If there are not as many texts as reasons, or a reason does not stand in
                its text: these are other texts.
        """
        from lingula.text.given import as_texts

        given = tuple(as_texts(texts))
        if len(given) != len(evidence):
            raise InputError(f"there are {len(given)} texts, and labels of {len(evidence)}")
        for row, (text, found) in enumerate(zip(given, evidence, strict=True), 1):
            if any((text or "")[item.start : item.end] != item.phrase for item in found):
                raise InputError(f"text {row} is not the one that was labeled")
        return cls(given, evidence)

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return f"<{len(self):,} marked text{'' if len(self) == 1 else 's'}>"

    def _repr_html_(self) -> str:
        shown = zip(self.texts[:SHOWN_ROWS], self.evidence, strict=False)
        parts = [
            '<div style="white-space:pre-wrap;line-height:1.7;padding:8px 0;'
            f'border-bottom:1px solid #ccc">{"".join(_runs(text or "", found))}</div>'
            for text, found in shown
        ]
        return f"<div>{''.join(parts)}{_left_out(len(self))}</div>"


def _runs(text: str, found: Sequence[Evidence]) -> Iterator[str]:
    """The text with its marks; what is said at a mark stands in its title."""
    mentions = sorted((x for x in found if x.end > x.start), key=lambda x: (x.start, x.end))
    at = 0
    for words in marked_words(mentions):
        yield html.escape(text[at : words.start])
        here = [x for x in mentions if x.start <= words.start and words.end <= x.end]
        told = "; ".join(f"{x.observation}: {x.label.name.lower()} [{x.rule}]" for x in here)
        yield _mark(text[words.start : words.end], words.label, cue=words.cue, title=told)
        at = words.end
    yield html.escape(text[at:])


def _mark(words: str, label: Label, *, cue: bool, title: str = "") -> str:
    style = (
        f"background:none;color:inherit;border-bottom:2px solid {_CUES[label]}"
        if cue
        else f"{_MARKS[label]};border-radius:3px;padding:1px 2px"
    )
    told = f' title="{html.escape(title)}"' if title else ""
    return f'<mark style="{style}"{told}>{html.escape(words)}</mark>'
