"""How texts are to be labeled: what a request says besides its texts."""

from __future__ import annotations

from typing import NamedTuple

from lingula.text.sections import DEFAULT_SECTIONS


class Choices(NamedTuple):
    """Texts with the same choices can share a batch.

    Attributes:
        labeler: Its name in the service.
        sections: Canonical names of the sections to read; None for the text as it is.
        evidence: Whether to give the reasons.
        probabilities: Whether to give the probability of each class.
        language: "check" leaves a text that is not English blank; "any" labels it as English.
    """

    labeler: str
    sections: tuple[str, ...] | None = DEFAULT_SECTIONS
    evidence: bool = False
    probabilities: bool = False
    language: str = "check"
