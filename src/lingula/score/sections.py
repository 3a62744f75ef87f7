"""Cut reports down to some sections before they are labeled, and count those that lack them."""

from __future__ import annotations

from collections.abc import Sequence

from lingula.labels import is_missing
from lingula.text.sections import SECTION_NAMES, find_sections, select_sections


def select_all(texts: Sequence[str | None], names: Sequence[str]) -> list[str | None]:
    """The named sections of each report; see ``lingula.text.sections.select_sections``.

    Raises:
        InputError: If a name is unknown.
    """
    return [text if is_missing(text) else select_sections(str(text), names).text for text in texts]


def count_unsectioned(texts: Sequence[str | None], names: Sequence[str]) -> int:
    """How many reports have headers, but none of the named sections.

    Another part of them is labeled in their place. Without headers (as most generated reports are)
    a report is its own body, and is not counted.
    """
    wanted = {name.strip().casefold() for name in names}
    if not wanted <= set(SECTION_NAMES):
        return 0
    count = 0
    for text in texts:
        found = {section.name for section in find_sections(str(text))} if text else set()
        parts = {part for name in found for part in name.split("+") if part}
        count += bool(parts) and not parts & wanted
    return count
