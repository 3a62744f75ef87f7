"""Lingula turns free-text chest-radiology reports into structured labels.

>>> import lingula
>>> labels = lingula.load("rules").label(["No pneumothorax. Possible right basilar pneumonia."])
>>> labels.values[0, labels.schema.index("Pneumothorax")]
np.float32(0.0)

Names are imported when they are first used, so that ``import lingula`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingula.errors import (
        ChallengeError,
        CheckpointError,
        ColumnError,
        InputError,
        LexiconError,
        LingulaError,
        MissingExtraError,
        NetworkError,
        RecipeError,
        ReviewError,
        SchemaError,
    )
    from lingula.labels import Evidence, Label, Labeler, Labels, Observation, Schema
    from lingula.loading import load
    from lingula.pipeline.batches import label_batches
    from lingula.schemas import load_schema
    from lingula.scores import Scores

__version__ = "0.1.0"

_HOMES = {
    "ChallengeError": "errors",
    "CheckpointError": "errors",
    "ColumnError": "errors",
    "InputError": "errors",
    "LexiconError": "errors",
    "LingulaError": "errors",
    "MissingExtraError": "errors",
    "NetworkError": "errors",
    "RecipeError": "errors",
    "ReviewError": "errors",
    "SchemaError": "errors",
    "Evidence": "labels",
    "Label": "labels",
    "Labeler": "labels",
    "Labels": "labels",
    "Observation": "labels",
    "Schema": "labels",
    "label_batches": "pipeline.batches",
    "load": "loading",
    "load_schema": "schemas",
    "Scores": "scores",
}

__all__ = [
    "ChallengeError",
    "CheckpointError",
    "ColumnError",
    "Evidence",
    "InputError",
    "Label",
    "Labeler",
    "Labels",
    "LexiconError",
    "LingulaError",
    "MissingExtraError",
    "NetworkError",
    "Observation",
    "RecipeError",
    "ReviewError",
    "Schema",
    "SchemaError",
    "Scores",
    "__version__",
    "label_batches",
    "load",
    "load_schema",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"lingula.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'lingula' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
