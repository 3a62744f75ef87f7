"""Uncertain labels under each named policy, and the bounds over all ways to resolve them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import f1_score

from lingula.labels import Label
from lingula.metrics.counts import binary_counts, confusion_matrices
from lingula.metrics.uncertain import (
    UncertainPolicy,
    binarize,
    binary_columns,
    binary_counts_of,
    counted_cells,
    f1_bounds,
)
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14").restrict(["No Finding", "Edema", "Fracture"])
EVERY_LABEL = np.array([[0, 0, 0], [1, 1, 1], [0, 2, 2], [0, 3, 3]])


@pytest.mark.parametrize(
    ("policy", "edema"),
    [("ones", [0, 1, 0, 1]), ("zeros", [0, 1, 0, 0]), ("ignore", [0, 1, 0, 0])],
)
def test_one_column_an_observation(policy, edema):
    columns = binary_columns(SCHEMA, UncertainPolicy(policy))
    assert [column.name for column in columns] == list(SCHEMA.names)
    assert binarize(EVERY_LABEL, columns)[:, 1].tolist() == [bool(value) for value in edema]


def test_multiclass_gives_uncertain_its_own_column_where_it_can_be():
    columns = binary_columns(SCHEMA, UncertainPolicy.MULTICLASS)
    assert [column.name for column in columns] == [
        "No Finding",
        "Edema",
        "Edema (uncertain)",
        "Fracture",
        "Fracture (uncertain)",
    ]
    assert binarize(EVERY_LABEL, columns)[:, 2].tolist() == [False, False, False, True]


def test_ignore_leaves_out_uncertain_truth_only():
    columns = binary_columns(SCHEMA, UncertainPolicy.IGNORE)
    counted = counted_cells(EVERY_LABEL, columns, UncertainPolicy.IGNORE)
    assert counted.sum() == EVERY_LABEL.size - 2
    truth, hedged = np.full((2, 3), Label.POSITIVE), np.full((2, 3), Label.UNCERTAIN)
    counts = binary_counts_of(confusion_matrices(truth, hedged), columns, UncertainPolicy.IGNORE)
    assert counts.false_negative.tolist() == [2, 2, 2]


@given(
    tables=st.integers(1, 30).flatmap(
        lambda n: st.tuples(
            *[hnp.arrays(np.int8, (n, 3), elements=st.integers(0, 3)) for _ in range(2)]
        )
    ),
    policy=st.sampled_from(list(UncertainPolicy)),
)
@settings(max_examples=60, deadline=None)
def test_counts_from_confusion_matrices_equal_counting_cells(tables, policy):
    truth, predicted = tables
    columns = binary_columns(SCHEMA, policy)
    got = binary_counts_of(confusion_matrices(truth, predicted), columns, policy)
    want = binary_counts(
        binarize(truth, columns),
        binarize(predicted, columns),
        counted_cells(truth, columns, policy),
    )
    for name in ("true_positive", "false_positive", "false_negative", "true_negative"):
        np.testing.assert_array_equal(getattr(got, name), getattr(want, name))


@given(
    pair=st.integers(1, 5).flatmap(
        lambda n: st.tuples(*[st.lists(st.integers(0, 3), min_size=n, max_size=n)] * 2)
    )
)
@settings(max_examples=60, deadline=None)
def test_bounds_equal_trying_every_resolution(pair):
    """Cells uncertain in both tables resolve in each on its own: the widest bounds there are."""
    tables = [np.array(side) for side in pair]
    bounds = f1_bounds(confusion_matrices(tables[0][:, None], tables[1][:, None]))
    free = [(side, row) for side in (0, 1) for row in np.flatnonzero(tables[side] == 3)]
    scores = []
    for choice in itertools.product([False, True], repeat=len(free)):
        resolved = [table == Label.POSITIVE for table in tables]
        for (side, row), value in zip(free, choice, strict=True):
            resolved[side][row] = value
        scores.append(f1_score(*resolved, zero_division=0))
    assert bounds.lower[0] == pytest.approx(min(scores), abs=1e-12)
    assert bounds.upper[0] == pytest.approx(max(scores), abs=1e-12)
