"""Headers inside a sentence: what a statement is about, and where it begins.

"Pleura: no thickening" speaks of the pleura, "PMH: heart failure" of nothing that the film shows,
and in "Consolidation: no Effusion: yes" each label begins a statement of its own.
"""

from __future__ import annotations

from collections.abc import Collection

from lingula.rules.clauses import ClauseWords, Walls, clause_walls
from lingula.rules.matcher import Scan, Span
from lingula.rules.references import sentence_ends
from lingula.rules.word_classes import BE, DASHES

_MARKS = frozenset({":", "="})
#: Without one of these nothing but a boundary word is a hard wall to a single mention.
_DIVIDING = DASHES | _MARKS | {"there"}
_JOINING = frozenset({"and", "or", ",", "with"})
_STOPS = frozenset(".,;:()")
_SIZES = frozenset({"small", "moderate", "mild", "minimal", "tiny", "trace", "sm", "lg", "mod"})
_JOINTS = frozenset({"and", "or", "nor", ",", "to", ";", ".", ":", "with", "in", "on", "at", "of"})
_LONGEST_PHRASE = 6
#: Verbs of "there is", "there has been".
_EXISTING = BE | {"has", "have"}
#: Verbs that only follow a subject.
_FINITE = frozenset({"is", "are", "appears", "remains", "appear", "remain", "has", "have"})
_SHARING = frozenset({"but", "yet"})
#: Verbs that go on with the subject before them.
_STATIVE = frozenset({"remains", "remain", "is", "are", "appears", "appear", "still"})
#: These follow a device as a verb does.
_IN_PLACE = (["in", "place"], ["in", "situ"], ["in", "position"])
_PREDICATING = _FINITE | {"place", "situ", "position"}
_DETERMINERS = frozenset({"the", "this", "these", "both"})
_NOT_OF_A_SUBJECT = frozenset(",;.:()-") | {
    *("and", "or", "nor", "but", "of", "in", "with", "at", "on", "to", "that", "which", "where"),
    *("when", "if", "whether", "than", "for", "from", "by", "no", "not", "as", "because", "since"),
    *("while", "although", "is", "are", "was", "were"),
}
#: Most words of a subject before its noun.
_LONGEST_SUBJECT = 3
#: After these "there is" goes on with a statement ("no evidence that there is").
_BEFORE_THERE = frozenset({
    "that", "if", "whether", "when", "where", "as", "because", "since", "although", "though",
    "and", "or", "but", "is", "are", "nor", "nowhere", ":", ",", ";", "say", "which", "while",
    "until", "unless", "than", "either", "perhaps", "maybe", "possibly", "probably", "like",
    "suggest", "think", "how", "why", "said",
})  # fmt: skip
#: Words before a dash that may head a statement ("right upper lobe opacity - resolved").
_LONGEST_HEAD = 6


def sentence_walls(scan: Scan, words: ClauseWords) -> Walls:
    """The walls of a sentence: those of its clauses and those of its labels."""
    if "." in scan.tokens:
        scan.boundaries.extend(sentence_ends(scan.tokens))
    return clause_walls(scan.tokens, statement_walls(scan), words, scan.mentions)


def statement_walls(scan: Scan) -> Collection[int]:
    """The hard walls of a sentence: boundary words, and the places where a label begins.

    A dash after a label is none: "effusion - none" says the same as "effusion: none".
    """
    if scan.boundaries and not _SHARING.isdisjoint(scan.tokens):
        scan.boundaries[:] = [at for at in scan.boundaries if not _same_subject(scan.tokens, at)]
    if len(scan.mentions) < 2 and _DIVIDING.isdisjoint(scan.tokens):
        return scan.boundaries
    if "|" in scan.tokens:  # between the cells of a row
        scan.boundaries.extend(at for at, token in enumerate(scan.tokens) if token == "|")
    if "there" in scan.tokens:
        scan.boundaries.extend(_existentials(scan.tokens))
    if len(scan.mentions) > 1:
        if not _SIZES.isdisjoint(scan.tokens):
            scan.boundaries.extend(_unmarked(scan))
        if not _PREDICATING.isdisjoint(scan.tokens):
            scan.boundaries.extend(_subjects(scan))
    if _MARKS.isdisjoint(scan.tokens) and DASHES.isdisjoint(scan.tokens):
        return scan.boundaries
    listed = _listed(scan)
    walls = {
        at
        for at in scan.boundaries
        if not (scan.tokens[at] in DASHES and _heads(scan, at)) and at not in listed
    }
    named = {span.end for span in (*scan.headers, *scan.mentions)}
    for span in scan.headers:
        if _begins(scan.tokens, span.start, named):
            walls.add(span.start)
    for span in scan.mentions:
        if scan.tokens[span.end : span.end + 1] == [":"] and _begins(
            scan.tokens, span.start, named
        ):
            walls.add(span.start)
    return walls


def _same_subject(tokens: list[str], at: int) -> bool:
    """Whether "but" joins two verbs of one subject: "has come down but remains enlarged"."""
    return tokens[at] in _SHARING and at + 1 < len(tokens) and tokens[at + 1] in _STATIVE


def _listed(scan: Scan) -> set[int]:
    """The semicolons of a list that a cue heads ("Absent: effusion; edema")."""
    tokens = scan.tokens
    if ";" not in tokens or not any(
        cue.start == 0 and tokens[cue.end : cue.end + 1] == [":"] for cue in scan.cues
    ):
        return set()
    found = set()
    for at in (at for at, token in enumerate(tokens) if token == ";"):
        end = next((n for n in range(at + 1, len(tokens)) if tokens[n] in ";."), len(tokens))
        if any(at < cue.start < end for cue in scan.cues) or not _FINITE.isdisjoint(tokens[at:end]):
            break
        found.add(at)
    return found


def header_before(headers: list[Span], at: int) -> Span | None:
    """The header that a token stands under: the last one that ends before it."""
    found = None
    for span in headers:
        if span.end <= at and (found is None or span.end > found.end):
            found = span
    return found


def _existentials(tokens: list[str]) -> list[int]:
    """Where "there is" begins a statement though nothing divides it from the one before."""
    return [
        at
        for at in range(1, len(tokens) - 1)
        if tokens[at] == "there"
        and tokens[at + 1] in _EXISTING
        and tokens[at - 1] not in _BEFORE_THERE
    ]


def _unmarked(scan: Scan) -> list[int]:
    """Where a size right after a finding begins the next: "no pneumothorax small left effusion"."""
    starts = {span.start for span in scan.mentions}
    found = []
    for at in {span.end for span in scan.mentions}:
        if at < len(scan.tokens) and scan.tokens[at] in _SIZES:
            for place in range(at + 1, min(at + _LONGEST_PHRASE, len(scan.tokens))):
                if scan.tokens[place] in _JOINTS:
                    break
                if place in starts:
                    found.append(at)
                    break
    return found


def _subjects(scan: Scan) -> list[int]:
    """Where a subject with its verb follows a finding with nothing between the two.

    "No pneumothorax the heart is enlarged".
    """
    tokens = scan.tokens
    ends = {span.end for span in scan.mentions}
    found = []
    for span in scan.mentions:
        following = tokens[span.end : span.end + 2]
        if following and (following[0] in _FINITE or following in _IN_PLACE):
            start = span.start
            while span.start - start < _LONGEST_SUBJECT and start not in ends:
                if start == 0 or tokens[start - 1] in _NOT_OF_A_SUBJECT:
                    break
                start -= 1
            if start in ends and tokens[start] in _DETERMINERS:
                found.append(start)
            elif (
                start in ends
                and start == span.start
                and "no" in tokens[:start]
                and not any(other.start < start < other.end for other in scan.mentions)
            ):
                found.append(start - 1)  # before the subject: "no effusion cardiomegaly is present"
    return found


def _begins(tokens: list[str], start: int, named: set[int]) -> bool:
    """Whether a label at a position begins a statement, rather than going on with a list."""
    return start > 0 and tokens[start - 1] not in _JOINING and start not in named


def _heads(scan: Scan, at: int) -> bool:
    """Whether the words before a dash are a mere label."""
    if any(span.end == at + 1 for span in scan.headers):
        return True
    start = at
    while start > 0 and at - start <= _LONGEST_HEAD and scan.tokens[start - 1] not in _STOPS:
        start -= 1
    if at - start > _LONGEST_HEAD:
        return False
    inside = any(start <= span.start and span.end <= at for span in scan.mentions)
    return inside and not any(start <= cue.start and cue.end <= at for cue in scan.cues)
