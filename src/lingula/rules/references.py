"""Sentences that speak of what the one before them named: they are read together with it.

"There is a right effusion. It has resolved." is one statement on one effusion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_VERBS = r"(?:is|are|was|were|has|have|had|does|do|did|can|could|cannot|may|no longer)"
_NOUNS = r"(?: (?:findings?|abnormalit(?:y|ies)|changes?|lesions?|processes))?"
_WHOLE = (
    r"(?:(?:[Bb]oth|[Aa]ll|All (?:three|four|five)|[Nn]either|[Ee]ach)"
    r"(?: of (?:these|them|the two))?"
    r"|[Nn]one of (?:these|them))"
)
#: A sentence about what the one before it named.
_REFERENCE = (
    r"(?:(?:Today|Now|Currently|However|At present|On today's film),? )?"
    rf"(?:[Tt]he (?:former|latter|first|second|third|last){_NOUNS} {_VERBS}"
    rf"|(?:[Ii]t|[Tt]h(?:ey|is|at|ese|ose)|[Ss]uch){_NOUNS} (?:\w+ )?{_VERBS}"
    rf"|{_WHOLE}{_NOUNS} {_VERBS}"
    r"|(?:So|Nor|Neither|As) (?:has|have|had|is|are|did|does|do|was|were)"
    r"|(?:I|[Ww]e) (?:can |could |do )?(?:now )?(?:see|find|found|identify|make out)"
    r" (?:neither|none|no trace)|[Tt]here (?:is|are) (?:now )?neither"
    r"|[Oo]nly the (?:former|latter|first|second|third|last)"
    r"|[Tt]he same (?:is|was|applies|goes|holds|can|may))\b"
)
_REFERRING = re.compile(_REFERENCE)
#: The first letters of one after another sentence; most texts have none, and it is fast.
_MAY_REFER = re.compile(
    r"[.!?;:]\s+(?:N(?:ei|one of|ow|or )|Th(?:is|at|ey|ese|ose|e (?:fo|fi|lat|las|sec|thi|sam)"
    r"|ere (?:is|are) n(?:ei|ow))|Today|How|A(?:ll|s |t )|On(?:ly| t)|I[ t]|Bo|S(?:o |uch)|Curr"
    r"|Ea|We )"
)
#: Without one of these such a sentence changes nothing that was said before.
_TELLING = re.compile(
    r"\b(?:not|no longer|n't|cannot|never|nowhere|neither|nor|none|so|the same|only|resolved"
    r"|still|persists?|unchanged|stable|larger|smaller|cleared|gone|removed|disappeared|drained"
    r"|vanished|absent|excluded|out|withdrawn|unseen|away|evacuated|resected|discontinued"
    r"|confirmed|unlikely|negative|disproved|refuted)\b",
    re.IGNORECASE,
)
#: Words after which a full stop ends a sentence that is read together with the next.
_STARTS = frozenset({
    "both", "all", "neither", "none", "each", "they", "these", "those", "it", "this", "that",
    "such", "today", "now", "currently", "however", "the", "so", "nor", "as", "only", "i", "we",
    "there", "at", "on",
})  # fmt: skip


def may_refer(text: str) -> bool:
    """Whether a sentence of a text may speak of what the one before it named."""
    return _MAY_REFER.search(text) is not None


def joined(text: str, spans: Iterable[tuple[int, int]], longest: int) -> list[tuple[int, int]]:
    """The sentences of a text, each together with those after it that refer back to it.

    Args:
        text: The text.
        spans: Its sentences, in order.
        longest: Most characters of sentences that are read together.
    """
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if (
            found
            and end - found[-1][0] <= longest
            and _REFERRING.match(text, start, end)
            and _TELLING.search(text, start, end)
        ):
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found


def sentence_ends(tokens: Sequence[str]) -> list[int]:
    """The full stops inside sentences that are read together."""
    return [
        at for at in range(1, len(tokens) - 1) if tokens[at] == "." and tokens[at + 1] in _STARTS
    ]
