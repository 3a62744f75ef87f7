"""The tree of phrases: what it finds, whatever it was asked before."""

from __future__ import annotations

import numpy as np
import pytest

from lingula.rules.lexicon import load_lexicon
from lingula.rules.matcher import Matcher
from lingula.rules.patterns import tokens_of

LEXICON = load_lexicon("chexpert14")
SENTENCES = [tokens_of(item.text) for _, item in LEXICON.examples()]


@pytest.mark.parametrize("seed", [0, 1])
def test_finds_the_same_in_any_order(seed):
    fresh = Matcher(LEXICON)
    in_order = [fresh.scan(tokens) for tokens in SENTENCES]
    other = Matcher(LEXICON)
    found = {
        at: other.scan(SENTENCES[at])
        for at in np.random.default_rng(seed).permutation(len(SENTENCES)).tolist()
    }
    assert [found[at] for at in range(len(SENTENCES))] == in_order
    assert any(scan is not None for scan in in_order)


def test_finds_every_phrase_of_a_mention():
    matcher = Matcher(LEXICON)
    for number, mention in enumerate(LEXICON.mentions):
        for phrase in mention.phrases[:: max(1, len(mention.phrases) // 20)]:
            scan = matcher.scan(["the", *phrase.split(), "is"])
            assert scan is not None, phrase
            assert (1, 1 + len(phrase.split()), number) in scan.mentions, phrase
