from __future__ import annotations

import numpy as np
import pytest
from audit_rows import CHEXPERT, labels_of, random_labels
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.audit import AuditInput, AuditOptions, OutsideLabel, filled
from lingula.audit.checks.logic import LabelLogic
from lingula.audit.hierarchy import implications
from lingula.labels import Label, Observation, Schema


def _run(**columns: str):
    labels = labels_of({name.replace("_", " "): cells for name, cells in columns.items()})
    return LabelLogic().run(AuditInput(labels=labels), AuditOptions(), {})


def test_a_child_without_its_parent() -> None:
    result = _run(Edema="+++++-? ", Lung_Opacity="+ -? -- ")
    assert list(result.rows) == [1, 2, 3, 4]
    assert result.value("orphan_rows") == 4
    table = result.table("parents")
    row = table.rows[table.column("child").index("Edema")]
    assert row == ("Edema", "Lung Opacity", 5, 2, 1, 1, pytest.approx(0.8))
    assert any("Lung Opacity negative" in example.why for example in result.examples)


def test_no_finding_beside_a_finding_but_not_beside_a_device() -> None:
    result = _run(No_Finding="++++ ", Fracture="+?-  ", Support_Devices="   ++")
    assert list(result.rows) == [0, 1]
    assert result.value("no_finding_rows") == 2
    assert result.table("no_finding").rows == (("Fracture", 1, 1),)


def test_labels_outside_the_schema() -> None:
    labels = labels_of({"No Finding": "+- "})
    outside = (OutsideLabel("Edema", "'7'", np.array([2])),)
    result = LabelLogic().run(AuditInput(labels=labels, outside=outside), AuditOptions(), {})
    assert result.value("outside_cells") == 2
    assert list(result.rows) == [1, 2]
    assert result.table("outside").rows == (("Edema", "'7'", 1), ("No Finding", "negative", 1))


def test_rows_without_any_label_are_counted_but_no_contradiction() -> None:
    result = _run(Fracture="+  ", Lung_Opacity="+ -")
    assert result.score == 1
    assert result.value("blank_rows") == 1
    assert _run(Fracture="   ").value("blank_rows") == 3


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_filling_leaves_no_orphan_and_takes_nothing_away(seed: int) -> None:
    labels = random_labels(40, seed)
    after, changed = filled(labels)
    for pair in implications(labels.schema):
        child = after.classes[:, pair.child] == Label.POSITIVE
        assert (after.classes[child, pair.ancestor] == Label.POSITIVE).all()
    assert (after.classes[changed] == Label.POSITIVE).all()
    assert (after.classes[~changed] == labels.classes[~changed]).all()
    again, nothing = filled(after)
    assert not nothing.any()
    assert (again.classes == after.classes).all()


def test_ancestors_are_followed_through_generations() -> None:
    schema = Schema(
        "three",
        (
            Observation("grandchild", parents=("child",)),
            Observation("child", parents=("top",)),
            Observation("top"),
        ),
    )
    after, changed = filled(labels_of({"grandchild": "+-"}, schema))
    assert after.classes.tolist() == [[1, 1, 1], [2, 0, 0]]
    assert int(changed.sum()) == 2


def test_a_circle_of_parents_ends() -> None:
    schema = Schema("circle", (Observation("a", parents=("b",)), Observation("b", parents=("a",))))
    assert {(p.child, p.ancestor) for p in implications(schema)} == {(0, 1), (1, 0)}


def test_chexpert_has_six_children() -> None:
    assert len(implications(CHEXPERT)) == 6
