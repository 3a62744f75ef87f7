import pytest

from lingula.labels import Label
from lingula.rules import RuleLabeler
from lingula.text.content import (
    placeholder,
    reads_as_elsewhere,
    reads_as_english,
    reads_as_report,
    states_normality,
)

LABELER = RuleLabeler()
NO_FINDING = LABELER.schema.index("No Finding")


@pytest.mark.parametrize(
    "cell",
    [
        *("NA", "n/a", "N.A.", "nan", "None", "null", "-", "---", "___", "?", "[no report]"),
        *("No report.", "to be dictated", "(not available)", "NULL\n\nNA", "Report pending"),
        *("Nil", "<NA>", "#N/A", "*** NO REPORT AVAILABLE ***"),
    ],
)
def test_cells_that_hold_no_report(cell):
    assert placeholder(cell)


@pytest.mark.parametrize(
    "cell",
    ["Normal", "No effusion", "No change.", "NAD", "N", "NA\n\nNo effusion.", "Clear"],
)
def test_short_reports_are_reports(cell):
    assert placeholder(cell) is None


@pytest.mark.parametrize(
    "text",
    [
        "Kein Pneumothorax.",
        "Kein Erguss, keine Stauung. Herz nicht vergrößert.",
        "Pas d'épanchement pleural.",
        "Pas de pneumothorax. Silhouette cardiaque normale.",
        "Sin derrame pleural ni neumotórax.",
        "No se observa derrame pleural.",
        "Não há derrame pleural.",
        "Nessun versamento pleurico. Cuore nei limiti.",
        "Ingen pleuravätska. Hjärta normalt.",
        "Geen pleuravocht, geen pneumothorax.",
        "Plevral efüzyon yok.",
        "Сердце не расширено.",
        "未见异常",
        "لا يوجد استرواح الصدر",
    ],
)
def test_other_languages_are_known(text):
    assert not reads_as_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Bibasilar ATX, no PNA.",
        "No PTX. ETT 3 cm above carina.",
        "CXR: NAD.",
        "XXXX XXXX pneumonia",
        "PAs prominent.",
        "Ménière's disease known. No effusion.",
        "Consolidaton RLL, efusion.",
        "1. Cardiomegaly 2. COPD",
        "x",
        "",
    ],
)
def test_english_is_english_however_short(text):
    assert reads_as_english(text)


@pytest.mark.parametrize("text", ["hello world", "Aortic dissection", "MRI of the knee", "12345"])
def test_no_finding_needs_a_report_on_a_chest(text):
    assert not reads_as_report(text)
    labels = LABELER.label([text], evidence=True)
    assert not labels.classes.any()
    assert all(item.label is Label.BLANK for item in labels.evidence[0])


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("Knee radiograph: small joint effusion, no fracture.", True),
        ("EXAM: MRI of the brain. No acute infarct.", True),
        ("CT head: normal.", True),
        ("Kein Pneumothorax.", True),
        ("CT abdomen: lung bases are clear.", False),
        ("Left shoulder film: rib fracture.", False),
        ("Normal knee film was seen before this chest film.", False),
        ("No acute disease. CT of the head is advised.", False),
        ("No PTX. ETT ok.", False),
    ],
)
def test_what_is_said_of_another_part_says_nothing_of_a_chest(text, elsewhere):
    assert reads_as_elsewhere(text) == elsewhere
    if elsewhere:
        assert not LABELER.label([text]).classes.any()


@pytest.mark.parametrize("text", ["Normal.", "Unremarkable.", "No acute disease.", "NAD"])
def test_a_statement_of_normality_is_a_reason(text):
    assert states_normality(text)
    assert LABELER.label([text]).classes[0][NO_FINDING] == Label.POSITIVE


def test_evidence_says_that_nothing_was_recognized():
    labels = LABELER.label(["Portable chest film, one view.", "Lnugs and cheest."], evidence=True)
    assert labels.classes[0][NO_FINDING] == Label.POSITIVE
    (item,) = labels.evidence[0]
    assert item.rule == "no finding / nothing was recognized"
