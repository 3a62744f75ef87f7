import pytest

from lingula.labels import Label
from lingula.pipeline.remarks import Remark
from lingula.pipeline.task import ReadingOptions, label_texts
from lingula.rules import RuleLabeler

LABELER = RuleLabeler()
NAMES = LABELER.schema.names
BOTH = ReadingOptions(("findings", "impression"))


def labels_of(text, options=BOTH):
    result = label_texts(LABELER, [text], options, evidence=True)
    found = {name: Label(int(c)) for name, c in zip(NAMES, result.classes[0], strict=True) if c}
    for item in result.evidence[0]:
        assert text[item.start : item.end] == item.phrase
    return found, Remark(int(result.remarks[0])), result.evidence[0]


@pytest.mark.parametrize(
    "text",
    [
        "FINDINGS: Left pleural effusion.\nADDENDUM: On review there is no pleural effusion.",
        "ADDENDUM: On review there is no pleural effusion.\n\nFINAL REPORT\nFINDINGS: Left pleural "
        "effusion.\nIMPRESSION: Left pleural effusion.",
        "FINDINGS: Left pleural effusion.\nAMENDMENT: No pleural effusion.",
    ],
)
def test_an_addendum_wins(text):
    found, remark, evidence = labels_of(text)
    assert found["Pleural Effusion"] is Label.NEGATIVE
    assert remark == Remark.ADDENDUM
    assert any(item.rule.startswith("addendum / ") for item in evidence)


def test_what_an_addendum_finds_withdraws_no_finding():
    found, _, _ = labels_of("FINDINGS: Normal chest.\nADDENDUM: Right pneumothorax is present.")
    assert found["Pneumothorax"] is Label.POSITIVE
    assert "No Finding" not in found


def test_an_addendum_leaves_the_rest():
    found, _, _ = labels_of("FINDINGS: Edema. No effusion.\nADDENDUM: Discussed with the ward.")
    assert found["Edema"] is Label.POSITIVE
    assert found["Pleural Effusion"] is Label.NEGATIVE


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("INDICATION: Cough.\nLungs: Small effusion.", Remark(0)),
        ("EXAM: CXR\nRADIOLOGIST NOTE: Small left effusion is seen.", Remark.NO_WANTED_SECTION),
        ("TECHNIQUE: AP.\n\nThere is a small pleural effusion.", Remark.NO_WANTED_SECTION),
    ],
)  # fmt: skip
def test_what_stands_below_another_section_is_not_lost(text, remark):
    found, told, _ = labels_of(text)
    assert found["Pleural Effusion"] is Label.POSITIVE
    assert told == remark


def test_comparison_and_indication_are_labeled_on_request_only():
    text = "INDICATION: Edema.\nCOMPARISON: Left pleural effusion in May.\nFINDINGS:\nIMPRESSION:"
    assert not labels_of(text)[0]
    assert labels_of(text, ReadingOptions(("comparison",)))[0]["Pleural Effusion"]
