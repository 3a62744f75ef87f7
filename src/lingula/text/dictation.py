# ruff: noqa: SIM905 (word lists are easier to read and to extend as running text)
"""What dictation writes for a term where nothing else can be meant: ``words/dictation.toml``."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from lingula.text.vocabulary import is_listed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Words that are in every other report.
_FREQUENT = frozenset(
    "a at the no in of is with pleural nodule effusion heart acute evidence focal remarkable more "
    "thorax changed pulmonary lung space bilateral moderate loculated layering small large tiny "
    "trace disease scarring thickening pneumothorax effusions sided mild interstitial alveolar "
    "perihilar".split()
)
_FOLDER = Path(__file__).parent / "words"


@lru_cache(maxsize=1)
def _dictation() -> dict[str, Any]:
    data: dict[str, Any] = tomllib.loads((_FOLDER / "dictation.toml").read_text(encoding="utf-8"))
    return data


def heard_terms() -> list[str]:
    """The terms that are known by their sound."""
    return [str(term) for term in _dictation()["heard"]]


@lru_cache(maxsize=1)
def misheard() -> dict[tuple[str, ...], tuple[str, ...]]:
    """The words that each run of written words stands for."""
    data = _dictation()
    found = {tuple(key.split()): tuple(value.split()) for key, value in data["read"].items()}
    for entry in data["after"]:
        for word in entry["words"]:
            read = (entry.get("before", word), entry["read"])
            for written in entry["written"]:
                found.setdefault((word, *written.split()), read)
    return found


def trigger(written: tuple[str, ...], own: frozenset[str]) -> str:
    """The word of a phrase that is looked for: the one that reports use least."""
    if len(written) == 1:
        return written[0]
    return max(
        written,
        key=lambda word: (word not in _FREQUENT, word not in own, not is_listed(word), len(word)),
    )
