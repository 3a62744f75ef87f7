"""Small label tables for the tests of the audit; every report is made up here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lingula.audit import OtherLabels
from lingula.labels import Label, Labels, Schema
from lingula.schemas import load_schema

CHEXPERT = load_schema("chexpert14")
CODES = {"+": Label.POSITIVE, "-": Label.NEGATIVE, "?": Label.UNCERTAIN, " ": Label.BLANK}


def labels_of(columns: Mapping[str, str], schema: Schema = CHEXPERT) -> Labels:
    """Labels from one text a column: "+", "-", "?" and " " are positive, negative, ..."""
    n = len(next(iter(columns.values())))
    classes = np.zeros((n, len(schema)), dtype=np.int8)
    for name, cells in columns.items():
        classes[:, schema.index(name)] = [CODES[cell] for cell in cells]
    return Labels(schema, classes)


def random_labels(n: int, seed: int, schema: Schema = CHEXPERT) -> Labels:
    """Labels in CheXpert-like shares, within what the schema permits."""
    generator = np.random.default_rng(seed)
    classes = generator.choice(4, size=(n, len(schema)), p=[0.6, 0.2, 0.12, 0.08]).astype(np.int8)
    classes[~schema.permits()[np.arange(len(schema)), classes]] = Label.BLANK
    return Labels(schema, classes)


def other(labels: Labels, rows: Sequence[int] | None = None, name: str = "second") -> OtherLabels:
    """Other labels of all rows, or of some."""
    index = np.arange(len(labels)) if rows is None else np.asarray(rows)
    return OtherLabels(name, index, labels, np.ones(len(labels.schema), dtype=np.bool_))
