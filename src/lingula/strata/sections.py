"""Which part of a report strata are read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lingula.text.sections import find_sections, selected_spans

Sections = Sequence[str] | Literal["auto"] | None

#: Sections that tell of other images, of what was asked, or of what should be done.
LEFT_OUT = frozenset({"indication", "comparison", "recommendation", "notification"})


def hide_sections(text: str, sections: Sections = "auto") -> str:
    """The text with line ends in place of what is not to be read, so that offsets stay.

    Args:
        text: A report.
        sections: Names of the sections to keep (``lingula.text.sections.SECTION_NAMES``), None
            for the text as it is, or "auto" for all but those of ``LEFT_OUT``.

    Raises:
        InputError: If a section's name is unknown.
    """
    if sections is None:
        return text
    if sections == "auto":
        hidden = [
            (section.header_start, section.end)
            for section in find_sections(text)
            if section.name in LEFT_OUT
        ]
    else:
        hidden, at = [], 0
        for start, end in selected_spans(text, sections):
            hidden.append((at, start))
            at = end
        hidden.append((at, len(text)))
    for start, end in hidden:
        text = text[:start] + "\n" * (end - start) + text[end:]
    return text
