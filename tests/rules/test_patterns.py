"""The phrase notation and the tokens that phrases and sentences share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingula.rules.patterns import MOST_PHRASES, TOKEN, expand, token_spans, tokens_of


@pytest.mark.parametrize(
    ("pattern", "phrases"),
    [
        ("edema", ["edema"]),
        ("effusion{|s}", ["effusion", "effusions"]),
        ("[pleural] effusion", ["effusion", "pleural effusion"]),
        ("{left|right} {base|apex}", ["left base", "left apex", "right base", "right apex"]),
        ("a [b [c]] d", ["a d", "a b d", "a b c d"]),
        ("Air-Space", ["air space"]),
        ("T8/T9", ["t 8 t 9"]),
        ("[big|small] mass", ["mass", "big mass", "small mass"]),
    ],
)
def test_expand(pattern, phrases):
    assert expand(pattern) == phrases


@pytest.mark.parametrize("pattern", ["{a|b", "[a", "a}", "a]", "a|b", "", "[a]", "{|a}", "{a]"])
def test_expand_refuses(pattern):
    with pytest.raises(ValueError, match="pattern"):
        expand(pattern)


def test_expand_refuses_floods():
    with pytest.raises(ValueError, match=str(MOST_PHRASES)):
        expand("{a|b|c|d|e|f|g|h|i|j}" * 5)


@given(st.lists(st.text(alphabet="ab cd ", min_size=1), min_size=1, max_size=4))
def test_plain_words_are_the_tokens_of_each_phrase(parts):
    phrases = list(dict.fromkeys(" ".join(tokens_of(f"a {part} b")) for part in parts))
    assert expand(f"a {{{'|'.join(parts)}}} b") == phrases


@given(st.text())
def test_one_token_a_span(text):
    spans = list(token_spans(text))
    assert all(TOKEN.fullmatch(text[a:b]) or text[a:b] for a, b in spans)
    words = [text[a:b].lower() for a, b in spans]
    assert tokens_of(text) == ["and" if word == "&" else word for word in words]
