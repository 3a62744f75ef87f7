"""What a sentence inherits from the one before it: a header, or the words that open a list.

After "PLEURA: No effusion. No thickening." the second sentence still speaks of the pleura, and in
"No evidence of:" followed by three list items, each item is denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lingula.rules.lexicon_model import HeaderKind, Lexicon
from lingula.rules.patterns import tokens_of

#: A label at the start of a sentence.
_LABEL = re.compile(r"([A-Za-z][A-Za-z ,/&-]{0,45}?)\s*(?::|=|\s[-–](?=\s))")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n|\r[^\S\r\n]*\r")
#: A sentence that answers the one before it.
_ANSWERS = re.compile(r"(?:None|Neither)(?: [\w']+){0,6}[.,;]?$|None (?:is|are|was) \w+")
#: A longer opening of a list is prose.
_LONGEST_OPENING = 80
#: Letters by which the header of a place is looked up first.
_BEGINNING = 3
#: Most spaces and marks more than its words have between them.
_SPACES = 20


def may_inherit(text: str) -> bool:
    """Whether a text has a mark without which no sentence inherits anything."""
    if ":" in text or "=" in text or " - " in text or " – " in text:
        return True
    if "\t- " in text or "\n- " in text:
        return True
    return ". None " in text or ". Neither " in text


class ContextReader:
    """Finds the words that a sentence inherits.

    Args:
        lexicon: Its headers are known; a header of kind "place" holds until the next header or
            blank line, one of kind "elsewhere" if another header follows.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._kinds = {
            phrase: header.kind for header in lexicon.headers for phrase in header.phrases
        }
        places = [at for at, kind in self._kinds.items() if kind is HeaderKind.PLACE]
        self._longest = max(map(len, places), default=0) + _SPACES
        self._begin = {place[:_BEGINNING] for place in places}

    def statements(
        self, text: str, spans: Iterable[tuple[int, int]]
    ) -> Iterator[tuple[int, int, str]]:
        """The sentences of a text, each with the words that it inherits, "" for none.

        Args:
            text: The text.
            spans: Its sentences, in order.
        """
        places = list(spans)
        heads = [self._head(text[start:end]) for start, end in places]
        last = max((at for at, head in enumerate(heads) if head is not None), default=-1)
        header = opening = ""
        nested = False  # the header stands on a line of its own, above labels
        before = 0
        for at, (start, end) in enumerate(places):
            gap = text[before:start]
            head = heads[at]
            if header and _BLANK_LINE.search(gap):
                header = ""
            item = bool(gap.strip())
            asked = at > 0 and _ANSWERS.match(text[start:end]) is not None
            yield (
                start,
                end,
                (opening if item else "")
                or (text[slice(*places[at - 1])] if asked else "")
                or (header if head is None or (nested and self._kind(head) is None) else ""),
            )
            if not (item and opening):
                opening = _opening(text[start:end])
            line = text[start:end].strip()
            if head is None and self._is_place(line):
                header, nested = f"{line}:", True
            elif head is not None and not (nested and self._kind(head) is None):
                nested = False
                kind = self._kind(head)
                carried = kind is HeaderKind.PLACE or (kind is HeaderKind.ELSEWHERE and at < last)
                header = f"{head}:" if carried else ""
            before = end

    def _is_place(self, line: str) -> bool:
        """Whether a sentence is the header of a place; that most are not is seen fast."""
        return (
            len(line) <= self._longest
            and line[:_BEGINNING].lower() in self._begin
            and self._kind(line) is HeaderKind.PLACE
        )

    def _kind(self, label: str) -> HeaderKind | None:
        """The kind of a known label."""
        return self._kinds.get(" ".join(tokens_of(label)))

    def _head(self, sentence: str) -> str | None:
        """The label at the start of a sentence, known or not."""
        match = _LABEL.match(sentence)
        if match is None:
            return None
        label = match.group(1)
        known = " ".join(tokens_of(label)) in self._kinds
        return label if known or sentence[match.end() - 1] == ":" else None


def _opening(sentence: str) -> str:
    """A sentence that opens a list, "" if it opens none."""
    return sentence if sentence.endswith(":") and len(sentence) <= _LONGEST_OPENING else ""
