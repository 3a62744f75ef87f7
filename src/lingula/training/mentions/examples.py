"""Training examples: marked sentences with the class of each mark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lingula.builtin.marking import Marker, said_at_marks
from lingula.rules import RuleLabeler
from lingula.rules.judging import Reason
from lingula.training.mentions.frames import Sentence, Slot

#: The class of a mark that is not learned from.
UNKNOWN = -100


@dataclass(frozen=True)
class Example:
    """A marked sentence.

    Attributes:
        text: With marks.
        classes: The class of each mark, or ``UNKNOWN``.
        rules: What the rules say of each mark.
        style: Where it comes from.
        frame: What it was drawn from, if that is known.
    """

    text: str
    classes: tuple[int, ...]
    rules: tuple[int, ...]
    style: str
    frame: str = ""


class ExampleMaker:
    """Turns sentences into examples, as the labeler would read them."""

    def __init__(self, rules: RuleLabeler) -> None:
        self._judge = rules.judge
        self._marker = Marker(rules.lexicon)

    def from_known(self, sentence: Sentence) -> list[Example]:
        """Examples of a sentence with known labels; a mark without one is not learned from."""
        made = []
        for start, end, inherited in self._judge.statements(sentence.text):
            if sentence.text[start:end].endswith("?") and end < len(sentence.text.rstrip()):
                return []  # The answer stands in the next sentence.
            slots = [slot for slot in sentence.slots if start <= slot.start and slot.end <= end]
            found = self._marked((sentence.text[start:end], inherited))
            if found is None or not slots:
                continue
            text, reasons, places = found
            classes = [UNKNOWN] * (max(places) + 1)
            for reason, place in zip(reasons, places, strict=True):
                slot = _slot_of(reason, start, slots)
                if place >= 0 and slot is not None:
                    classes[place] = slot.label
            if any(item != UNKNOWN for item in classes):
                made.append(
                    Example(text, tuple(classes), said_at_marks(reasons, places), sentence.style)
                )
        return made

    def from_rules(self, texts: Iterable[str], style: str) -> list[Example]:
        """Examples of whole texts with the rules' labels, each distinct sentence once."""
        made: dict[str, Example] = {}
        for text in texts:
            for start, end, inherited in self._judge.statements(text):
                found = self._marked((text[start:end], inherited))
                if found is not None:
                    said = said_at_marks(*found[1:])
                    made.setdefault(found[0], Example(found[0], said, said, style))
        return list(made.values())

    def _marked(
        self, statement: tuple[str, str]
    ) -> tuple[str, tuple[Reason, ...], tuple[int, ...]] | None:
        reasons = self._judge.reasons(*statement)
        marked = self._marker.mark(statement, reasons, self._judge.view) if reasons else None
        return None if marked is None else (marked.text, reasons, marked.places)


def _slot_of(reason: Reason, start: int, slots: Sequence[Slot]) -> Slot | None:
    for slot in slots:
        same = slot.observation == reason.observation
        if same and reason.start + start < slot.end and slot.start < reason.end + start:
            return slot
    return None
