"""Sentences of a radiology report, as character spans of the text as given.

One regular expression finds the places where a sentence could end (a stop, a line end, a bullet,
the number of a list item); a short check at each decides. Nothing is looked at twice, so time
grows with the length of the text whatever it holds.

What ends a sentence:

* ``. ! ?`` (runs, spaced ones and closing quotes included), unless the full stop belongs to a
  decimal, an abbreviation, an initial or a list number. A full stop without a space after it
  counts where the next letter is a capital ("apex.There"). A semicolon never counts: what follows
  it may still share the sentence's subject.
* A blank line; a line end before a list item, a bullet or a label ("Heart: normal").
* Any other line end only when it looks meant: the next line starts with a capitalized common word,
  or, where case says nothing (capitals throughout, none at all, acronyms, names, masks), its first
  word would still have fitted on this line, which hard wrapping never leaves undone.

List numbers and bullets belong to no sentence; everything else that is not white space does.
"""

# ruff: noqa: SIM905 (word lists are easier to read and to extend as running text)

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

_MARKER = r"(?:\(?\d{1,2}(?:\.\)?|\))(?!\d)|[a-h]\)(?=\s)|[-*–—](?=\s|[A-Z])|[•●▪◦‣■▶►➤➢❖])"

#: A list item's number or bullet, up to three in a row ("- 1. ").
_OPENING = re.compile(rf"\s*((?:{_MARKER}\s*){{0,3}})")

#: Where a sentence could end. Group 1 ends where the sentence would, group 2 is the white space
#: after it, group 3 the markers that open the next sentence.
_BOUNDARY = re.compile(
    r"""[.?!…\n\r)•●▪◦‣■▶►➤➢❖]((?:(?<=[.?!…])[.?!…]*["'”’»)\]}]*)?)(\s*)"""
    rf"((?=[\d(a-h*–—•●▪◦‣■▶►➤➢❖-])(?:{_MARKER}\s*){{1,3}}|)"  # the first look ahead is for speed
)
#: The same for texts in ASCII, whose sets of characters are searched faster.
_ASCII_BOUNDARY = re.compile(
    "".join(char for char in _BOUNDARY.pattern.replace("|[•●▪◦‣■▶►➤➢❖]", "") if char.isascii())
)
#: Text up to the first place where a sentence could end, if that is a full stop, white space and
#: a letter that opens no marker: most sentences. Group 1 ends where the sentence would.
_PLAIN = re.compile(r"([^.?!…\n\r)•●▪◦‣■▶►➤➢❖]*\.) +(?=[A-Zi-z])")
_ASCII_PLAIN = re.compile(r"([^.?!\n\r)]*\.) +(?=[A-Zi-z])")

_WORD = re.compile(r"[^\W\d_][\w'-]{0,30}")
_FIRST_WORD = re.compile(r"\S{1,40}")
#: "Heart:", "Bones and soft tissues:", at the start of a line.
_LABEL = re.compile(r"[A-Z][A-Za-z]*(?:[ /&,-]{1,3}[A-Za-z]+){0,4}[ \t]*:(?!\d)")
#: "1. 4 cm": a decimal whose full stop got a space by an earlier cleaning.
_SPLIT_DECIMAL = re.compile(r"\d{1,2}\s?(?:[cm]m\b|x\s?\d)", re.IGNORECASE)
_PARAGRAPH_BREAK = re.compile(r"\n[^\S\n]*\n|\r[^\S\r\n]*\r")
_DOTTED = re.compile(r"[a-z]{1,2}(?:\.[a-z])+")
_MIXED_CASE = re.compile(r"[A-Z][a-z]")

#: Before a name or an example: the full stop never ends a sentence.
_NEVER = frozenset("dr drs mr mrs ms prof vs e.g i.e eg ie cf approx viz fig figs ph st".split())
#: Clipped words: the full stop ends a sentence only before a capitalized word.
_CLIPPED = frozenset(
    "abd abn ant assoc bilat ca cont dept dx est ext freq hosp hx imp incl inf int jr lat lg lt "
    "max med min mod neg nos pos poss post prev prob pt pts rec ref resp rt rx sec sm sr susp sup "
    "surg temp tel".split()
)
#: Units and the like: the full stop ends a sentence unless the phrase plainly goes on.
_UNIT = frozenset("cm mm mo mos yr yrs wk wks hr hrs lb lbs kg ft etc".split())
_ABBREVIATED = _NEVER | _CLIPPED | _UNIT | {"no"}
#: Last two letters of those: a word that ends otherwise needs no closer look.
_ENDINGS = frozenset(
    ending
    for word in _ABBREVIATED
    for ending in (word[-2:], word[-2:].upper(), word[-2:].capitalize())
)
_LONG_ENDINGS = frozenset(word[-3:] for word in _ABBREVIATED if len(word) > 2)
_GOES_ON = frozenset(
    "above across along and anterior apart at below beneath beyond by caudal cephalad cranial deep "
    "diameter distal for from greatest in inferior into lateral left long medial nodule of on or "
    "pleural posterior proximal right short size superior thick to transverse wide with within "
    "x".split()
)
#: Words that open a sentence even after a clipped word, in capitals or without any.
_OPENERS = frozenset("no the there this these heart lungs".split())
#: Words after which a line cannot end a statement.
_OPEN_END = frozenset(
    "a an and are as at be been between but by can could for from has have if in into is its may "
    "might no nor of on or over per should than that the their there this to under versus vs was "
    "were which while who will with without would".split()
)
#: Capitalized words that stand inside sentences: before these a line end proves nothing.
_NAMES = frozenset(
    "bochdalek broviac chilaiditi cobb cordis dobbhoff dobhoff dr drs foley fontan ganz ghon "
    "groshong hampton harrington heimlich hickman impella kerley medtronic morgagni mr mrs ms "
    "omaya permcath pleurx port quinton schmorl shiley stanford swan swan-ganz vascath westermark "
    "zenker january february march april june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)
#: After these a number is the word's own ("ribs 1 and 2."), not that of a list item.
_NUMBERED = _OPEN_END | frozenset(
    "day days grade image images level levels lead lobe number post rib ribs segment segments "
    "series stage station step through type zone zones".split()
)
_BY = frozenset("dr drs mr mrs ms prof by with".split())
_QUERY_BEFORE = frozenset(" \t\n\r(/[,-")
#: A statement's first words, after which a question mark before them was the end of another.
_OPENS = re.compile(r"(?:No|The|There|This|These|Heart|Lungs)\b")
#: After these "no" is the answer of a form.
_ANSWER_MARKS = (":", "|", "-", "–", "=", "?", " .", "....")
#: The answer to a question, in the same breath ("Effusion? Yes, small.").
_ANSWERED = re.compile(
    r"(?:\([YyNn]/[YyNn]\)\s*)?(?:[-–—]{1,3}\s*)?(?:A(?:ns(?:wer)?)?\.?\s*[:-]\s*)?"
    r"(?:(?:yes|no|none|nil|y|n|absent|present|possibly|possible|maybe|perhaps|unlikely|likely|"
    r"positive|negative|mild|moderate|small|tiny|trace|minimal|severe|large|resolved|gone|unchanged|"
    r"stable|not (?:seen|present|identified|today|now|any ?more|really|evident|visible|at all))"
    r"(?=\s*(?:[.,;(\n-]|$)|\s+(?:seen|present)\b)"
    r"|(?:bilateral|both|right|left)(?:[ /-]\w+){0,3}(?=\s*(?:[.,;(\n]|$)))",
    re.IGNORECASE,
)
#: A capitalized word that opens statements, in the middle of a line and without a stop before it.
_RUN_ON = re.compile(
    r" (?<=[a-z0-9)\]] ) *(?=[A-Z])(?=(?:No|There|The|This|These|Heart|Cardiac|Cardiomediastinal|"
    r"Mediastinum|Mediastinal|Lungs?|Pleural|Bilateral|Right|Left|Small|Large|Mild|Moderate|Minimal|Minor|"
    r"Stable|Unchanged|Patchy|Hazy|Expected|Old|Remote|Healed|Multiple|Bones|Osseous|Imaged|"
    r"Visualized|Surgical|Median|Status|Interval|New|Persistent|Increased|Decreased|Improved|"
    r"Improving|Worsening|Normal|Pneumothorax|Effusions?|Consolidation|Edema|Oedema|Atelectasis|"
    r"Pneumonia|Cardiomegaly|Opacity|Opacities|Biapical|Bibasilar|Bibasal|Basilar|Trachea|Aorta|"
    r"Degenerative|Calcified|Tip|Endotracheal|Nasogastric|Enteric|Pacemaker|Sternotomy|Epicardial|"
    r"Trace|Tiny|Possible|Probable|Likely|Findings|Given|Further|Follow|Recommend|Again|Otherwise|"
    r"Limited|Low|Hyperinflated|Scattered|Focal|Diffuse|Mitral|Rib|Fracture|Scarring|Slight|"
    r"Slightly|Mildly|Severe|Extensive|Support|Two|Three|Several|Negative|Bony|Emphysema|"
    r"Emphysematous|Nodular|Nodules?|Mass|Airspace|Streaky|Interstitial|Vascular|Pulmonary|Hilar|"
    r"Postsurgical|Postoperative|Overlying|Dense|Round|Rounded|Thoracic|Scoliosis|Kyphosis|Central|"
    r"Blunting|Elevation|Clear|Air|Hyperinflation|Chronic|Acute|Overall|Compared|Both|All|Some|"
    r"Suspected|Questionable|Volume|Sternal|Vertebral|Compression|Granulomas?|Prominent|Enlarged|"
    r"Tortuous|Atherosclerotic|Faint|Subtle|Subsegmental|Linear|Please|Correlate|Consider|Suggest|"
    r"Clinical|Previous|Previously|Flowing|Frontal|Does|Is)"
    r",? [a-z])"
)
_LEADER = re.compile(r"(?:\.{4,80}|\.(?:[ \t]\.){2,80})[ \t]{0,8}(?=[A-Za-z+-])")
#: Directly after a full stop these show that the sentence goes on ("etc., ", "a.m.-").
_TIGHT = frozenset(",;:/\\-–—)%@+=^~|")
#: A line shorter than this was not cut by hard wrapping.
_LEAST_WRAP = 40


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a text: ``text[start:end]``, in order, never overlapping or empty.

    A span holds the sentence's own full stop and closing quotes, but no outer white space and no
    list number or bullet before it. All other characters that are not white space are in a span.
    """
    spans: list[tuple[int, int]] = []
    layout: _Layout | None = None
    opening = _OPENING.match(text)
    assert opening is not None
    start = position = opening.end()
    expected = _next_number(opening.group(1))
    boundary, plain = (_ASCII_BOUNDARY, _ASCII_PLAIN) if text.isascii() else (_BOUNDARY, _PLAIN)
    while True:
        while (match := plain.match(text, position)) is not None:
            end = match.end(1)
            tail = text[end - 3 : end - 1]
            if not tail.isalpha() or (tail in _ENDINGS and _may_be_clipped(text, end - 1)):
                break
            spans.append((start, end))
            start = position = match.end()
        match = boundary.search(text, position)
        if match is None:
            break
        (at, after), (_, end), (_, next_at), (marker_at, _) = match.regs
        marked = marker_at < after
        char = text[at]
        tail = text[at - 2 : at]
        plain_end = char == "." and at + 1 == end and tail.isalpha()
        if plain_end and ((end < next_at and tail not in _ENDINGS) or start < at == len(text) - 1):
            ends = True
        elif char in ".)" and text[at - 1 : at].isdecimal():
            number_at = _list_number(text, start, match, expected)
            if number_at is not None:
                # An item of a list whose items do not end in a full stop.
                if number_at > start:
                    spans.append((start, _stripped_end(text, start, number_at)))
                expected = int(text[number_at:at]) + 1
                start = position = next_at
                continue
            ends = char == "." and _digit_ends(text, end, next_at)
        elif char in ".?!…":
            leader = None
            if char == "." and text[at + 1 : at + 3] in ("..", " ."):
                leader = _LEADER.match(text, at)
            if leader is not None:  # dots that lead from a label to its value
                position = leader.end()
                continue
            if at == start and (not spans or _queries(text, at, end)):
                position = end
                continue
            if at == start:  # a stop on its own belongs to the sentence before
                start = spans.pop()[0]
                ends = True
            else:
                ends = _stop_ends(text, start, match)
        elif char in "\n\r":
            layout = layout or _Layout(text)
            ends = layout.line_ends(at, next_at, text[marker_at:after], expected)
            if not ends:
                position = next_at
                continue
            end = _stripped_end(text, start, at)
        else:
            ends = char != ")"
            end = _stripped_end(text, start, at) if ends else at + 1
        if not ends:
            position = end
            continue
        if end > start:
            spans.append((start, end))
        if marked:
            expected = _next_number(text[marker_at:after]) or expected
        start = position = after
    if start < len(text) and start < (end := _stripped_end(text, start, len(text))):
        spans.append((start, end))
    spaced = text.replace("\t", " ") if "\t" in text else text
    if _RUN_ON.search(spaced) is not None:
        return [piece for span in spans for piece in _run_on_pieces(spaced, *span)]
    return spans


def _may_be_clipped(text: str, at: int) -> bool:
    """Whether a word of two letters or more that ends at a place may be an abbreviation."""
    last = text[max(at - 3, 0) : at]
    return not last.isalpha() or len(last) < 3 or last.lower() in _LONG_ENDINGS


#: The last piece of a check box, before the label that belongs to it.
_CHECK_BOXES = frozenset({"]", ")", "[]", "()", "[x]", "(x)", "x]", "x)"})


def _run_on_pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The statements of a sentence whose full stops were lost: "tip in SVC No pneumothorax"."""
    pieces = []
    for match in _RUN_ON.finditer(text, start, end):
        words = text[max(start, match.start() - 20) : match.start()].split()
        last = words[-1].lower() if words else ""
        if last and last.lstrip("(") not in _OPEN_END and last not in _CHECK_BOXES:
            pieces.append((start, match.start()))
            start = match.end()
    return [*pieces, (start, end)]


def _stripped_end(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _next_number(marker: str) -> int:
    """The number that the next list item should have; 0 after a bullet."""
    digits = "".join(char for char in marker if char.isdecimal())
    return int(digits) + 1 if digits else 0


def _list_number(text: str, start: int, match: re.Match[str], expected: int) -> int | None:
    """Where the number before a boundary's stop starts, if it opens a list item."""
    (at, _), (_, end), (_, next_at), _ = match.regs
    number_at = at - 1
    while number_at > start and at - number_at < 3 and text[number_at - 1].isdecimal():
        number_at -= 1
    if text[at + 1 : end] not in ("", ")") or at - number_at > 2:
        return None
    if text[at + 1 : at + 2].isdecimal():
        return None
    if number_at == start:
        return number_at
    number = int(text[number_at:at])
    opens_list = number == 1 and text[number_at - 1] == ":" and text[number_at - 2].isalpha()
    if (
        not (opens_list or text[number_at - 1].isspace())
        or next_at == len(text)
        or number not in (1, expected)
    ):
        return None
    words = text[max(start, number_at - 20) : number_at].split()
    if not words or number != expected:
        return number_at if words and words[-1].endswith(":") else None
    last = words[-1].lower()
    return None if last in _NUMBERED or last.endswith((",", "-", "/")) else number_at


def _digit_ends(text: str, end: int, next_at: int) -> bool:
    if next_at == end:
        return _tight_ends(text, end, "")
    return _SPLIT_DECIMAL.match(text, next_at) is None


def _tight_ends(text: str, end: int, word: str) -> bool:
    """Whether a stop ends a sentence though no white space follows it."""
    if end == len(text):
        return True
    following = text[end]
    if following == "/" and len(word) > 3:  # "NO EFFUSION./NO PNEUMOTHORAX."
        return text[end + 1 : end + 2].isupper()
    if following.isupper():  # not inside "P.A."
        return len(word) != 1 and text[end + 1 : end + 2] != "."
    if following.islower():
        match = _WORD.match(text, end)
        return (
            len(word) > 3
            and word.isalpha()
            and match is not None
            and text[match.end() : match.end() + 1].isspace()
        )
    return not following.isdecimal() and following not in _TIGHT


def _stop_ends(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a boundary's stops, which follow no digit, end a sentence."""
    (at, after), (_, end), (_, next_at), (marker_at, _) = match.regs
    if next_at == len(text):
        return True
    following = text[next_at]
    if text[at] == "?":
        if text[at - 1] in _QUERY_BEFORE:  # "?pneumonia", "opacity ? PNA", a query
            return next_at > end and _OPENS.match(text, next_at) is not None
        if _ANSWERED.match(text, next_at):
            return False
    words = text[at - 9 if at - 9 > start else start : at].rsplit(None, 1)
    word = words[-1].lower() if words else ""
    if word[:1] in "([\"'" and word:
        word = word[1:]
    if word in _ABBREVIATED or len(word) == 1 or "." in word:
        if text[at] == "." and not _abbreviation_ends(text, start, match, word):
            return False
    elif following.islower() and text.startswith(("...", "…"), at):
        return False
    return next_at > end or marker_at < after or _tight_ends(text, end, word)


def _queries(text: str, at: int, end: int) -> bool:
    """Whether a question mark at the start of a sentence asks what follows ("?fracture")."""
    return text[at] == "?" and end < len(text) and text[end].isalpha()


def _abbreviation_ends(text: str, start: int, match: re.Match[str], word: str) -> bool:
    """Whether the full stop of a word that is often abbreviated ends a sentence all the same."""
    (at, _), (_, end), (_, next_at), _ = match.regs
    following = text[next_at]
    if len(word) == 1:
        return next_at > end and not _is_initial(text, start, at, next_at, word)
    if word in _NEVER:
        return word == "st" and not following.isupper()
    if word == "no":
        return not following.isdecimal()
    capital = following.isupper()
    title = capital and not text[next_at + 1 : next_at + 2].isupper()
    following_word = _WORD.match(text, next_at)
    next_word = following_word.group().lower() if following_word else ""
    if word in _CLIPPED:
        return title or next_word in _OPENERS
    if word in _UNIT:
        if capital:
            return title or next_word not in _GOES_ON
        # Lower case says nothing where sentences start in lower case.
        return not following.islower() or (text[start].islower() and next_word not in _GOES_ON)
    if _DOTTED.fullmatch(word):  # a.m., M.D.
        return title or next_word in _OPENERS
    return True


def _is_initial(text: str, start: int, at: int, next_at: int, letter: str) -> bool:
    if not letter.isalpha():
        return False
    if letter in "rl" and text[next_at].islower():  # "L. pleural effusion"
        return True
    if text[next_at].isalpha() and text[next_at + 1 : next_at + 2] == ".":
        return True
    words = text[max(start, at - 20) : at].split()
    if len(words) < 2:
        return at - start < 3
    before = words[-2].lower()
    return before.rstrip(".:") in _BY or (len(before) == 2 and before[1] == ".")


class _Layout:
    """What line ends mean in one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def line_ends(self, at: int, next_at: int, marker: str, expected: int) -> bool:
        """Whether the line end at ``at``, before the text at ``next_at``, ends a sentence."""
        text = self._lines
        if next_at == len(text):
            return True
        following = text[next_at]
        if self._text.count("\n", at, next_at) + self._text.count("\r", at, next_at) > (
            2 if self._text.startswith("\r\n", at) else 1
        ):
            return True
        line = text[text.rfind("\n", 0, at) + 1 : at].strip()
        words = line[-20:].split()
        last = words[-1].lower() if words else ""
        if marker:
            number = _next_number(marker) - 1
            return number in (-1, 1, expected) or not (last in _NUMBERED or last.endswith(","))
        if last == "no" and (
            line[-3:-2] == "\t" or (words[:-1] and words[-2].endswith(_ANSWER_MARKS))
        ):
            return True  # the answer of a form
        if last in _OPEN_END or last.endswith((",", ";", "-", "/", "&", "(", ":", ".")):
            return False
        if following.islower() and self._mixed_case:
            return False
        if _LABEL.match(text, next_at):
            return True
        match = _WORD.match(text, next_at)
        word = match.group() if match else ""
        if self._mixed_case and (word == "A" or (word[:1].isupper() and word[1:2].islower())):
            return word.lower() not in _NAMES or self._would_fit(at, next_at, len(line))
        return self._would_fit(at, next_at, len(line))

    def _would_fit(self, at: int, next_at: int, length: int) -> bool:
        """Whether the next line's first word had room on this line."""
        starts, widths = self._paragraphs
        width = widths[bisect_right(starts, at) - 1]
        match = _FIRST_WORD.match(self._lines, next_at)
        assert match is not None
        return width < _LEAST_WRAP or length + 1 + len(match.group()) <= width

    @cached_property
    def _lines(self) -> str:
        """The text with one character for every line end; offsets stay."""
        return self._text.replace("\r", "\n") if "\r" in self._text else self._text

    @cached_property
    def _mixed_case(self) -> bool:
        return _MIXED_CASE.search(self._text) is not None

    @cached_property
    def _paragraphs(self) -> tuple[list[int], list[int]]:
        """Where each paragraph starts, and the length of its longest line."""
        starts = [0, *(match.end() for match in _PARAGRAPH_BREAK.finditer(self._text))]
        ends = [*starts[1:], len(self._text)]
        widths = [
            max(len(line.strip()) for line in self._lines[start:end].split("\n"))
            for start, end in zip(starts, ends, strict=True)
        ]
        return starts, widths
