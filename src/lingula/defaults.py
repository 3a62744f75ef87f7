"""What is taken where nothing is said; light enough for every command to import."""

from __future__ import annotations

#: The labeler if none is named, in ``lingula.load`` and in every command. On the left-out half of
#: the style benchmark the built-in labeler is not above the rules beyond chance, and the rules are
#: faster (docs/builtin-model-card.md).
DEFAULT_LABELER = "rules"
