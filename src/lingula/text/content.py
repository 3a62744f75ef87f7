"""What a text is before anything is read from it: nothing, another language, no chest report.

All three are told by words. A text is taken for English, and for a report on a chest, unless it is
plainly neither: an error here costs a report its labels.
"""

from __future__ import annotations

import re

from lingula.text.spelling import Speller
from lingula.text.vocabulary import is_english, word_list

#: What stands in cells that hold no report; compared without case, brackets and full stops.
_PLACEHOLDERS = frozenset(
    (
        *("na", "n/a", "n.a", "nan", "none", "null", "nil", "nul", "#n/a", "#na", "<na>", "nat"),
        *("missing", "unknown", "blank", "empty", "tbd", "tba", "todo", "pending", "test", "void"),
        *("no report", "no text", "no data", "no result", "no results", "no reading"),
        *("no report available", "report not available", "not available", "unavailable"),
        *("report unavailable", "report pending", "pending report", "no report found"),
        *("to be dictated", "to be reported", "to be done", "to follow", "report to follow"),
        *("awaiting report", "awaiting dictation", "dictation pending", "not dictated"),
        *("not reported", "not yet reported", "unreported", "not done", "not performed"),
        *("not applicable", "see report", "see above", "see below", "see attached", "see pacs"),
        *("see attached report", "see scanned report", "refer to report", "as above"),
        *("report will follow", "no dictation", "error", "deleted", "cancelled", "canceled"),
        *("study cancelled", "study canceled", "exam cancelled", "exam canceled", "in progress"),
        *("draft", "no comment", "no report in system", "file not found", "report missing"),
    )
)
#: A longer text is a report, whatever it says.
PLACEHOLDER_CHARACTERS = 400
#: Characters of the longest of them, with room for spaces between its words; longer is a report.
_LONGEST = 4 * max(map(len, _PLACEHOLDERS))
_EDGES = " \t\r\n.,:;!?\"'`()[]{}<>*_-–—~=#/\\|"
_PARAGRAPH = re.compile(r"\n\s*\n")

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
#: Words that only English has so often; a text with one of them is not looked at further.
_ENGLISH = re.compile(
    r"\b(?:the|of|is|are|and|with|without|there|has|been|seen|clear|which|from|this|evidence"
    r"|lungs?|heart|chest|effusions?|unchanged|unremarkable|small|left|right)\b",
    re.IGNORECASE,
)
_NORMALITY = re.compile(
    r"\b(?:normal|unremarkable|clear|negative|wnl|nad|nil|within normal limits|no acute"
    r"|nothing (?:acute|abnormal|significant|focal|to report|of note|remarkable|new"
    r"|wrong|amiss|untoward)|no (?:significant|interval|active|obvious|cause|explanation"
    r"|abnormal\w*|radiographic|evidence|change|disease|findings?|cardiopulmonary|other|definite)"
    r"|unchanged|stable|intact|healthy|satisfactory)\b",
    re.IGNORECASE,
)


#: The title of a study of another part of the body, at the start of a text.
_OTHER_PART = (
    r"(?:brain|head|skull|sinus(?:es)?|"
    r"orbits?|face|mandible|cervical spine|c-?spine|lumbar spine|l-?spine|"
    r"lumbosacral spine|sacrum|coccyx|pelvi[sc]|hips?|femur|thigh|knees?|tibia|leg|ankles?|"
    r"f(?:oot|eet)|toes?|heel|humerus|elbows?|forearm|wrists?|hands?|fingers?|thumb|prostate|liver|"
    r"kidneys?|renal|bladder|thyroid|uterus|obstetric(?:al)?|scrotal|testicular|breasts?|hepatic|"
    r"temporal bones?|teeth|dental)"
)
_STUDY = (
    r"(?:mri?|ct|us|ultrasound|sonogra(?:m|phy)|x-?rays?|radiographs?|films?|xr|plain films?|"
    r"views?|series|mammogra(?:m|phy)|scan)"
)
_ELSEWHERE = re.compile(
    r"\W*(?:(?:exam(?:ination)?|study|procedure|type)\W+)?"
    r"(?:(?:normal|left|right|bilateral|both|portable|limited|plain|noncontrast|screening|diagnostic|digital)\W+)*"
    rf"(?:{_STUDY}\W+(?:of\W+)?(?:the\W+)?(?:(?:left|right|both)\W+)?{_OTHER_PART}\b"
    rf"|{_OTHER_PART}\W+{_STUDY}\b|mammogra(?:m|phy)\b)",
    re.IGNORECASE,
)
#: A text with one of these needs no closer look at its language.
_PLAINLY_ENGLISH = (
    *(" is ", " the ", " are ", " of ", "there ", " and ", " with ", " clear", "lungs", "effusion"),
    *("heart", "left ", "right ", "small "),
)
_OF_THE_CHEST = re.compile(
    r"chest|lung|thora|pulmon|cardi|pleur|heart|\bribs?\b|mediastin|cxr|trachea", re.IGNORECASE
)
#: The same, found faster; most reports hold one of them.
_PLAINLY_OF_THE_CHEST = (
    *("lung", "Lung", "heart", "Heart", "pleura", "Pleura", "chest", "Chest", "cardi", "Cardi"),
    *("pulmon", "Pulmon", "thora", "Thora"),
)


def reads_as_elsewhere(text: str, any_language: bool = False) -> bool:
    """Whether nothing in a text can be about a chest: it is no English, or of another part.

    That is said of a text that opens with the title of another study ("Knee radiograph:") and has
    no word of the chest.

    Args:
        text: Any text.
        any_language: Whether to take every language for English.
    """
    if not any(part in text for part in _PLAINLY_OF_THE_CHEST) and _ELSEWHERE.match(text):
        return _OF_THE_CHEST.search(text) is None
    if any_language:
        return False
    lowered = text.lower()
    return not any(word in lowered for word in _PLAINLY_ENGLISH) and not reads_as_english(text)


def placeholder(text: str) -> str | None:
    """What stands for a report that is not there ("n/a", "to be dictated"); None for a report.

    Args:
        text: A cell, or several joined by blank lines, each of which must be such a word.
    """
    if len(text) > PLACEHOLDER_CHARACTERS:
        return None
    if len(text) > _LONGEST and len(text.partition("\n")[0].strip(_EDGES)) > _LONGEST:
        return None
    found = ""
    for part in _PARAGRAPH.split(text):
        core = part.strip(_EDGES)
        if len(core) > _LONGEST:
            return None
        word = " ".join(core.casefold().split())
        if part.strip() and not word:
            word = part.strip()  # dashes and the like
        if word and word not in _PLACEHOLDERS and any(map(str.isalnum, word)):
            return None
        found = found or word
    return found or None


def reads_as_english(text: str) -> bool:
    """Whether a text is English as far as can be told; a few unknown words are."""
    if _ENGLISH.search(text) is not None:
        return True
    letters = [char for char in text[:2000] if char.isalpha()]
    latin = sum(char < "\u0250" for char in letters)
    if len(letters) > 3 and latin < len(letters) / 2:
        return False
    words = [word.lower() for word in _WORD.findall(text[:2000]) if len(word) > 1]
    others = word_list("foreign")
    foreign = sum(word in others for word in words)
    unknown = sum(not word.isascii() and not is_english(word) for word in words)
    if foreign + unknown < 2 and not any(word in others and not is_english(word) for word in words):
        return True
    known = sum(is_english(word) and word not in others for word in words)
    return known > 2 * (foreign + unknown) if foreign > 1 else known > foreign + unknown


def reads_as_report(text: str, speller: Speller | None = None) -> bool:
    """Whether a text has a word of chest reports.

    Args:
        text: Any text.
        speller: Reads misspelled words.
    """
    tokens = [word.lower() for word in _WORD.findall(text)]
    if not word_list("chest").isdisjoint(tokens):
        return True
    edits = [] if speller is None else speller.edits(tokens)
    return any(word in word_list("chest") for edit in edits for word in edit.words)


def states_normality(text: str) -> bool:
    """Whether a text says of anything that it is normal, unchanged or not there."""
    return _NORMALITY.search(text) is not None
