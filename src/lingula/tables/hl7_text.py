"""HL7 v2 observation messages (ORU^R01) as records: one a report.

Section and field numbers are those of HL7 v2.5.1, chapters 2 (messages) and 7 (observations).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Suffixes of OBX-3 that tell a section (7.2.4), and the header that stands for it.
_SECTIONS = {"IMP": "IMPRESSION:", "GDT": "FINDINGS:", "REC": "RECOMMENDATION:", "ADT": "ADDENDUM:"}
#: Kinds of OBX-2 that hold prose.
_PROSE = frozenset({"TX", "FT", "ST"})
#: OBX-11 of a result that was deleted, or posted as wrong.
_WITHDRAWN = frozenset({"D", "W"})
_SEGMENT_END = re.compile(r"[\r\n]+")


class MessageError(ValueError):
    """What is wrong with a message, as an end of a sentence."""


@dataclass(frozen=True)
class Delimiters:
    """The characters that a message says it is separated by (MSH-1, MSH-2)."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str

    @classmethod
    def of(cls, header: str) -> Delimiters:
        """Those of an MSH segment.

        Raises:
            MessageError: If it names none, or one twice.
        """
        marks = header[3:8]
        if len(marks) < 5 or len(set(marks)) < 5 or any(mark.isalnum() for mark in marks):
            raise MessageError("has an MSH segment without five different delimiters")
        return cls(*marks)

    def unescape(self, text: str) -> str:
        """A field's text with its escape sequences (2.7) replaced, each once."""
        if self.escape not in text:
            return text
        mark = re.escape(self.escape)
        return re.sub(f"{mark}([^{mark}\r\n]*){mark}", lambda m: self._meaning(m[1], m[0]), text)

    def _meaning(self, code: str, whole: str) -> str:
        own = {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
        }
        if code in own:
            return own[code]
        lower = code.lower()
        if lower in (".br", ".ce") or re.fullmatch(r"\.sp\+?\d*", lower):
            return "\n" * min(int(lower[3:].lstrip("+") or 1), 9) if lower[:3] == ".sp" else "\n"
        if re.fullmatch(r"X([0-9A-Fa-f]{2})+", code):
            return bytes.fromhex(code[1:]).decode("latin-1")
        # Highlighting, indents, fill modes and character sets: no text.
        formats = r"[HN]|\.(in|ti)[+-]?\d+|\.(fi|nf|sk ?\d*)|[CM][0-9A-Fa-f]+"
        return "" if re.fullmatch(formats, code, re.IGNORECASE) else whole


def split_messages(data: str) -> Iterator[str]:
    """The messages of a file: each from its MSH segment on; frames of MLLP and batches left out."""
    text = data.replace("\x0b", "\r").replace("\x1c", "\r")
    message: list[str] = []
    for segment in _SEGMENT_END.split(text):
        name = segment[:3]
        if name in ("FHS", "BHS", "BTS", "FTS") or not segment.strip():
            continue
        if name == "MSH" and message:
            yield "\r".join(message)
            message = []
        message.append(segment)
    if message:
        yield "\r".join(message)


def reports_of(message: str) -> list[dict[str, str | None]]:
    """The reports of an ORU message: one for each OBR segment with text below it.

    Returns:
        ``id`` (the filler's order number, else the placer's, else the message's), ``message_id``,
        ``patient_id`` and ``text``, the OBX segments' texts in their order, one a line, with a
        header where OBX-3 names a section.

    Raises:
        MessageError: If it is no ORU message, or holds no text.
    """
    segments = message.split("\r")
    if not segments[0].startswith("MSH"):
        raise MessageError("does not begin with an MSH segment")
    marks = Delimiters.of(segments[0])
    header = ["MSH", marks.field, *segments[0][4:].split(marks.field)]
    if _at(header, 9).split(marks.component)[0] != "ORU":
        raise MessageError("is no ORU message")
    message_id = marks.unescape(_at(header, 10)) or None
    patient: str | None = None
    found: list[tuple[str | None, list[str]]] = [(message_id, [])]
    section = ""
    for segment in segments[1:]:
        fields = segment.split(marks.field)
        if fields[0] == "PID":
            first = _at(fields, 3).split(marks.repetition)[0].split(marks.component)[0]
            patient = marks.unescape(first) or None
        elif fields[0] == "OBR":
            numbers = (_at(fields, at).split(marks.component)[0] for at in (3, 2))
            number = next((marks.unescape(item) for item in numbers if item), message_id)
            found.append((number, []))
            section = ""
        elif fields[0] == "OBX" and _at(fields, 2) in _PROSE and _at(fields, 11) not in _WITHDRAWN:
            suffix = _suffix(_at(fields, 3), marks)
            if suffix != section and suffix in _SECTIONS:
                found[-1][1].append(_SECTIONS[suffix])
            section = suffix
            texts = _at(fields, 5).split(marks.repetition)
            found[-1][1].extend(marks.unescape(text) for text in texts)
    reports: list[dict[str, str | None]] = [
        {
            "id": number,
            "message_id": message_id,
            "patient_id": patient,
            "text": "\n".join(lines).strip("\n"),
        }
        for number, lines in found
        if any(line.strip() for line in lines)
    ]
    if not reports:
        raise MessageError("holds no OBX segment with text")
    return reports


def _suffix(identifier: str, marks: Delimiters) -> str:
    return identifier.split(marks.component, maxsplit=1)[0].partition(marks.subcomponent)[2].upper()


def _at(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""
