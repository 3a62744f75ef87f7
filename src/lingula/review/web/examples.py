"""What each observation means to this review: its labels, parents, words of the group, examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from lingula.labels import Label, Schema
from lingula.rules.lexicon import load_lexicon, shipped_lexicons

#: Examples of each label that are shown.
_MOST = 4


@dataclass(frozen=True)
class Guide:
    """One observation.

    Attributes:
        name: Of the observation.
        labels: Words of the labels it can take.
        aliases: Other names.
        parents: Observations that are implied when this one is positive.
        words: The group's own definition, or an empty text.
        examples: Sentences of the lexicon with the word of the label each gets.
    """

    name: str
    labels: tuple[str, ...]
    aliases: tuple[str, ...]
    parents: tuple[str, ...]
    words: str
    examples: tuple[tuple[str, str], ...]


def observation_guide(schema: Schema, definitions: Mapping[str, str]) -> list[Guide]:
    """All observations of a schema, in its order.

    Args:
        schema: Of the review.
        definitions: The group's own words, by observation.
    """
    examples = _examples(schema.name) if schema.name in shipped_lexicons() else {}
    return [
        Guide(
            item.name,
            tuple(label.name.lower() for label in item.labels),
            item.aliases,
            item.parents,
            definitions.get(item.name, ""),
            examples.get(item.name, ()),
        )
        for item in schema.observations
    ]


@cache
def _examples(lexicon: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Observation -> some example sentences of each label, strongest label first."""
    found: dict[str, dict[Label, dict[str, None]]] = {}
    for mention in load_lexicon(lexicon).mentions:
        for item in mention.examples:
            found.setdefault(item.observation, {}).setdefault(item.label, {})[item.text] = None
    order = (Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN, Label.BLANK)
    return {
        name: tuple(
            (label.name.lower(), text)
            for label in order
            for text in list(by_label.get(label, {}))[:_MOST]
        )
        for name, by_label in found.items()
    }
