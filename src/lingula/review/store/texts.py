"""Texts as both databases can keep them."""

from __future__ import annotations

import re

#: PostgreSQL has no text with a NUL, and UTF-8 no half of a surrogate pair.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with what cannot be kept put as U+FFFD, so that offsets into it stay true."""
    return _UNSTORABLE.sub("\ufffd", text)
