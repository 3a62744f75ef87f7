"""Labels by column and by row, their equality, and how they show themselves."""

from __future__ import annotations

import numpy as np
import pytest

from lingula import load_schema
from lingula.errors import SchemaError
from lingula.labels import Evidence, Label, Labels

SCHEMA = load_schema("chexpert14")


def some(n: int = 30, seed: int = 0) -> Labels:
    chance = np.random.default_rng(seed)
    classes = chance.integers(0, 4, (n, 14)).astype(np.int8)
    probabilities = chance.random((n, 14, 4)).astype(np.float32)
    reasons = tuple((Evidence("Edema", Label.POSITIVE, 0, row, "x", "r"),) for row in range(n))
    return Labels(SCHEMA, classes, probabilities, reasons)


def test_a_column() -> None:
    labels = some()
    np.testing.assert_array_equal(labels["Edema"], labels.values[:, SCHEMA.index("Edema")])
    np.testing.assert_array_equal(labels["airspace opacity"], labels["Lung Opacity"])
    with pytest.raises(SchemaError, match="no observation 'Oedema'"):
        labels["Oedema"]


def test_rows() -> None:
    labels = some()
    mask = labels["Edema"] == 1
    for key, rows in (
        (slice(10), range(10)),
        (slice(None, None, -3), range(29, -1, -3)),
        (mask, np.flatnonzero(mask)),
        ([3, 3, -1], [3, 3, 29]),
        (4, [4]),
        ([], []),
    ):
        taken = labels[key]  # type: ignore[index]
        assert taken == labels.take(np.array(rows, dtype=int))
    assert len(list(labels)) == 30
    for wrong in (30, np.zeros(29, dtype=bool), [31]):
        with pytest.raises(IndexError):
            labels[wrong]


def test_equality() -> None:
    labels = some()
    assert labels == some()
    assert labels != some(seed=1)
    assert labels != labels[:29]
    assert labels != Labels(SCHEMA, labels.classes, labels.probabilities)
    assert labels != Labels(SCHEMA, labels.classes, None, labels.evidence)
    assert labels != Labels(load_schema("nih14"), labels.classes)
    assert labels != "labels"
    with pytest.raises(TypeError, match="unhashable"):
        hash(labels)


def test_how_they_show_themselves() -> None:
    labels = some()
    assert repr(labels) == (
        "<Labels of 30 texts: 14 observations of chexpert14, with probabilities and evidence>"
    )
    assert repr(Labels(SCHEMA, labels.classes[:1])) == (
        "<Labels of 1 text: 14 observations of chexpert14>"
    )
    page = labels._repr_html_()
    assert page.count("<tr>") == 21
    assert "and 10 more" in page
    shown = labels.classes[:20]
    for label, word in enumerate(["not mentioned", "positive", "negative", "uncertain"]):
        assert page.count(f'title="{word}"') == (shown == label).sum()
