"""What a sentence inherits from the one before it, and what its evidence points at."""

from __future__ import annotations

import pytest

import lingula
from lingula.labels import Label


@pytest.fixture(scope="module")
def labeler():
    return lingula.load("rules")


def reasons(labeler, text):
    return {
        (item.observation, item.label, item.phrase)
        for item in labeler.label([text], evidence=True).evidence[0]
        if item.observation != "No Finding"
    }


def test_a_header_holds_until_the_next(labeler):
    text = "PLEURA: No effusion. No thickening. MEDIASTINUM: Normal. Calcified."
    assert ("Pleural Other", Label.NEGATIVE, "thickening") in reasons(labeler, text)
    assert not any(
        name == "Pleural Other" and phrase == "Calcified"
        for name, _, phrase in reasons(labeler, text)
    )


def test_a_header_ends_at_a_blank_line(labeler):
    assert not reasons(labeler, "PLEURA: Normal.\n\nThickening of the skin.")


def test_a_bare_answer_speaks_of_the_header(labeler):
    text = "TUBES: Interval removal of the nasogastric tube. None remain."
    found = reasons(labeler, text)
    assert ("Support Devices", Label.NEGATIVE, "None remain") in found
    assert all(label is Label.NEGATIVE for _, label, _ in found)


def test_history_is_no_finding_if_a_part_follows(labeler):
    text = "PMH: pneumonia. Rib fracture in 2012. CXR: no edema."
    assert reasons(labeler, text) == {("Edema", Label.NEGATIVE, "edema")}


def test_the_opening_of_a_list_holds_for_its_items(labeler):
    text = "No evidence of:\n- effusion\n- pneumothorax\nThe heart is enlarged."
    assert reasons(labeler, text) == {
        ("Pleural Effusion", Label.NEGATIVE, "effusion"),
        ("Pneumothorax", Label.NEGATIVE, "pneumothorax"),
        ("Cardiomegaly", Label.POSITIVE, "heart"),
    }


def test_the_same_sentence_under_the_same_header_gets_the_same_label(labeler):
    alone = labeler.label(["Pleura: thickening on the left."]).values
    after = labeler.label(["Pleura: no effusion. Thickening on the left."]).values
    at = labeler.schema.index("Pleural Other")
    assert alone[0, at] == after[0, at] == 1


def test_evidence_and_labels_agree_in_context(labeler):
    text = "Absent:\n1. Effusion\n2. Fracture\n\nDEVICES: None.\nLungs: shadow at the base."
    plain = labeler.label([text]).values
    assert (plain == labeler.label([text], evidence=True).values)[plain == plain].all()
