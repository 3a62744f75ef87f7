"""Sections: which headers count, where they begin and end, and what is selected."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.errors import InputError
from lingula.text.decoding import decode
from lingula.text.sections import (
    DEFAULT_SECTIONS,
    SECTION_NAMES,
    Section,
    find_sections,
    select_sections,
)
from lingula.text.sentences import split_sentences


def contents(text: str) -> list[tuple[str, str]]:
    return [(section.name, text[section.start : section.end]) for section in find_sections(text)]


CLEAR = "The lungs are clear."
NORMAL = "Normal chest."
BOTH = [("findings", CLEAR), ("impression", NORMAL)]

TWO_SECTIONS = {
    "own line": f"FINDINGS:\n{CLEAR}\n\nIMPRESSION:\n{NORMAL}",
    "in line": f"FINDINGS: {CLEAR} IMPRESSION: {NORMAL}",
    "no space": f"FINDINGS:{CLEAR}IMPRESSION:{NORMAL}",
    "no colon, own line": f"FINDINGS\n{CLEAR}\nIMPRESSION\n{NORMAL}",
    "no colon, capitalized": f"Findings\n{CLEAR}\n\nImpression\n{NORMAL}",
    "no colon, in line": f"FINDINGS {CLEAR}\nIMPRESSION {NORMAL}",
    "dash": f"FINDINGS - {CLEAR}\nIMPRESSION -- {NORMAL}",
    "space before colon": f"FINDINGS : {CLEAR}\nIMPRESSION : {NORMAL}",
    "lower case": f"findings: {CLEAR} impression: {NORMAL}",
    "capitalized": f"Findings: {CLEAR} Impression: {NORMAL}",
    "conclusion": f"FINDINGS: {CLEAR}\nCONCLUSION: {NORMAL}",
    "plural": f"FINDING: {CLEAR}\nCONCLUSIONS: {NORMAL}",
    "parenthesis": f"FINDINGS (2 views): {CLEAR}\nIMPRESSION (preliminary): {NORMAL}",
    "Markdown bold": f"**FINDINGS:** {CLEAR}\n\n**IMPRESSION:** {NORMAL}",
    "Markdown bold, colon outside": f"**Findings**: {CLEAR}\n\n**Impression**: {NORMAL}",
    "Markdown headings": f"## Findings\n\n{CLEAR}\n\n## Impression\n\n{NORMAL}",
    "Windows": f"FINDINGS:\r\n\r\n{CLEAR}\r\n\r\nIMPRESSION:\r\n{NORMAL}\r\n",
    "old Mac": f"FINDINGS:\r{CLEAR}\r\rIMPRESSION:\r{NORMAL}",
    "fullwidth colon": f"FINDINGS： {CLEAR}\nIMPRESSION： {NORMAL}",
}


@pytest.mark.parametrize("text", TWO_SECTIONS.values(), ids=TWO_SECTIONS.keys())
def test_findings_and_impression(text: str) -> None:
    assert contents(text) == BOTH
    assert select_sections(text).text == f"{CLEAR}\n{NORMAL}"


@pytest.mark.parametrize("header", [
    "FINDINGS AND IMPRESSION", "FINDINGS/IMPRESSION", "Findings / Impression",
    "FINDINGS & IMPRESSION", "IMPRESSION AND FINDINGS", "findings and  impression",
])  # fmt: skip
def test_combined(header: str) -> None:
    text = f"{header}: {CLEAR}"
    assert contents(text) == [("findings+impression", CLEAR)]
    for names in (["findings"], ["impression"], ["impression", "findings"]):
        assert select_sections(text, names).text == CLEAR


@pytest.mark.parametrize(("header", "name"), [
    ("INDICATION", "indication"), ("HISTORY", "indication"), ("CLINICAL INFORMATION", "indication"),
    ("Clinical History", "indication"), ("REASON FOR EXAM", "indication"),
    ("REASON FOR THIS EXAMINATION", "indication"), ("COMPARISON", "comparison"),
    ("COMPARISONS", "comparison"), ("REFERENCE EXAM", "comparison"), ("TECHNIQUE", "technique"),
    ("EXAMINATION", "examination"), ("EXAM", "examination"), ("STUDY", "examination"),
    ("RECOMMENDATION(S)", "recommendation"), ("RECOMMENDATIONS", "recommendation"),
    ("NOTIFICATION", "notification"), ("ADDENDUM", "addendum"), ("WET READ", "wet read"),
])  # fmt: skip
def test_other_headers(header: str, name: str) -> None:
    text = f"{header}: Something is said here.\n\nFINDINGS: {CLEAR}"
    assert contents(text) == [(name, "Something is said here."), ("findings", CLEAR)]
    assert select_sections(text).text == CLEAR
    assert select_sections(text, [name]).text == "Something is said here."


@pytest.mark.parametrize("text", [
    CLEAR,
    "Findings are unchanged. Impression of the carina is seen.",
    "FINDINGS ARE UNCHANGED.\nIMPRESSION OF THE AORTA ON THE ESOPHAGUS.",
    "FINDINGS are unchanged.\nCOMPARISON with the lateral view is needed.",
    "HISTORY OF LUNG CANCER WITH A NODULE.",
    "The following findings: nodule and scar.",
    "There is no acute cardiopulmonary\nfindings",
    "THERE ARE NO ACUTE CARDIOPULMONARY\nFINDINGS",
    "Seen at 3:45 p.m.: unchanged.",
    "Ratio 2:1, heart: normal, lungs: clear.",
    "No prior study is available for comparison.",
    "A study: the heart is large.",
])  # fmt: skip
def test_no_header(text: str) -> None:
    assert contents(text) == [("", text)]
    selection = select_sections(text)
    assert selection.text is text
    assert [selection.to_source(i) for i in range(len(text) + 1)] == list(range(len(text) + 1))


def test_chest_findings_impression_in_one_line() -> None:
    text = f"CHEST: FINDINGS: {CLEAR} IMPRESSION: 1. {NORMAL} 2. Old scar."
    assert [pair for pair in contents(text) if pair[1]] == [
        ("findings", CLEAR),
        ("impression", f"1. {NORMAL} 2. Old scar."),
    ]


MIMIC = """\
                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)
 
 INDICATION:  ___ year old woman with fever and cough  // r/o pneumonia
 
 TECHNIQUE:  Two upright views
 
 COMPARISON:  ___
 
 FINDINGS: 
 
 Both lungs are aerated to the bases. There is no airspace consolidation,
 effusion or pneumothorax.
 
 Heart and mediastinum are of ordinary size.
 
 IMPRESSION: 
 
 Nothing suggests pneumonia.
"""  # noqa: W291, W293


def test_mimic_form() -> None:
    assert contents(MIMIC) == [
        ("examination", "CHEST (PA AND LAT)"),
        ("indication", "___ year old woman with fever and cough  // r/o pneumonia"),
        ("technique", "Two upright views"),
        ("comparison", "___"),
        (
            "findings",
            "Both lungs are aerated to the bases. There is no airspace consolidation,\n"
            " effusion or pneumothorax.\n \n Heart and mediastinum are of ordinary size.",
        ),
        ("impression", "Nothing suggests pneumonia."),
    ]
    selection = select_sections(MIMIC)
    found = [
        MIMIC[selection.to_source(start) : selection.to_source(end)]
        for start, end in split_sentences(selection.text)
    ]
    assert [" ".join(sentence.split()) for sentence in found] == [
        "Both lungs are aerated to the bases.",
        "There is no airspace consolidation, effusion or pneumothorax.",
        "Heart and mediastinum are of ordinary size.",
        "Nothing suggests pneumonia.",
    ]


BODY = "Mild edema has improved. There is no\n pneumothorax."


@pytest.mark.parametrize("before", [
    " FINAL REPORT\n CHEST RADIOGRAPH, ___\n \n HISTORY:  Cough.\n \n COMPARISON:  ___.\n \n ",
    " FINAL REPORT\n ONE FRONTAL VIEW OF THE CHEST\n \n REASON FOR EXAM: Line placed.\n \n ",
    " FINAL REPORT\n REASON FOR EXAM: Line placed.\n ONE FRONTAL VIEW OF THE CHEST\n ",
    " FINAL REPORT\n HISTORY: Cough.\n\n PORTABLE AP CHEST RADIOGRAPH, ___ AT 5:42 A.M.:  ",
    "COMPARISON: ___.\n\nTECHNIQUE:\n\nPA and lateral views.\n\n",
    "FINAL REPORT\n",
    "",
])  # fmt: skip
@pytest.mark.parametrize(
    "after", ["", "\n\nNOTIFICATION: Dr. ___ was told.", "\n ________________\n"]
)
def test_text_without_a_header_is_the_body(before: str, after: str) -> None:
    text = before + BODY + after
    assert select_sections(text).text.rstrip("_ \n") == BODY
    assert select_sections(text, ["impression"]).text.rstrip("_ \n") == BODY


def test_body_stands_for_missing_findings_only() -> None:
    text = f"HISTORY: Cough.\n\n{BODY}\n\nIMPRESSION: {NORMAL}"
    assert select_sections(text).text == f"{BODY}\n{NORMAL}"
    assert select_sections(text, ["impression"]).text == NORMAL
    text = f"HISTORY: Cough.\n\nPlease rule out edema.\n\nFINDINGS: {CLEAR}"
    assert select_sections(text).text == CLEAR


def test_text_before_an_impression_is_read_though_an_addendum_has_findings() -> None:
    text = f"{CLEAR}\nIMPRESSION: {NORMAL}\nADDENDUM: Again.\nFINDINGS: A nodule."
    assert select_sections(text).text == f"{CLEAR}\n{NORMAL}\nA nodule."
    assert select_sections(text, ["impression"]).text == NORMAL


def test_wet_read_is_not_the_final_report() -> None:
    wet = "WET READ: ___ ___ ___ 7:08 PM\n  Large effusion.\n ____________________________\n"
    text = f"{wet}   FINAL REPORT\n HISTORY: Cough.\n \n IMPRESSION:  {NORMAL}\n"
    assert contents(text) == [
        ("wet read", "Large effusion."), ("indication", "Cough."), ("impression", NORMAL),
    ]  # fmt: skip
    assert select_sections(text).text == NORMAL
    assert select_sections(wet).text == "Large effusion."


def test_addendum_repeats_are_all_taken_in_order() -> None:
    text = (
        f"FINDINGS: {CLEAR}\nIMPRESSION: {NORMAL}\n\nADDENDUM: Read again.\n\n"
        "FINDINGS: A small nodule.\nIMPRESSION: Nodule."
    )
    assert select_sections(text).text == f"{CLEAR}\n{NORMAL}\nA small nodule.\nNodule."
    assert select_sections(text, ["impression"]).text == f"{NORMAL}\nNodule."
    assert select_sections(text, ["addendum"]).text == "Read again."


def test_the_other_reading_section_fills_in() -> None:
    assert select_sections(f"FINDINGS: {CLEAR}", ["impression"]).text == CLEAR
    assert select_sections(f"IMPRESSION: {NORMAL}", ["findings"]).text == NORMAL
    assert select_sections(f"FINDINGS:\n\nIMPRESSION: {NORMAL}", ["findings"]).text == NORMAL


def test_reading_inside_the_comparison() -> None:
    assert select_sections("COMPARISON: None. The lungs are clear.").text.endswith(CLEAR)


@pytest.mark.parametrize("text", [
    "", "  \n ", "INDICATION: Pneumonia, effusion?", "FINDINGS:\n\nIMPRESSION:\n", "FINAL REPORT\n",
    "PORTABLE CHEST RADIOGRAPH\n\nHISTORY: Pneumothorax.",
])  # fmt: skip
def test_nothing_to_label(text: str) -> None:
    selection = select_sections(text)
    assert not selection.text.strip()
    assert selection.to_source(0) == 0


def test_an_absent_side_section_is_empty() -> None:
    assert select_sections(f"FINDINGS: {CLEAR}", ["indication"]).text == ""
    assert select_sections(CLEAR, ["comparison"]).text == ""


def test_pieces_without_a_full_stop_do_not_run_together() -> None:
    selection = select_sections("FINDINGS: SMALL EFFUSION\nIMPRESSION: NO PNEUMOTHORAX")
    assert selection.text == "SMALL EFFUSION\n\nNO PNEUMOTHORAX"
    assert len(split_sentences(selection.text)) == 2


def test_section_in_detail() -> None:
    text = "HISTORY: Cough.\n IMPRESSION:   Normal.\n"
    assert find_sections(text) == [
        Section("indication", 0, 9, 15),
        Section("impression", 17, 31, 38),
    ]
    with pytest.raises(FrozenInstanceError):
        find_sections(text)[0].name = "x"  # type: ignore[misc]


def test_offsets_outside_the_selection() -> None:
    selection = select_sections(f"IMPRESSION: {NORMAL}")
    assert selection.to_source(0) == 12
    assert selection.to_source(len(selection.text)) == 12 + len(NORMAL)
    for offset in (-1, len(selection.text) + 1):
        with pytest.raises(ValueError, match="outside"):
            selection.to_source(offset)


def test_names() -> None:
    text = f"HISTORY: Cough.\nCONCLUSION: {NORMAL}"
    assert select_sections(text, ["CONCLUSION"]).text == NORMAL
    assert select_sections(text, [" History "]).text == "Cough."
    assert select_sections(text, ["findings+impression"]).text == NORMAL
    assert set(DEFAULT_SECTIONS) < set(SECTION_NAMES)
    with pytest.raises(InputError, match="no section 'finding s': name some of findings, imp"):
        select_sections(text, ["finding s"])
    with pytest.raises(InputError, match="no section is named"):
        select_sections(text, [])


PARTS = st.sampled_from([
    "FINDINGS", "Findings", "impression", "IMPRESSION", "HISTORY", "COMPARISON", "WET READ", "EXAM",
    "ADDENDUM", "FINAL REPORT", "AND", "/", ":", ": ", " :", "：", "\n", "\n\n", "\r\n", "\r", " ",
    "\t", "No effusion.", "the lungs", "CHEST", "___", "______", "**", "##", "(", ")", "1. ",
    "7:08 PM", "PORTABLE CHEST", "É", "İ", "\x00", "-", ".",
])  # fmt: skip
TEXTS = st.one_of(st.lists(PARTS, max_size=30).map("".join), st.text(max_size=200))


@settings(max_examples=250, deadline=None)
@given(TEXTS)
def test_sections_of_any_text(text: str) -> None:
    position = 0
    for section in find_sections(text):
        assert section.name in ("", "findings+impression", *SECTION_NAMES)
        assert position <= section.header_start <= section.start <= section.end <= len(text)
        content = text[section.start : section.end]
        assert content == content.strip()
        assert content or section.name
        position = section.end


@settings(max_examples=250, deadline=None)
@given(TEXTS, st.sets(st.sampled_from(SECTION_NAMES), min_size=1))
def test_selection_of_any_text(text: str, names: set[str]) -> None:
    selection = select_sections(text, sorted(names))
    assert 0 <= selection.to_source(len(selection.text)) <= len(text)
    plain = decode(text).whole
    for piece in selection.pieces:
        assert piece.length > 0 or selection.text == ""
        assert selection.to_source(piece.offset) == piece.start
        assert selection.span(piece.offset, piece.offset + piece.length) == (piece.start, piece.end)
        if plain:
            written = text[piece.start : piece.end]
            assert selection.text[piece.offset : piece.offset + piece.length] == written
    if plain:
        assert sum(len(part) for part in selection.text.split()) == sum(
            len(part)
            for piece in selection.pieces
            for part in text[piece.start : piece.end].split()
        )


HOSTILE = [
    *(":", " :", "a:", "\n", "\n ", "\r", "\r\n", " ", "(", "**", "_\n", "-----\n", "\n#", "\x00"),
    *("FINDINGS:", "FINDINGS\n", "FINDINGS ", "FINDINGS:\n\nx. y\n\n", "\nFINDINGS (", "FINAL "),
    *("COMPARISON: a\n\nThe b c.\n\n", "CHEST:\n", "CHEST\n", "WET READ: ", "WET READ VERSION\n"),
    *("Findings: ", "findings: ", "A", "a b c d e: "),
]


@pytest.mark.parametrize("unit", HOSTILE, ids=repr)
def test_long_hostile_text(unit: str) -> None:
    # Work that grew with the square of the length would take many minutes here.
    text = "FINDINGS: Lungs clear.\n" + unit * (60_000 // len(unit))
    assert select_sections(text).text.startswith("Lungs clear.")
