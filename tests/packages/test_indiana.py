"""packages/lingula-indiana: how rules and the model of whole reports are joined there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lingula
from lingula import loading
from lingula.errors import InputError
from lingula.labels import Label, Labels
from lingula.schemas import load_schema

SOURCE = Path(__file__).parents[2] / "packages" / "lingula-indiana" / "src"
SCHEMA = load_schema("chexpert14")


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SOURCE))
    import lingula_indiana.combination

    return lingula_indiana.combination


class _Entry:
    name, value = "indiana", "lingula_indiana:IndianaLabeler"

    def __init__(self, target: Any) -> None:
        self._target = target

    def load(self) -> Any:
        if self._target is None:
            raise ImportError("no module lingula_indiana")
        return self._target


def test_an_installed_package_is_found_by_its_entry_point(
    package: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    labeler_class = sys.modules["lingula_indiana"].IndianaLabeler
    monkeypatch.setattr(loading, "entry_points", lambda group: [_Entry(labeler_class)])
    labeler = lingula.load("indiana", threads=1)
    assert labeler.schema.names == SCHEMA.names
    labels = labeler.label(
        ["The heart is enlarged. Large left pleural effusion. No pneumothorax.", None]
    )
    assert labels.probabilities is not None
    assert (labels.probabilities.argmax(axis=-1) == labels.classes)[0].all()
    assert labels.classes[0, SCHEMA.index("Cardiomegaly")] == Label.POSITIVE
    assert labels.classes[0, SCHEMA.index("No Finding")] == Label.BLANK
    with pytest.raises(InputError, match='"builtin", "indiana", a CheXbert'):
        lingula.load("ohio")
    monkeypatch.setattr(loading, "entry_points", lambda group: [_Entry(None)])
    with pytest.raises(InputError, match="install it again"):
        lingula.load("indiana")


def made(classes: list[int], chances: list[float]) -> tuple[Labels, Labels]:
    """Rules' labels, and a model's with these chances of positive in the first columns."""
    k = len(SCHEMA)
    rules = np.zeros((1, k), dtype=np.int8)
    rules[0, : len(classes)] = classes
    probabilities = np.zeros((1, k, 4), dtype=np.float32)
    probabilities[..., 0] = 1
    for at, chance in enumerate(chances):
        probabilities[0, at] = (0, chance, (1 - chance) * 0.3, (1 - chance) * 0.7)
    return (
        Labels(SCHEMA, rules),
        Labels(SCHEMA, probabilities.argmax(axis=-1).astype(np.int8), probabilities),
    )


def test_rules_find_and_deny_and_the_model_weighs(package: Any) -> None:
    # Columns 2 to 6: denied, positive but doubted, uncertain and doubted, both positive, affirmed.
    rules, model = made([0, 0, 2, 1, 3, 1, 3], [0.01, 0.01, 0.99, 0.01, 0.01, 0.99, 0.9])
    assert package.combine(rules, model)[0, 2:7].tolist() == [2, 3, 3, 1, 1]
    assert package.rivals(rules, model)[0, 2:7].tolist() == [True, True, False, False, True]


def test_mild_doubt_changes_nothing(package: Any) -> None:
    rules, model = made([0, 0, 1, 3, 2, 0], [0.0, 0.0, 0.45, 0.55, 0.55, 0.55])
    assert package.combine(rules, model)[0, 2:6].tolist() == [1, 3, 2, 0]


@pytest.mark.parametrize(
    ("by_rules", "chance", "together"), [(1, 0.45, 1), (1, 0.1, 0), (0, 0.55, 0), (0, 0.9, 1)]
)
def test_no_finding_needs_one_of_two_and_no_doubt(
    package: Any, by_rules: int, chance: float, together: int
) -> None:
    rules, model = made([by_rules], [chance])
    assert package.combine(rules, model)[0, 0] == together


def test_no_finding_stands_beside_no_finding(package: Any) -> None:
    rules, model = made([0, 0, 1], [0.9, 0.0, 0.9])
    classes = package.combine(rules, model)
    assert classes[0, [0, 2]].tolist() == [0, 1]
    ordered = package.in_order(model, classes)
    assert (ordered.argmax(axis=-1) == classes).all()
    np.testing.assert_allclose(ordered.sum(axis=-1), 1, atol=1e-6)
