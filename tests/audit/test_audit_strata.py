from __future__ import annotations

import numpy as np
import pytest
from audit_rows import labels_of, random_labels

from lingula.audit import AuditInput, AuditOptions
from lingula.audit.checks.strata import DEGREES, MIXTURES, HiddenStrata
from lingula.schemas import load_schema
from lingula.strata import strata

TEXTS = [
    "Right chest tube in place. Small right pneumothorax.",
    "Large left pneumothorax.",
    "right chest tube in place.  Small right pneumothorax.",
    "There is a tiny left apical pneumothorax.",
    "Healed rib fractures on the left.",
    "Acute fracture of the right clavicle.",
    None,
    "No pneumothorax.",
]
LABELS = {
    "Pneumothorax": "++++  +-",
    "Fracture": "    ++  ",
    "Support Devices": "+       ",
}


def test_strata_are_counted_among_the_positives() -> None:
    data = AuditInput(labels=labels_of(LABELS), texts=TEXTS)
    result = HiddenStrata().run(data, AuditOptions(), {})
    assert result.value("known Pneumothorax") == pytest.approx(2 / 4)
    assert result.value("known Fracture") == pytest.approx(1 / 2)
    assert result.score == pytest.approx(0.5)
    schema = data.labels.schema
    assert result.label_scores is not None
    assert result.label_scores[schema.index("Pneumothorax")] == 0.5
    assert np.isnan(result.label_scores[schema.index("Edema")])
    rows = {row[:3]: row[3:] for row in result.table("strata").rows}
    assert rows["Pneumothorax", "Pneumothorax Chest Tube", "with chest tube"] == (2, 0.5)
    assert rows["Pneumothorax", "Pneumothorax Size", "large"] == (1, 0.25)
    devices = {row[0]: row[1:] for row in result.table("devices").rows}
    assert devices["Chest Tube"] == (2, pytest.approx(2 / 7), 0.5)
    assert {example.row for example in result.examples} == {0, 2, 4}


def test_without_positives_there_is_no_score() -> None:
    data = AuditInput(labels=labels_of({"Edema": "+" * 8}), texts=TEXTS)
    result = HiddenStrata().run(data, AuditOptions(), {})
    assert result.score is None
    assert result.missing
    assert HiddenStrata().run(AuditInput(labels=random_labels(2, 1)), AuditOptions(), {}).missing


def test_a_schema_of_other_labels() -> None:
    labels = labels_of({"Pneumothorax": "+++++   "}, load_schema("nih14"))
    result = HiddenStrata().run(AuditInput(labels=labels, texts=TEXTS), AuditOptions(), {})
    assert result.value("known Pneumothorax") == pytest.approx(2 / 5)
    assert len([item.name for item in result.exhibits]) == 1


def test_the_strata_that_are_shown_exist() -> None:
    known = {item.name: item for item in strata()}
    assert all(stratum in known for _, stratum in DEGREES)
    for mixture in MIXTURES:
        assert mixture.known <= set(known[mixture.stratum].values)
        assert mixture.known < set(known[mixture.stratum].values)
