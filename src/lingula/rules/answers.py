"""Answered templates: the value after a finding ("Edema: yes", "effusion (-)", "[x] fracture")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lingula.labels import Label
from lingula.rules.boxes import MARKS, boxes, leads
from lingula.rules.lexicon_model import Category, Lexicon
from lingula.rules.matcher import Scan, Span, longest
from lingula.rules.word_classes import DASHES

_LABELS = {
    Category.NEGATION: Label.NEGATIVE,
    Category.AFFIRMATION: Label.POSITIVE,
    Category.UNCERTAINTY: Label.UNCERTAIN,
    Category.HYPOTHETICAL: Label.BLANK,
}
_OPEN = frozenset({":", "=", "|"})
_STOPS = frozenset({",", ";", ".", ")", "]", "[", "-", "?", "|", ""})
_CLOSING = {"(": ")", "[": "]"}
_OPENING = {")": "(", "]": "["}
#: Marks between a finding and its value; a full stop stands for dot leaders.
_LEAST_LEADER = 3
_SEPARATORS = frozenset(":=|?([-–—☐☑☒✓✔✗✘")
#: Before these, the words that an answer speaks of begin.
_BEGINS = frozenset({";", ".", "(", ")", "]", "?"})
#: Most tokens of the choices that a form prints in brackets.
_LONGEST_OPTIONS = 12
#: What follows the choices that a form prints in brackets.
_AFTER_CHOICES = ([")", ":"], [")", "?"], ["]", ":"], ["]", "?"])
#: What a ticked state says of a structure.
_TOLD = {
    Category.NORMAL: Label.NEGATIVE,
    Category.ABNORMAL: Label.POSITIVE,
    Category.BORDERLINE: Label.UNCERTAIN,
}
_STATES = (Category.NORMAL, Category.ABNORMAL)
_OPPOSITE = {Label.POSITIVE: Label.NEGATIVE, Label.NEGATIVE: Label.POSITIVE}
#: Answers that need no separator ("effusion none, edema nil").
_BARE = frozenset(
    {"no", "none", "nil", "absent", "negative", "neg", "-", "-ve", "ø", "∅", "nad", "n"}
)
#: Of those the ones that may follow a comma ("edema, none").
_AFTER_COMMA = frozenset({"none", "nil", "absent"})


class Answer(NamedTuple):
    """What a template's value says of a mention; a blank label drops the mention."""

    label: Label
    cue: Span | None


class AnswerReader:
    """Finds the mentions of a sentence that are answered like the items of a form."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._observation = [mention.observation for mention in lexicon.mentions]
        self._structure = [mention.structure for mention in lexicon.mentions]
        self._category = [cue.category for cue in lexicon.cues]
        self._is_answer = [cue.answer for cue in lexicon.cues]
        #: A cue to stand for a ticked and for an empty box.
        self._rule = {
            category: next(
                (n for n, c in enumerate(lexicon.cues) if c.answer and c.category is category), None
            )
            for category in (Category.AFFIRMATION, Category.NEGATION)
        }

    def read(self, scan: Scan, mentions: list[Span]) -> dict[Span, Answer]:
        """The answered mentions of a sentence.

        Args:
            scan: The sentence; a mention inside one of its headers speaks only if it is answered.
            mentions: Its mentions, from left to right.
        """
        found: dict[Span, Answer] = {}
        tokens = scan.tokens
        if not scan.answers:
            if ":" not in tokens and MARKS.isdisjoint(tokens):
                return found
        elif (
            _SEPARATORS.isdisjoint(tokens)
            and _AFTER_COMMA.isdisjoint(tokens)
            and tokens.count(".") < _LEAST_LEADER
            and not _follows(scan.answers, mentions)
        ):
            return found
        if scan.answers or not MARKS.isdisjoint(tokens):
            cues = longest([*scan.cues, *scan.answers])
            self._boxes(tokens, mentions, cues, found)
            self._replies(tokens, mentions, cues, found)
        if ":" in tokens:
            self._labels(tokens, mentions, scan.headers, found)
        return found

    def _replies(
        self,
        tokens: list[str],
        mentions: list[Span],
        cues: list[Span],
        found: dict[Span, Answer],
    ) -> None:
        """Answers behind what they speak of, each back to the one before."""
        last = 0
        for cue in cues:
            if not self._is_reply(tokens, cues, cue):
                continue
            separator = self._separator(tokens, mentions, cue)
            if separator < 0:
                continue
            answer = Answer(_LABELS[self._category[cue.rule]], cue)
            state = self._asked_state(cues, separator, answer)
            if state is not None:
                for mention in mentions:
                    inside = last <= mention.start and mention.end <= separator
                    if inside and self._structure[mention.rule]:
                        found.setdefault(mention, state)
            for mention in self._answered(tokens, mentions, cues, last, separator):
                # "Heart: N" says normal; a state is read where states are.
                if not self._structure[mention.rule] or tokens[cue.start] == "n":
                    found.setdefault(mention, answer)
            last = cue.end

    def _is_reply(self, tokens: list[str], cues: list[Span], cue: Span) -> bool:
        """Whether a cue can answer what stands before it, and is no choice of several."""
        if cue.start == 0:
            return False
        asks = tokens[cue.start] == "?" and tokens[cue.start - 1] in _OPEN
        if not (self._is_answer[cue.rule] or asks):
            return False
        if tokens[cue.end : cue.end + 2] in _AFTER_CHOICES:
            return False
        closed = tokens[cue.end : cue.end + 1] in ([")"], ["]"])
        return not (
            closed and any(c.start == cue.end + 1 and self._is_answer[c.rule] for c in cues)
        )

    def _asked_state(self, cues: list[Span], end: int, answer: Answer) -> Answer | None:
        """What an answer says of a structure whose state is asked for ("heart enlarged? no")."""
        asked = next((c for c in cues if c.end == end and self._category[c.rule] in _STATES), None)
        if asked is None or answer.label is Label.BLANK:
            return None
        if self._category[asked.rule] is Category.NORMAL:  # "heart size normal: yes"
            return Answer(_OPPOSITE.get(answer.label, answer.label), answer.cue)
        return answer

    def _separator(self, tokens: list[str], mentions: list[Span], cue: Span) -> int:
        """Where the words end that an answer speaks of; -1 if the cue is no answer here."""
        before = tokens[cue.start - 1]
        after = tokens[cue.end] if cue.end < len(tokens) else ""
        at = cue.start - 1
        ends = after in _STOPS or any(
            m.start == cue.end and tokens[m.end : m.end + 1] in ([":"], ["="], ["-"], ["("], ["["])
            for m in mentions
        )
        if before in DASHES and at > 0 and tokens[at - 1] == "?":
            at, before = at - 1, "?"
        if before == ":":
            at = _past_options(tokens, at)
        elif before in _OPENING and _past_options(tokens, at + 1) < at:
            # "Opacity? (Y/N) Y": the choices stand between the question and its answer.
            at = _past_options(tokens, at + 1) - 1
            before = tokens[at]
        if before in _OPEN or before == "?":
            return at if ends or not self._goes_on(tokens, mentions, cue) else -1
        if before in _CLOSING:
            return at if after in (_CLOSING[before], ",") else -1
        if before == "." and tokens[max(at - 2, 0) : at] == [".", "."]:  # dot leaders
            while at > 0 and tokens[at - 1] == ".":
                at -= 1
            return at
        if before in ("-", "–", "—"):
            return at if ends else -1
        bare = self._category[cue.rule] is Category.NEGATION and tokens[cue.start] in _BARE
        if ends and bare and any(m.end == cue.start for m in mentions):
            return cue.start
        if before == "," and after in (";", ".", "") and tokens[cue.start] in _AFTER_COMMA:
            return at if any(m.end == at for m in mentions) else -1
        return -1

    def _goes_on(self, tokens: list[str], mentions: list[Span], cue: Span) -> bool:
        """Whether the answer's word speaks of another mention ("chest tube: no pneumothorax")."""
        for mention in mentions:
            if mention.start >= cue.end:
                between = tokens[cue.end : mention.start]
                labelled = tokens[mention.end : mention.end + 1] == [":"]
                return not labelled and _STOPS.isdisjoint(between)
        return False

    def _answered(
        self, tokens: list[str], mentions: list[Span], cues: list[Span], last: int, end: int
    ) -> list[Span]:
        """The mentions of which an answer speaks, the words before a separator."""
        named = {at for m in mentions for at in range(m.start, m.end)}
        spoken = {
            at for c in cues for at in range(c.start, c.end) if not self._is_answer[c.rule]
        } - named
        start, plain = end, True
        while start > last and tokens[start - 1] not in _BEGINS and start - 1 not in spoken:
            start -= 1
            if tokens[start] == "," and not plain:
                start += 1
                break
            if start not in named and tokens[start] not in (",", "and", "or"):
                plain = False
        first = start
        while first < end and not plain and "," in tokens[first:end]:
            # "Small effusion, pneumothorax: none": the answer is the last item's.
            first += tokens[first:end].index(",") + 1
        return [m for m in mentions if first <= m.start and m.end <= end]

    def _labels(
        self,
        tokens: list[str],
        mentions: list[Span],
        headers: Sequence[Span],
        found: dict[Span, Answer],
    ) -> None:
        """Drops labels that are said again ("Effusion: no effusion"), and unanswered headers."""
        for at, mention in enumerate(mentions):
            if mention in found:
                continue
            if any(h.start <= mention.start and mention.end < h.end for h in headers):
                if not self._structure[mention.rule] and self._again(mention, mentions[at + 1 :]):
                    found[mention] = Answer(Label.BLANK, None)
            elif tokens[mention.end : mention.end + 1] == [":"] and self._again(
                mention, mentions[at + 1 :]
            ):
                found[mention] = Answer(Label.BLANK, None)

    def _again(self, mention: Span, later: list[Span]) -> bool:
        observation = self._observation[mention.rule]
        return any(self._observation[item.rule] == observation for item in later)

    def _boxes(
        self,
        tokens: list[str],
        mentions: list[Span],
        cues: list[Span],
        found: dict[Span, Answer],
    ) -> None:
        found_boxes = boxes(tokens, signs=bool(mentions) and leads(tokens, mentions[0]))
        if not found_boxes or not mentions:
            return
        first = found_boxes[0][0] < mentions[0].start
        for number, (start, end, ticked) in enumerate(found_boxes):
            following = found_boxes[number + 1][0] if number + 1 < len(found_boxes) else len(tokens)
            before = found_boxes[number - 1][1] if number else 0
            inside = [m for m in mentions if end <= m.start and m.end <= following]
            state = next(
                (c for c in cues if c.start == end and self._category[c.rule] in _TOLD), None
            )
            if state is not None and not inside:
                # "Heart size: [ ] normal [x] enlarged"
                if ticked:
                    asked = [
                        m
                        for m in mentions
                        if m.end <= found_boxes[0][0] and self._structure[m.rule]
                    ]
                    label = _TOLD[self._category[state.rule]]
                    found.update((m, Answer(label, state)) for m in asked)
                continue
            word = next((c for c in cues if c.start == end and self._is_answer[c.rule]), None)
            if word is not None and not inside:
                # "Effusion: [x] no [ ] yes": the box ticks a word.
                if ticked:
                    targets = [m for m in mentions if m.end <= found_boxes[0][0]]
                    label = _LABELS[self._category[word.rule]]
                    found.update((m, Answer(label, word)) for m in targets)
                continue
            targets = (
                inside if first else [m for m in mentions if before <= m.start and m.end <= start]
            )
            category = Category.AFFIRMATION if ticked else Category.NEGATION
            rule = self._rule[category]
            if rule is not None:
                answer = Answer(_LABELS[category], Span(start, end, rule))
                found.update((m, answer) for m in targets if not self._structure[m.rule])


def _past_options(tokens: list[str], at: int) -> int:
    """The colon's place, or that of what stands for it: "Edema (yes/no):", "Edema? A:"."""
    if tokens[at - 2 : at] == ["?", "a"]:
        return at - 2
    opening = _OPENING.get(tokens[at - 1]) if at > 0 else None
    if opening is not None and opening in tokens[max(at - _LONGEST_OPTIONS, 0) : at]:
        return at - 1 - tokens[at - 1 :: -1].index(opening)
    return at


def _follows(answers: list[Span], mentions: list[Span]) -> bool:
    """Whether an answer stands right after a mention."""
    for answer in answers:
        at = answer.start
        if at > 0:
            for mention in mentions:
                if mention.end == at:
                    return True
    return False
