"""Matching generated reports to references, or saying why that fails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingula.errors import InputError
from lingula.score import find_conventions
from lingula.score.pairing import Side, dropped_note, kept_rows, pair_rows

ids = st.lists(st.text(max_size=3), unique=True, min_size=1, max_size=20)
STRICT, DROPPING = find_conventions("f1chexbert"), find_conventions("cvt2distilgpt2")


def sides(first, second, names=("ref.csv", "gen.csv")):
    return (Side(name, np.array(x, object)) for name, x in zip(names, (first, second), strict=True))


@given(ids, st.randoms(use_true_random=False))
def test_shuffled_ids_meet_again(names, random):
    other = list(names)
    random.shuffle(other)
    pairs = pair_rows(*sides(names, other), STRICT)
    assert [names[i] for i in pairs.references] == names
    assert [other[i] for i in pairs.generated] == names
    assert pairs.dropped == 0


def test_unmatched_ids_are_named_with_their_file():
    with pytest.raises(InputError) as error:
        pair_rows(*sides(["a", "b", "c", "d", "e"], ["a", "z"]), STRICT)
    message = str(error.value)
    assert "4 ids are only in ref.csv: 'b', 'c', 'd' and 1 more" in message
    assert "1 id is only in gen.csv: 'z'" in message
    assert "Every reference needs its generated report" in message


@pytest.mark.parametrize("given", [(["a", "a"], ["a"]), (["a"], ["a", "a"])])
def test_duplicates_are_an_error(given):
    with pytest.raises(InputError, match=r"csv: 1 id is more than once: 'a'.*cvt2distilgpt2"):
        pair_rows(*sides(*given), STRICT)


def test_the_first_of_duplicates_counts_if_every_convention_drops_them():
    both = (["b", "a", "b"], ["a", "b", "b", "b"])
    pairs = pair_rows(*sides(*both), DROPPING)
    assert pairs.references.tolist() == [0, 1]
    assert pairs.generated.tolist() == [1, 0]
    assert pairs.dropped == 2
    with pytest.raises(InputError):
        pair_rows(*sides(*both), [*DROPPING, *STRICT])


def test_row_order():
    three = (["x", "y", "z"], ["z", "y", "x"])
    assert pair_rows(*sides(*three), STRICT, by_row_order=True).generated.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match=r"r has 3 rows, g has 2"):
        pair_rows(*sides(three[0], ["a", "b"], ("r", "g")), STRICT, by_row_order=True)
    pairs = pair_rows(*sides(["a", "b", "a"], three[1]), DROPPING, by_row_order=True)
    assert pairs.references.tolist() == [0, 1]
    assert pairs.dropped == 1


def test_many_duplicates_are_counted():
    with pytest.raises(InputError, match="4 ids are more than once: '0', '1', '2' and 1 more"):
        kept_rows(Side("x", np.array([*"0123", *"0123"], object)), STRICT)
    assert dropped_note(1).startswith("1 report with")
    assert dropped_note(2).startswith("2 reports with")
