"""Sentences in which another phrase takes a mention's place."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lingula.errors import RecipeError
from lingula.labels import Label
from lingula.rules import RuleLabeler
from lingula.training.data.augment.substitute import Substitution

RULES = RuleLabeler()
SENTENCES = [
    "No pneumothorax.",
    "Possible right basilar pneumonia.",
    "The heart size is normal.",
    "Stable cardiomegaly with a small left effusion.",
    "Pneumonia is unlikely.",
    "Bony structures are intact.",
]


def made(sentences, count, seed=0):
    return Substitution(RULES, sentences).make(count, np.random.default_rng(seed))


def test_every_observation_is_named_in_many_ways_and_in_every_state():
    texts = made(SENTENCES, 3000)
    classes = RULES.label(texts).classes
    for column, name in enumerate(RULES.schema.names):
        if name == "No Finding":
            continue
        for label in RULES.schema.observations[column].labels:
            assert (classes[:, column] == label).sum() >= 5, (name, label)
    assert len(set(texts)) > 1500


def test_only_the_mention_and_its_cue_change():
    for text in made(["No pneumothorax."], 200):
        assert text.endswith(".")
    whole = made(["The lungs are hyperexpanded with a possible pneumothorax at the apex."], 200)
    assert all(text.startswith("The lungs are hyperexpanded with a ") for text in whole)
    assert all(text.endswith(" at the apex.") for text in whole)
    cues = {text.removeprefix("The lungs are hyperexpanded with a ").split()[0] for text in whole}
    assert "possible" in cues and len(cues) > 10


def test_a_structure_gives_way_to_a_structure():
    for text in made(["The heart size is normal."], 100):
        assert text.endswith(" is normal.")
        assert not (RULES.label([text]).classes == Label.POSITIVE)[0, 1:].any(), text


def test_near_misses_look_like_mentions_and_are_none():
    making = Substitution(RULES, ["Small pleural effusion on the left."])
    texts = making.make(300, np.random.default_rng(0), near_misses=True)
    assert any("effusion" in text for text in texts)  # a joint's, say
    column = RULES.schema.index("Pleural Effusion")
    assert (RULES.label(texts).classes[:, column] == Label.BLANK).mean() > 0.9


def test_the_same_seed_makes_the_same_sentences():
    assert made(SENTENCES, 50, seed=3) == made(SENTENCES, 50, seed=3)
    assert made(SENTENCES, 50, seed=3) != made(SENTENCES, 50, seed=4)


def test_without_a_mention_nothing_can_be_made():
    assert made(["Comparison to the prior study."], 10) == []
    assert made([], 10) == []


def test_another_labeler_has_no_lexicon():
    class Other:
        schema = RULES.schema

        def label(self, texts, *, evidence=False):
            raise AssertionError

    with pytest.raises(RecipeError, match="rules"):
        Substitution(Other(), SENTENCES)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(SENTENCES) | st.text(max_size=40), max_size=5), st.integers(0, 99))
def test_any_text_is_taken(sentences, seed):
    texts = made(sentences, 20, seed)
    assert all(isinstance(text, str) for text in texts)
    RULES.label(texts)
