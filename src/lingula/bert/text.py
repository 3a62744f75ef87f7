"""Text as CheXbert's code prepares it before tokenizing."""

from __future__ import annotations

import re

#: Half of a surrogate pair cannot be UTF-8; BERT's own text cleaning drops every character of
#: Unicode's class C, so dropping them here changes no token.
SURROGATES = re.compile("[\ud800-\udfff]")


def clean_text(text: str) -> str:
    r"""A report on one line: runs of white space become one space, none at the ends.

    CheXbert strips, turns line ends into spaces, collapses ``\s+`` and strips again (Smit et al.,
    EMNLP 2020, and its public code); ``str.split`` knows the same white space as ``\s``.
    List numbers, case and accents stay.
    """
    return " ".join(SURROGATES.sub("", text).split())
