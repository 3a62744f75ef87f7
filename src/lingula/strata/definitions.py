"""What the strata are: the columns, and the rules that tell their values."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from lingula.errors import LexiconError
from lingula.labels import Observation, Schema
from lingula.rules.lexicon import load_lexicon
from lingula.rules.lexicon_model import Lexicon

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent
DETAILS = "details.toml"
LEXICONS = ("devices.toml", "views.toml", DETAILS)

#: Findings whose mentions are those of the label of the same name, so that a stratum divides what
#: the label counts.
FINDINGS = ("Pneumothorax", "Pleural Effusion", "Edema", "Fracture")

#: Groups of those mentions that are another thing than the finding itself.
NOT_FINDINGS = frozenset({"congestion"})

Kind = Literal["presence", "detail", "choice", "companion"]


@dataclass(frozen=True)
class Bridge:
    """The words that join a detail to its finding; see ``strata.toml``.

    Attributes:
        before: May stand between a detail and the finding after it.
        after: May stand between a finding and the detail after it.
        tail: Must follow a detail that stands after its finding.
        places: May follow it too, after a preposition.
        shared: Another finding's words that share the detail with the finding after them, unless
            there is one of ``own`` in between.
        own: The words of the stratum's own details.
    """

    before: frozenset[str]
    after: frozenset[str]
    tail: frozenset[str]
    places: frozenset[str]
    shared: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()


@dataclass(frozen=True)
class StratumExample:
    """A text and the value that a stratum must get from it ("" for a blank)."""

    text: str
    value: str


@dataclass(frozen=True)
class Stratum:
    """One column.

    Attributes:
        name: Name of the column.
        kind: "presence" (cells are 1.0, 0.0, -1.0 or None, as labels are), or "detail", "choice"
            or "companion" (cells are values joined by ";", or None).
        of: The finding or device that it tells of; "" for a choice.
        values: The values that a cell can hold, in order; empty for a presence.
        told_by: For each value the observations that tell it.
        whole: The value that stands for all others together, if any ("bilateral").
        unstated: The value of an affirmed finding of which none is told, if any.
        companion: The device of a companion.
        sides: Columns that tell the sides of a companion's finding and device.
        bridge: Words that join a detail to its finding.
        examples: Texts with the value that they must give.
    """

    name: str
    kind: Kind
    of: str
    values: tuple[str, ...]
    told_by: tuple[tuple[str, ...], ...]
    whole: str
    unstated: str
    companion: str
    sides: tuple[str, ...]
    bridge: Bridge
    examples: tuple[StratumExample, ...]


@lru_cache(maxsize=1)
def strata() -> tuple[Stratum, ...]:
    """The strata, in the order of their columns."""
    data = tomllib.loads((FOLDER / "strata.toml").read_text(encoding="utf-8"))
    words = {key: frozenset(data[key]) for key in ("before", "after", "tail", "places")}
    for key in ("before", "after", "tail"):
        words[key] |= _detail_words()
    return tuple(_stratum(entry, Bridge(**words)) for entry in data["stratum"])


@lru_cache(maxsize=1)
def strata_lexicon() -> Lexicon:
    """All rules: devices, views and details, and the mentions of the findings that are divided."""
    parts = [load_lexicon(FOLDER / "lexicon" / name) for name in LEXICONS]
    labels = load_lexicon("chexpert14")
    missing = NOT_FINDINGS - {mention.name for mention in labels.mentions}
    if missing:
        raise LexiconError(f"the strata leave out {missing}, which no group of mentions is called")
    found = tuple(
        mention
        for mention in labels.mentions
        if mention.observation in FINDINGS and mention.name not in NOT_FINDINGS
    )
    observations = (
        *(Observation(name) for name in FINDINGS),
        *(item for part in parts for item in part.schema.observations),
    )
    first = parts[0]
    return replace(
        first,
        schema=Schema("strata", observations),
        mentions=(*found, *(mention for part in parts for mention in part.mentions)),
        cues=tuple({cue.name: cue for part in parts for cue in part.cues}.values()),
        boundaries=_distinct(word for part in parts for word in part.boundaries),
        starters=_distinct(word for part in parts for word in part.starters),
        verbs=_distinct(word for part in parts for word in part.verbs),
    )


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


@lru_cache(maxsize=1)
def detail_names() -> frozenset[str]:
    """The observations that are details of a finding rather than findings."""
    return frozenset(load_lexicon(FOLDER / "lexicon" / DETAILS).schema.names)


@lru_cache(maxsize=1)
def _words_of_details() -> dict[str, frozenset[str]]:
    """Detail -> its phrases of one word."""
    details = load_lexicon(FOLDER / "lexicon" / DETAILS)
    found: dict[str, frozenset[str]] = {}
    for mention in details.mentions:
        words = frozenset(phrase for phrase in mention.phrases if " " not in phrase)
        found[mention.observation] = found.get(mention.observation, frozenset()) | words
    return found


def _detail_words() -> frozenset[str]:
    # "fracture" is a detail of a wire, but no word that joins a detail to a rib's fracture.
    return frozenset(
        word for name, words in _words_of_details().items() if name != "broken" for word in words
    )


def _stratum(entry: dict[str, Any], bridge: Bridge) -> Stratum:
    values: dict[str, list[str]] = entry.get("values", {})
    own = frozenset(entry.get("between", ()))
    return Stratum(
        name=entry["name"],
        kind=entry["kind"],
        of=entry.get("of", ""),
        values=tuple(values),
        told_by=tuple(tuple(names) for names in values.values()),
        whole=entry.get("whole", ""),
        unstated=entry.get("unstated", ""),
        companion=entry.get("with", ""),
        sides=tuple(entry.get("sides", ())),
        bridge=replace(
            bridge,
            before=bridge.before | own,
            after=bridge.after | own,
            shared=frozenset(entry.get("shared", ())),
            own=frozenset(
                word
                for names in values.values()
                for name in names
                for word in _words_of_details().get(name, ())
            ),
        ),
        examples=tuple(StratumExample(text, value) for value, text in entry.get("examples", ())),
    )
