"""Where a cue speaks although it does not stand where cues stand: inversion, contrast, answers.

"Not seen on either side is an effusion" puts the denial before what it denies, "upper but not lower
lobe opacities" denies one place of two, and the "no" of "lungs clear: no, infiltrate" answers.
"""

from __future__ import annotations

from lingula.rules.matcher import Span
from lingula.rules.word_classes import BE, NEW_STATEMENT, VIEWS

#: Before these words a clause begins.
_BEFORE_INVERSION = frozenset(
    {",", ";", ":", ".", "and", "but", "also", "still", "now", "again", "(", ""}
)
#: A clause with one of these before its verb has its own subject; "" stands for a finding.
_NO_INVERSION = frozenset({"", "there", "which", "that", "who", "it", "he", "she", "they", "heart"})
#: Most words between such a cue and its verb.
_LONGEST_INVERSION = 9
#: "In neither lung is there ...".
_PLACING = frozenset({"in", "on", "at"})
#: Structures, and the adjectives that stand in a list with them.
_DESCRIBING = frozenset({
    "heart", "cardiac", "mediastinal", "mediastinum", "cardiomediastinal", "lungs", "trachea",
    "aorta", "hilar", "pulmonary", "lung", "pleural", "bony", "osseous", "acute", "focal",
    "pericardial", "vascular", "parenchymal", "significant", "paratracheal", "tracheal", "hila",
})  # fmt: skip
_LISTING = frozenset({",", "or", "and", "nor"})
#: Words that place or size a finding; nothing else may stand before "but no".
_MODIFIERS = frozenset({
    "upper", "lower", "middle", "mid", "right", "left", "bilateral", "unilateral", "basal",
    "basilar", "bibasilar", "bibasal", "apical", "central", "peripheral", "perihilar", "lobe",
    "lobar", "zone", "zonal", "sided", "minor", "mild", "small", "minimal", "slight", "old", ",",
    "anterior", "posterior", "lateral", "medial", "chronic", "interstitial", "alveolar", "some",
})  # fmt: skip


def inverted_verb(tokens: list[str], cue: Span, target: Span) -> int:
    """The verb by which a cue at the head of its clause speaks of what follows, -1 if none does.

    "Not seen on either side is an effusion", "nowhere in the lungs is there consolidation".

    Args:
        tokens: The sentence, those of findings blanked.
        cue: A cue that ends before the target.
        target: A mention.
    """
    before = cue.start - 1
    if before >= 0 and tokens[before] in _PLACING:
        before -= 1
    if before >= 0 and tokens[before] not in _BEFORE_INVERSION:
        return -1
    for at in range(cue.end, min(cue.end + _LONGEST_INVERSION, target.start)):
        if tokens[at] in BE or (tokens[at] == ":" and tokens[max(before, 0)] != ":"):
            return at
        if tokens[at] in NEW_STATEMENT or tokens[at] in _NO_INVERSION:
            return -1
    return -1


_ONE_VIEW = VIEWS | {"ap"}
_SEVERAL_VIEWS = frozenset(
    {"and", "or", "nor", "either", "both", "views", "projections", "neither"}
)
#: Before a statement on a finding that was named before it.
_DIVIDES = frozenset({",", ".", ";", "(", "but", "and", "which", "though", "although"})
_SUBJECTS = frozenset({"it", "this", "that", "which", "is", "was"})
#: Most words from a denial to the view it speaks of ("not seen with certainty on the lateral").
_VIEW_REACH = 8


def contrasted(tokens: list[str], cue: Span) -> bool:
    """Whether a cue denies one of two places of one noun ("upper but not lower lobe opacities").

    The noun is there, for the first of them.
    """
    before = cue.start - 1
    if before < 1 or tokens[before] not in ("but", "though"):
        return False
    return _MODIFIERS.issuperset(tokens[:before])


def of_one_view(tokens: list[str], cue: Span) -> bool:
    """Whether a cue denies of one view what was said before ("opacity, not seen on the lateral").

    The finding is there, on the other view.
    """
    at = cue.start - 1
    if at > 0 and tokens[at] in _SUBJECTS:
        at -= 1
    if at < 1 or tokens[at] not in _DIVIDES:
        return False
    rest = tokens[cue.end : cue.end + _VIEW_REACH]
    for at, token in enumerate(rest):
        if token in (".", ";", ","):
            rest = rest[:at]
            break
    return not _ONE_VIEW.isdisjoint(rest) and _SEVERAL_VIEWS.isdisjoint(rest)


def past_structures(tokens: list[str], start: int, end: int) -> int:
    """The end of the structures right after a cue, up to ``end``.

    In "no cardiac, mediastinal or hilar mass" they describe what is denied; further on they would
    begin a statement of their own ("no effusion, heart enlarged").
    """
    while start < end:
        if tokens[start] in _DESCRIBING:
            start += 1
        elif tokens[start] in _LISTING and start + 1 < end and tokens[start + 1] in _DESCRIBING:
            start += 2
        else:
            break
    return start


def answers_before(tokens: list[str], cue: Span) -> bool:
    """Whether a "no" answers what stands before it ("lungs clear: no, right infiltrate")."""
    return (
        tokens[cue.start : cue.end + 1] in (["no", ","], ["not", ","])
        and cue.start > 0
        and tokens[cue.start - 1] in ":?"
    )


def asks_next(tokens: list[str], cue: Span) -> bool:
    """Whether a question mark asks about the words after it, known or not ("opacity, ? Koch's")."""
    following = tokens[cue.end] if cue.end < len(tokens) else "."
    return (
        tokens[cue.start] == "?"
        and cue.start > 0
        and tokens[cue.start - 1] in ",;("
        and following[:1].isalpha()
    )
