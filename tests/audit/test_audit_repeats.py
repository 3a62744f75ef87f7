from __future__ import annotations

import numpy as np
import pytest
from audit_rows import random_labels
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.audit import AuditInput, AuditOptions, Groups
from lingula.audit.checks.leakage import Leakage
from lingula.audit.checks.repeats import (
    RepeatStudies,
    effective_number,
    held_by_more_than,
    held_by_top,
)
from lingula.documents import Curve

COUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=60)


@settings(deadline=None)
@given(COUNTS)
def test_effective_number_lies_between_one_and_all(counts: list[int]) -> None:
    found = effective_number(np.array(counts))
    assert 1 - 1e-9 <= found <= len(counts) + 1e-9
    assert effective_number(np.array([7] * len(counts))) == pytest.approx(len(counts))


@settings(deadline=None)
@given(COUNTS, st.integers(1, 20))
def test_shares_by_hand(counts: list[int], k: int) -> None:
    patients, data = held_by_more_than(np.array(counts), k)
    many = [c for c in counts if c > k]
    assert patients == pytest.approx(len(many) / len(counts))
    assert data == pytest.approx(sum(many) / sum(counts))
    # The patients with more than k are those with most.
    assert held_by_top(np.array(counts), patients) == pytest.approx(data)
    assert held_by_top(np.array(counts), 1.0) == pytest.approx(1.0)


def _data(
    patients: list[str | None], studies: list[str] | None = None, **more: object
) -> AuditInput:
    return AuditInput(
        labels=random_labels(len(patients), 1),
        patients=Groups.of(patients),
        studies=None if studies is None else Groups.of(studies),
        **more,  # type: ignore[arg-type]
    )


def test_the_same_study_number_of_two_patients_is_two_studies() -> None:
    data = _data(["a", "a", "a", "b", "b"], ["s1", "s1", "s2", "s1", "s1"], unit="image")
    result = RepeatStudies().run(data, AuditOptions(), {})
    assert result.value("patients") == 2
    assert result.value("studies") == 3
    assert result.value("images") == 5
    assert result.value("effective_patients_by_studies") == pytest.approx(9 / 5)
    assert result.score == pytest.approx(0.9)
    more = result.table("more_than_studies")
    assert more.column("k") == (1,)
    assert more.column("held") == pytest.approx((2 / 3,))


def test_the_curve_rises_to_one_above_the_diagonal() -> None:
    patients = [str(p) for p in np.random.default_rng(2).zipf(1.8, 3000).clip(max=500)]
    result = RepeatStudies().run(_data(patients), AuditOptions(), {})
    (curve,) = next(item for item in result.exhibits if isinstance(item, Curve)).lines
    assert (curve.x[0], curve.y[0]) == (0, 0)
    assert (curve.x[-1], curve.y[-1]) == (1, 1)
    assert np.all(np.diff(curve.y) >= 0)
    assert np.all(np.array(curve.y) >= np.array(curve.x) - 1 / len(set(patients)))


def test_rows_without_a_patient_are_counted_and_left_out() -> None:
    result = RepeatStudies().run(_data(["a", None, "b", " ", "b"]), AuditOptions(), {})
    assert result.value("patients") == 2
    assert result.value("reports") == 3
    assert "2 rows name no patient (40.0%)" in result.findings[0].text


def test_no_patients_is_not_checked() -> None:
    data = AuditInput(labels=random_labels(3, 1))
    assert RepeatStudies().run(data, AuditOptions(), {}).score is None
    assert RepeatStudies().run(_data([None, None]), AuditOptions(), {}).missing


def test_leakage_of_patients_and_reports() -> None:
    data = _data(
        ["a", "a", "b", "c", "c", None],
        splits=Groups.of(["train", "test", "train", "train", "train", "test"]),
        texts=["One text.", "Another.", "A third.", "one  TEXT.", "A fourth.", "A third."],
    )
    result = Leakage().run(data, AuditOptions(), {})
    assert result.value("shared_patients") == 1
    assert result.value("rows_of_shared_patients") == 2
    assert result.value("shared_reports") == 1  # "A third.": "One text." is in train only
    assert list(result.rows) == [0, 1, 2, 5]
    assert result.score == pytest.approx(2 / 6)
    pairs = result.table("patients")
    assert pairs.rows == (("train", "test", 1, 1, 1 / 4), ("test", "train", 1, 1, 1 / 2))


def test_nothing_leaks_where_splits_are_by_patient() -> None:
    data = _data(["a", "a", "b", "b"], splits=Groups.of(["train", "train", "test", "test"]))
    result = Leakage().run(data, AuditOptions(), {})
    assert result.score == 1
    assert len(result.rows) == 0


@pytest.mark.parametrize("splits", [["train"] * 4, [None] * 4])
def test_one_split_is_not_checked(splits: list[str | None]) -> None:
    data = _data(["a", "a", "b", "b"], splits=Groups.of(splits))
    assert Leakage().run(data, AuditOptions(), {}).missing
