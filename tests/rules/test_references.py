"""Words that refer to a finding named before: which sentences are read together, what is said."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lingula
from lingula.labels import Label
from lingula.rules.anaphora import anaphors, echoes
from lingula.rules.matcher import Span
from lingula.rules.patterns import tokens_of
from lingula.rules.references import joined, may_refer
from lingula.text.sentences import split_sentences

LONGEST = 2_000


@pytest.fixture(scope="module")
def labeler():
    return lingula.load("rules")


def read_together(text):
    spans = joined(text, split_sentences(text), LONGEST)
    return [text[start:end] for start, end in spans]


def spans_of(tokens, *names):
    return [
        Span(at, at + 1, rule)
        for rule, name in enumerate(names)
        for at, token in enumerate(tokens)
        if token == name
    ]


def test_a_sentence_is_read_with_the_one_it_refers_to():
    text = "There is edema. It has resolved. Heart normal."
    assert read_together(text) == ["There is edema. It has resolved.", "Heart normal."]


@pytest.mark.parametrize(
    "text",
    [
        "There is edema. It is mild.",  # says nothing that changes what was said
        "The lungs are clear. The last rib is not shown.",
        "There is edema. The heart has not changed.",
    ],
)
def test_other_sentences_stay_apart(text):
    assert len(read_together(text)) == 2


def test_no_more_is_read_together_than_the_limit():
    text = "There is edema. It has resolved."
    assert len(joined(text, split_sentences(text), 20)) == 2


def test_ordinals_choose_among_the_findings_named():
    tokens = tokens_of("Edema and effusion. The former is stable; the latter has gone.")
    found = anaphors(tokens, sorted(spans_of(tokens, "edema", "effusion")))
    assert [item.stands_for[0].rule for item in found] == [0, 1]


def test_an_ordinal_needs_two_findings():
    tokens = tokens_of("Edema is seen. The latter has gone.")
    assert anaphors(tokens, spans_of(tokens, "edema")) == []


def test_an_echo_names_the_finding_before_it():
    tokens = tokens_of("The edema has cleared, as have the effusions.")
    edema, effusions = spans_of(tokens, "edema", "effusions")
    assert echoes(tokens, [edema, effusions]) == [(effusions, edema)]


@pytest.mark.parametrize(
    ("text", "observation", "label"),
    [
        ("There is a right effusion. It has resolved.", "Pleural Effusion", Label.NEGATIVE),
        ("There is a right effusion. It has not resolved.", "Pleural Effusion", Label.POSITIVE),
        ("An opacity. This is not clearly seen on the lateral.", "Lung Opacity", Label.POSITIVE),
        ("Effusions were noted. Neither has cleared.", "Pleural Effusion", Label.POSITIVE),
        ("Effusions were noted. Neither is seen today.", "Pleural Effusion", Label.NEGATIVE),
    ],
)  # fmt: skip
def test_what_is_said_of_the_words_is_said_of_the_finding(labeler, text, observation, label):
    classes = labeler.label([text]).classes[0]
    assert classes[labeler.schema.index(observation)] == label


def test_the_evidence_stands_at_the_finding_and_its_cue_where_it_is_denied(labeler):
    text = "There is a right effusion. It has resolved."
    evidence = labeler.label([text], evidence=True).evidence[0]
    item = next(item for item in evidence if item.observation == "Pleural Effusion")
    assert text[item.start : item.end] == "effusion"
    assert "resolved" in text[item.cue_start : item.cue_end]


SENTENCES = [
    "There is edema.", "It has resolved.", "Neither is seen.", "So has the effusion.",
    "The latter is unchanged.", "No pneumothorax.", "These have been removed.", "Old PICC.",
]  # fmt: skip


@given(st.lists(st.sampled_from(SENTENCES), max_size=6), st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_sentences_read_together_lose_and_repeat_nothing(sentences, noise):
    text = " ".join([*sentences, noise])
    spans = split_sentences(text)
    together = joined(text, spans, LONGEST)
    assert all(first[1] <= second[0] for first, second in pairwise(together))
    assert {place for span in spans for place in range(*span)} <= {
        place for span in together for place in range(*span)
    }
    if len(together) < len(spans):
        assert may_refer(text)


def test_a_report_alone_and_in_company_gets_the_same_labels(labeler):
    text = "Edema and effusions. The former has cleared; the latter have not."
    alone = labeler.label([text]).classes
    company = labeler.label(["There is edema.", text, "The latter have not."]).classes
    assert np.array_equal(alone[0], company[1])
