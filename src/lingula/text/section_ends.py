"""Where a section of one paragraph ends though no header that is known follows it."""

from __future__ import annotations

import re

from lingula.text.header_names import BODY
from lingula.text.headers import LETTERS, TITLE_WORDS

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
#: "Lungs:", "Heart and mediastinum -": the line tells of findings.
_ORGAN_LINE = re.compile(
    r"\n[ \t*•-]{0,6}(?:the )?(?:lungs?|heart|cardi\w{0,14}|pleura\w{0,3}|mediastin\w{0,3}|hilar?"
    r"|bones?|bony|osseous|skelet\w{0,3}|diaphragms?|trachea|airways?|soft tissues?|chest wall"
    r"|lines?|tubes?|devices|support devices|aorta|vascular\w{0,3}|pulmonary|thora\w{0,3}"
    r"|costophrenic|upper abdomen|abdomen)"
    r"[ \w,/&()]{0,40}(?::|[ \t][-–—][ \t])",
    re.IGNORECASE,
)
#: A comparison with nothing; what follows on the same line is the reading.
_NO_PRIOR = re.compile(
    r"\s*(?:none|no (?:prior|previous|comparison)|not available|n/a|nil)\b[^.\n]{0,40}\.[ \t]+",
    re.IGNORECASE,
)
#: A label in capitals that is no header that Lingula knows.
_OTHER_LINE = re.compile(r"\n[ \t*•-]{0,6}([A-Z][A-Z /&.-]{2,38}):")
#: Labels that are part of an indication, a comparison or a technique.
_ABOUT_THE_PATIENT = frozenset(
    (
        *("name", "patient", "patient name", "age", "sex", "gender", "dob", "date", "time"),
        *("mrn", "id", "accession", "referrer", "physician", "ordering physician"),
        *("referring physician", "symptoms", "diagnosis", "dx", "hx", "surgery", "allergies"),
        *("location", "ward", "date of exam", "exam date", "exam time", "dose", "contrast"),
        *("laterality", "icd", "cpt", "order", "priority", "signs and symptoms"),
        *("additional history", "reference", "from", "to", "none"),
    )
)


def short_end(lines: str, start: int, end: int) -> tuple[int, str]:
    """Where a section of one paragraph ends, and the section that follows without a header.

    A comparison with nothing ends at its full stop. Else a section ends before a line that is
    labeled with an organ ("Lungs: clear"), which is findings, and before a blank line or another
    label in capitals with text that reads like a report.
    """
    none = _NO_PRIOR.match(lines, start, end)
    if none is not None and is_body(lines, none.end(), end):
        return none.end(), BODY
    organ = _ORGAN_LINE.search(lines, start, end)
    stop = organ.start() if organ is not None else end
    label = _OTHER_LINE.search(lines, start, stop)
    while label is not None and label.group(1).lower().strip() in _ABOUT_THE_PATIENT:
        label = _OTHER_LINE.search(lines, label.end(), stop)
    if label is not None and is_body(lines, label.end(), end):
        stop = label.start()
    blank = _BLANK_LINE.search(lines, start, stop)
    if blank is not None and is_body(lines, blank.end(), end):
        return blank.end(), BODY
    if organ is not None and stop == organ.start():
        return stop, "findings"
    return stop, BODY


def is_body(lines: str, start: int, end: int) -> bool:
    """Whether text without a header reads like a report: no title, and more than a few words."""
    content = lines[start:end].strip()
    words = [word.lower() for word in LETTERS.findall(content)]
    if len(words) < 2 or all(word in TITLE_WORDS for word in words):
        return False
    return len(words) > 7 or content.rstrip("_ \n").endswith((".", "?", "!")) or ". " in content
