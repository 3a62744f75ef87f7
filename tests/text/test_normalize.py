"""The key for duplicates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingula.text import normal_form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \r\n\t ", ""),
        ("No  Effusion.\n", "no effusion."),
        ("THE LUNGS\r\n ARE\u00a0CLEAR", "the lungs are clear"),
        ("No effusion", "no effusion"),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normal_form(text) == expected


@given(st.lists(st.sampled_from("aB. \t\n\u00a0é"), max_size=30).map("".join))
def test_once_is_enough(text: str) -> None:
    once = normal_form(text)
    assert normal_form(once) == once
    assert once.split() == [word.lower() for word in text.split()]
