"""What is taken where nothing is said; light enough for every command to import."""

from __future__ import annotations

#: The labeler if none is named, in ``lingula.load`` and in every command: on styles of reports that
#: nothing was tuned on it is right more often than the other, beyond chance
#: (docs/builtin-model-card.md).
DEFAULT_LABELER = "builtin"
