import pytest

from lingula.text import find_sections, select_sections


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("FINIDNGS: Edema.\nIMPRSSION: Effusion.", "Edema.\nEffusion."),
        ("FINDIGNS\nSmall effusion.\n\nIMPRESION\nEdema.", "Small effusion.\nEdema."),
        ("TECHNIQUE: AP\nRESULT: Clear lungs.\nOPINION: Normal.", "Clear lungs.\nNormal."),
        ("CLINICAL DETAILS: ?pneumonia\nCONCLUSIONS:\nNo pneumonia.", "No pneumonia."),
        ("INDCATION: Pneumonia?\nREPORT: Small effusion.", "Small effusion."),
        ("Clinical notes: Fever.\nFindings: Clear.\nComment: Normal.", "Clear.\nNormal."),
        ("HISTORY: COPD.\nHeart - normal.\nLungs - clear.", "Heart - normal.\nLungs - clear."),
        ("COMPARISON: Effusion in May.\nFINDINGS:\n", ""),
        ("COMPARISON: None. The lungs are clear.", "The lungs are clear."),
        ("INDICATION: Cough.\nSEX: F\nDIAGNOSIS: Asthma.", ""),
    ],
)
def test_headers_as_people_write_them(text, chosen):
    assert select_sections(text).text == chosen


@pytest.mark.parametrize("line", ["Bindings: none", "Lungs: clear", "Filings: old", "Find it: x"])
def test_correct_words_are_no_misspelled_headers(line):
    assert [section.name for section in find_sections(f"{line}\nmore text here.")] == [""]
