"""The labeler that ships: what it is made of, how its two halves are joined, what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lingula
from lingula.builtin import BuiltinLabeler
from lingula.builtin.combination import combine, model_positive, rivals
from lingula.builtin.labeler import MODEL
from lingula.errors import RecipeError, SchemaError
from lingula.labels import Label, Labels
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14")

TEXTS = [
    "The heart is enlarged. There is a large left pleural effusion. No pneumothorax.",
    "The lungs are clear. Heart size is normal. No acute cardiopulmonary abnormality.",
    "Bibasilar atelectasis. Pneumonia cannot be excluded.",
    "There is a displaced fracture of the left clavicle. A right chest port is in place.",
    "Pulmonary edema with bilateral pleural effusions and cardiomegaly.",
    None,
    "   ",
]


@pytest.fixture(scope="module")
def labeler() -> BuiltinLabeler:
    return BuiltinLabeler(threads=1)


def test_it_is_found_by_name() -> None:
    found = lingula.load("builtin", threads=1)
    assert isinstance(found, BuiltinLabeler)
    assert found.schema.names == SCHEMA.names
    assert len(found.sha256) == 64
    with pytest.raises(SchemaError, match="chexpert14"):
        lingula.load("builtin", schema="nih14")
    with pytest.raises(RecipeError, match="only the device 'cpu'"):
        lingula.load("builtin", device="cuda")


def test_plain_reports(labeler: BuiltinLabeler) -> None:
    labels = labeler.label(TEXTS)
    assert labels.probabilities is not None
    np.testing.assert_allclose(labels.probabilities.sum(axis=-1), 1, atol=1e-5)

    def positives(row: int) -> set[str]:
        return {SCHEMA.names[at] for at in np.flatnonzero(labels.classes[row] == Label.POSITIVE)}

    assert {"Cardiomegaly", "Pleural Effusion"} <= positives(0)
    assert labels.classes[0, SCHEMA.index("Pneumothorax")] == Label.NEGATIVE
    assert positives(1) == {"No Finding"}
    assert "Atelectasis" in positives(2)
    assert labels.classes[2, SCHEMA.index("Pneumonia")] == Label.UNCERTAIN
    assert "Fracture" in positives(3)
    assert {"Edema", "Pleural Effusion", "Cardiomegaly"} <= positives(4)
    assert not labels.classes[5:].any()


def test_labels_do_not_depend_on_company(labeler: BuiltinLabeler) -> None:
    together = labeler.label(TEXTS * 3).classes
    alone = np.concatenate([labeler.label([text]).classes for text in TEXTS * 3])
    assert (together == alone).mean() > 0.99


def test_evidence_shows_words_and_disagreements(labeler: BuiltinLabeler) -> None:
    labels = labeler.label(TEXTS, evidence=True)
    differ = labeler.disagreements(TEXTS)
    assert labels.evidence is not None
    for row, text in enumerate(TEXTS):
        notes = [item for item in labels.evidence[row] if "rules and model differ" in item.rule]
        assert {item.observation for item in notes} == {
            SCHEMA.names[at] for at in np.flatnonzero(differ[row])
        }
        for item in labels.evidence[row]:
            assert (text or "")[item.start : item.end] == item.phrase


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


def test_rules_find_and_deny_and_the_model_weighs() -> None:
    # Columns 2 to 6: denied, positive but doubted, uncertain and doubted, both positive, affirmed.
    rules, model = made([0, 0, 2, 1, 3, 1, 3], [0.01, 0.01, 0.99, 0.01, 0.01, 0.99, 0.9])
    assert combine(rules, model)[0, 2:7].tolist() == [2, 3, 3, 1, 1]
    assert rivals(rules, model)[0, 2:7].tolist() == [True, True, False, False, True]
    assert model_positive(model)[0, 2:7].tolist() == [True, False, False, True, True]


def test_mild_doubt_changes_nothing() -> None:
    rules, model = made([0, 0, 1, 3, 2, 0], [0.0, 0.0, 0.45, 0.55, 0.55, 0.55])
    assert combine(rules, model)[0, 2:6].tolist() == [1, 3, 2, 0]


def test_a_denial_or_no_mention_stands_however_sure_the_model_is() -> None:
    rules, model = made([0, 0, *([0, 2] * 6)], [0.0, *([0.999] * 13)])
    assert np.array_equal(combine(rules, model), rules.classes)


@pytest.mark.parametrize(
    ("by_rules", "chance", "together"), [(1, 0.45, 1), (1, 0.1, 0), (0, 0.55, 0), (0, 0.9, 1)]
)
def test_no_finding_needs_one_of_two_and_no_doubt(
    by_rules: int, chance: float, together: int
) -> None:
    rules, model = made([by_rules], [chance])
    assert combine(rules, model)[0, 0] == together


def test_rules_alone_decide_where_the_model_learned_nothing() -> None:
    rules, model = made([0, 1], [0.0, 0.0])
    assert combine(rules, model)[0, 1] == Label.POSITIVE


def test_it_needs_the_base_install_alone() -> None:
    code = (
        "import sys, lingula; lingula.load('builtin', threads=1).label(['No effusion.']);"
        "bad = {'torch', 'transformers', 'onnx', 'pandas'} & set(sys.modules); sys.exit(bool(bad))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_model_is_small_and_whole() -> None:
    files = {path.name: path.stat().st_size for path in MODEL.iterdir()}
    assert set(files) == {"config.json", "lingula.json", "model.int8.onnx", "tokenizer.json"}
    assert sum(files.values()) < 14_000_000
    assert Path(MODEL).is_dir()
