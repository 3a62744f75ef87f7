"""Matching generated reports to references, or saying why that fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingula.errors import InputError
from lingula.score.pairing import check_unique, dropped_note, pair_by_id, pair_by_row

ids = st.lists(st.text(max_size=3), unique=True, min_size=1, max_size=20)


@given(ids, st.randoms(use_true_random=False))
def test_shuffled_ids_meet_again(names, random):
    other = list(names)
    random.shuffle(other)
    pairs = pair_by_id(names, other)
    assert [names[i] for i in pairs.references] == names
    assert [other[i] for i in pairs.generated] == names
    assert pairs.dropped == 0


def test_unmatched_ids_are_named_with_their_file():
    with pytest.raises(InputError) as error:
        pair_by_id(["a", "b", "c", "d", "e"], ["a", "z"], names=("ref.csv", "gen.csv"))
    message = str(error.value)
    assert "4 ids are in ref.csv only: 'b', 'c', 'd' and 1 more" in message
    assert "1 id is in gen.csv only: 'z'" in message


@pytest.mark.parametrize("sides", [(["a", "a"], ["a"]), (["a"], ["a", "a"])])
def test_duplicates_are_an_error(sides):
    with pytest.raises(InputError, match=r"1 id is more than once in .*: 'a'.*cvt2distilgpt2"):
        pair_by_id(*sides)


def test_the_first_of_duplicates_counts_if_asked():
    pairs = pair_by_id(["b", "a", "b"], ["a", "b", "b", "b"], drop_duplicates=True)
    assert pairs.references.tolist() == [0, 1]
    assert pairs.generated.tolist() == [1, 0]
    assert pairs.dropped == 2


def test_row_order():
    assert pair_by_row(3, 3).generated.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="r have 3 rows, g have 2"):
        pair_by_row(3, 2, names=("r", "g"))
    pairs = pair_by_row(3, 3, ["a", "b", "a"], drop_duplicates=True)
    assert pairs.references.tolist() == [0, 1]
    assert pairs.dropped == 1


def test_many_duplicates_are_counted():
    with pytest.raises(InputError, match="4 ids are more than once in x: '0', '1', '2' and 1 more"):
        check_unique([*"0123", *"0123"], "x")
    assert dropped_note(1).startswith("1 report with")
    assert dropped_note(2).startswith("2 reports with")
