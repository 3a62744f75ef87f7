from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from lingula.audit.intervals import cautious_f1, effective_size, widest, wilson


@settings(deadline=None)
@given(st.integers(1, 100_000), st.data())
def test_wilson_is_statsmodels_wilson(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))
    low, high = wilson(successes, total)
    expected = proportion_confint(successes, total, method="wilson")
    assert (low, high) == pytest.approx(expected, abs=1e-9)


def test_wilson_of_nothing_is_everything() -> None:
    low, high = wilson([0, 3], [0, 3])
    assert low[0] == 0
    assert high[0] == 1
    assert high[1] == 1
    assert 0.4 < low[1] < 0.5


def test_widest_is_the_widest_of_all_shares() -> None:
    for n in (1, 4, 10, 50, 93):
        low, high = wilson(np.linspace(0, n, 1001), n)
        assert widest(n) == pytest.approx((high - low).max(), abs=1e-6)
    assert widest(0) == 1
    assert widest(93) < 0.2 < widest(92)  # the documented least count


def test_cautious_f1_is_wilson_of_f1_as_a_share() -> None:
    assert cautious_f1(3, 0, 0) == pytest.approx(0.4385, abs=1e-4)
    low = proportion_confint(80, 90, method="wilson")[0]
    assert cautious_f1([80], [12], [8])[0] == pytest.approx(low)
    assert cautious_f1(0, 5, 0) == 0
    assert np.isnan(cautious_f1(0, 0, 0))


def test_effective_size_of_copies_is_the_number_of_originals() -> None:
    """Each patient's row copied eight times says nothing new."""
    generator = np.random.default_rng(3)
    originals = generator.random((4000, 2)) < [0.3, 0.05]
    copies = np.repeat(originals, 8, axis=0)
    patients = np.repeat(np.arange(4000), 8)
    assert effective_size(copies, patients) == pytest.approx([4000, 4000], rel=1e-3)


def test_effective_size_is_the_usual_design_effect() -> None:
    """Clusters of size m with correlation r: n / (1 + (m - 1) r) (Kish 1965)."""
    generator = np.random.default_rng(5)
    m, clusters, p, r = 5, 20_000, 0.2, 0.4
    # With probability sqrt(r) a row takes its patient's own value: pairs then correlate by r.
    own = generator.random(clusters) < p
    takes = generator.random((clusters, m)) < np.sqrt(r)
    rows = np.where(takes, own[:, None], generator.random((clusters, m)) < p)
    found = effective_size(rows.reshape(-1, 1), np.repeat(np.arange(clusters), m))
    assert found[0] == pytest.approx(clusters * m / (1 + (m - 1) * r), rel=0.03)


def test_effective_size_of_single_rows_and_edge_cases() -> None:
    flags = np.random.default_rng(1).random((3000, 1)) < 0.5
    assert effective_size(flags, np.arange(3000)) == pytest.approx([3000], rel=1e-3)
    # Rows without a patient are patients of their own.
    assert effective_size(flags, np.full(3000, -1)) == pytest.approx([3000], rel=1e-3)
    assert effective_size(np.ones((6, 1), dtype=bool), np.array([0, 0, 0, 1, 1, 1])) == [2]
    assert effective_size(np.ones((6, 1), dtype=bool), np.zeros(6, dtype=int)) == [1]
