"""Sections and sentences of reports; every offset points into the text as given."""

from lingula.text.decoding import decode
from lingula.text.normalize import normal_form
from lingula.text.reading import Piece, Reading
from lingula.text.sections import (
    DEFAULT_SECTIONS,
    SECTION_NAMES,
    Section,
    find_sections,
    select_sections,
)
from lingula.text.sentences import split_sentences

__all__ = [
    "DEFAULT_SECTIONS",
    "SECTION_NAMES",
    "Piece",
    "Reading",
    "Section",
    "decode",
    "find_sections",
    "normal_form",
    "select_sections",
    "split_sentences",
]
