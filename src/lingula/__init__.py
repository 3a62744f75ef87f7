"""Lingula turns free-text chest-radiology reports into structured labels.

>>> import lingula
>>> labels = lingula.load("rules").label(["No pneumothorax. Possible right basilar pneumonia."])
>>> labels.values[0, labels.schema.index("Pneumothorax")]
np.float32(0.0)
"""

from lingula.errors import (
    CheckpointError,
    ColumnError,
    InputError,
    LexiconError,
    LingulaError,
    MissingExtraError,
    RecipeError,
    SchemaError,
)
from lingula.labels import Evidence, Label, Labeler, Labels, Observation, Schema
from lingula.loading import load
from lingula.schemas import load_schema

__version__ = "0.1.0"

__all__ = [
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
    "Observation",
    "RecipeError",
    "Schema",
    "SchemaError",
    "__version__",
    "load",
    "load_schema",
]
