"""Every label has its reason, and every reason points into the text as given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lingula
from lingula.labels import Label

LABELER = lingula.load("rules")
OTHER = lingula.load("rules")

#: Pieces of reports and of anything else, joined at random.
PIECES = st.sampled_from(
    [
        "no ", "pneumothorax", "pleural effusion", "Possible ", "heart size is normal", ". ", "\n",
        "; ", " but ", ", ", "and ", "or ", "versus", "XXXX", "___", "[**Name**] ", "1. ", "  ",
        "cannot be excluded", "resolved", "İ", "ß", "\x00", "é", "😀", "mediastinum", "enlarged ",
        "(", ")", "tube ", "fracture ", "<b>", "NOT ",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_reasons_agree_with_labels_and_offsets(text):
    labels = LABELER.label([text], evidence=True)
    plain = LABELER.label([text])
    assert np.array_equal(labels.classes, plain.classes)
    said: dict[str, set[Label]] = {}
    for item in labels.evidence[0]:
        assert text[item.start : item.end] == item.phrase
        assert 0 <= item.start <= item.end <= len(text)
        if item.cue_start is not None:
            assert text[item.cue_start : item.cue_end] == item.cue
        assert item.rule
        said.setdefault(item.observation, set()).add(item.label)
    for name, label in zip(LABELER.schema.names, labels.classes[0], strict=True):
        if name == "No Finding":
            continue
        if label == Label.BLANK:
            assert name not in said
        else:
            assert Label(label) in said[name]


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_labels_do_not_depend_on_company(texts):
    together = LABELER.label(texts).classes
    alone = [OTHER.label([text]).classes[0] for text in reversed(texts)]
    assert np.array_equal(together, np.array(alone[::-1]).reshape(-1, 14))


def test_no_finding_names_what_blocks_it():
    labels = LABELER.label(["Lungs clear. Mild thoracic scoliosis."], evidence=True)
    (reason,) = [e for e in labels.evidence[0] if e.observation == "No Finding"]
    assert reason.label is Label.BLANK
    assert reason.phrase == "scoliosis"
    labels = LABELER.label(["Lungs clear. No scoliosis."], evidence=True)
    (reason,) = [e for e in labels.evidence[0] if e.observation == "No Finding"]
    assert reason.label is Label.POSITIVE


def test_cue_and_rule_are_named():
    labels = LABELER.label(["1. No evidence of\n pneumothorax."], evidence=True)
    reason = next(e for e in labels.evidence[0] if e.observation == "Pneumothorax")
    assert reason.phrase == "pneumothorax"
    assert reason.cue == "No evidence of"
    assert reason.label is Label.NEGATIVE


@pytest.mark.parametrize("text", [None, "", "  \n", float("nan")])
def test_missing_text_gets_blanks(text):
    labels = LABELER.label([text], evidence=True)
    assert not labels.classes.any()
    assert labels.evidence == ((),)


def test_a_number_is_no_report():
    with pytest.raises(lingula.InputError, match="int"):
        LABELER.label([7])


def test_hostile_sizes():
    labels = LABELER.label(["no effusion, " * 50_000, "a" * 1_000_000, ". " * 200_000])
    assert labels.values[0, labels.schema.index("Pleural Effusion")] == 0
