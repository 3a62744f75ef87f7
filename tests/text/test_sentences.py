"""Sentence spans: what ends a sentence, what does not, and properties that hold for any text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.text.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t\r\n ", "1.", "2)", "1. 2. 3.", " - "])
def test_nothing_to_say(text: str) -> None:
    assert sentences(text) == []


ONE_SENTENCE = [
    "The nodule measures 1.4 cm in the right apex.",
    "A .5 cm nodule is unchanged.",
    "The tube ends 3 cm. above the carina.",
    "THE TUBE ENDS 3 CM. ABOVE THE CARINA.",
    "the tube ends 3 cm. above the carina.",
    "A 6 mm. nodule is new.",
    "A mass of 1. 4 cm is again seen.",  # a cleaning put the space there
    "A mass of 4.1 x 3.9 x 2.0 cm is again seen.",
    "Discussed with Dr. Ames at 3:45 p.m. by telephone.",
    "Discussed with Dr. ___ at 11:02 a.m. on ___.",
    "Discussed with Dr. XXXX at XXXX p.m. XXXX/XXXX.",
    "Discussed with Dr.[**Last Name (STitle) 41**] by phone.",
    "DISCUSSED WITH DR. AMES.",
    "Read by J. R. Osler.",
    "Read by Dr. A. B. Osler.",
    "Atelectasis vs. Pneumonia at the left base.",
    "Support devices, e.g. the PICC, are unchanged.",
    "Basal opacity, i.e. atelectasis.",
    "An approx. 2 cm cavity is seen.",
    "The valve is a St. Jude prosthesis.",
    "A No. 8 tracheostomy tube is in place.",
    "Rt. pleural effusion is larger.",
    "Prob. pneumonia at the left base.",
    "Compared with 12.05.2019 and 3/4/2020.",
    "Fracture of T8-9, T11/12 and ribs 3-5 on the left.",
    "The heart is large; the lungs are clear.",
    "?pneumonia at the right base.",
    "Opacity, ?atelectasis, at the base.",
    "Possibly... an infiltrate.",
    "Possibly… an infiltrate.",
    "Lines, tubes, etc., are unchanged.",
    "The heart is normal\nin size and\nshape.",
    "There is a small left\npleural effusion, decreased",
    "A catheter ends in the\nSVC with no\nPneumothorax.",
    "The lungs are clear and there is no\npleural effusion.",
    "There are fractures of ribs 3 and\n4.",
    "Seen with Dr.\nAmes.",
    "Pneumothorax:\nNone",
    "Lungs clear . .",
    ". Lungs clear.",
    "...",
    "!?",
    "See www.example.org for more.",
    "Small R. effusion and L. pneumothorax.",
    "The P.I.C.C. line is in place.",
    "Electronically signed by: J. Osler.",
    "A Ph.D. student of the U.S. navy.",
]


@pytest.mark.parametrize("text", ONE_SENTENCE)
def test_one_sentence(text: str) -> None:
    assert sentences(text) == [text]


MANY = {
    "plain": ("Heart size is normal. No effusion.", ["Heart size is normal.", "No effusion."]),
    "no last stop": ("Lungs clear. No effusion", ["Lungs clear.", "No effusion"]),
    "lower case": ("lungs clear. no effusion.", ["lungs clear.", "no effusion."]),
    "spaced stops": ("heart normal . tip 4 cm . no pneumothorax .",
                     ["heart normal .", "tip 4 cm .", "no pneumothorax ."]),
    "capitals": ("THE LUNGS ARE CLEAR. NO EFFUSION.", ["THE LUNGS ARE CLEAR.", "NO EFFUSION."]),
    "numbers": ("1. Edema. 2. Large heart.", ["Edema.", "Large heart."]),
    "parentheses": ("1) Edema. 2) Large heart.", ["Edema.", "Large heart."]),
    "both parentheses": ("(1) Edema. (2) Large heart.", ["Edema.", "Large heart."]),
    "letters": ("a) Edema. b) Large heart.", ["Edema.", "Large heart."]),
    "numbers, no stops": ("1. Edema 2. Large heart 3. No effusion",
                          ["Edema", "Large heart", "No effusion"]),
    "parentheses, no stops": ("1) Edema 2) Large heart", ["Edema", "Large heart"]),
    "list after a colon": ("Impression: 1. Edema 2. Large heart",
                           ["Impression:", "Edema", "Large heart"]),
    "list tight after a colon": ("Impression:1.Edema 2.Large heart",
                                 ["Impression:", "Edema", "Large heart"]),
    "ratio": ("The ratio is 2:1. The heart is large.",
              ["The ratio is 2:1.", "The heart is large."]),
    "rib in a list": ("1. Fracture of rib 2. Clear lungs. 2. Old granuloma.",
                      ["Fracture of rib 2.", "Clear lungs.", "Old granuloma."]),
    "number without space": ("1.No effusion.2.Large heart.", ["No effusion.", "Large heart."]),
    "number, two stops": ("1. No effusion.. 2. Large heart..", ["No effusion..", "Large heart.."]),
    "decimal opens an item": ("1. 1.4 cm nodule. 2. Scar.", ["1.4 cm nodule.", "Scar."]),
    "missing space": ("Opacity in the apex.There are scars.",
                      ["Opacity in the apex.", "There are scars."]),
    "missing space, capitals": ("CLEAR LUNGS.NO EFFUSION.", ["CLEAR LUNGS.", "NO EFFUSION."]),
    "missing space, lower case": ("small effusion.no pneumothorax.",
                                  ["small effusion.", "no pneumothorax."]),
    "mask begins": ("No effusion. XXXX lungs clear.", ["No effusion.", "XXXX lungs clear."]),
    "mask ends": ("Unchanged since XXXX. XXXX lungs are clear.",
                  ["Unchanged since XXXX.", "XXXX lungs are clear."]),
    "blanks": ("Compared to ___. ___ has been removed.",
               ["Compared to ___.", "___ has been removed."]),
    "stars": ("Compared to [**2101-2-3**]. [**Known**] is well.",
              ["Compared to [**2101-2-3**].", "[**Known**] is well."]),
    "after a.m.": ("Seen at 9 a.m. The tube is high.", ["Seen at 9 a.m.", "The tube is high."]),
    "after cm.": ("It measures 3 cm. The lungs are clear.",
                  ["It measures 3 cm.", "The lungs are clear."]),
    "after etc.": ("Lines, tubes, etc. The heart is large.",
                   ["Lines, tubes, etc.", "The heart is large."]),
    "no before a line end": ("Clear lungs. No\npneumothorax.",
                             ["Clear lungs.", "No\npneumothorax."]),
    "the answer no": ("Pneumothorax? No. Effusion? No.",
                      ["Pneumothorax? No.", "Effusion? No."]),
    "a query after a stop": ("Heart normal. ?fracture of the rib. Left base ? PNA.",
                             ["Heart normal.", "?fracture of the rib.", "Left base ? PNA."]),
    "vertebrae": ("Old fracture of T8. C5-C6. Disc disease at L1-2. Clear lungs.",
                  ["Old fracture of T8.", "C5-C6.", "Disc disease at L1-2.", "Clear lungs."]),
    "letters that end": ("Hepatitis C. Kerley B. Clear.", ["Hepatitis C.", "Kerley B.", "Clear."]),
    "words like st.": ("Clear chest. No acute disease.", ["Clear chest.", "No acute disease."]),
    "quotes": ('Read as "clear." The heart (as before.) is large.',
               ['Read as "clear."', "The heart (as before.)", "is large."]),
    "excitement": ("Call now! Large pneumothorax.", ["Call now!", "Large pneumothorax."]),
    "ellipsis": ("Unchanged... No effusion.", ["Unchanged...", "No effusion."]),
    "blank line": ("Lungs clear\n \nno effusion", ["Lungs clear", "no effusion"]),
    "blank line, Windows": ("Lungs clear\r\n\r\nno effusion", ["Lungs clear", "no effusion"]),
    "blank line, old Mac": ("Lungs clear\r\rno effusion", ["Lungs clear", "no effusion"]),
    "hyphens": ("- Lungs clear\n- no effusion", ["Lungs clear", "no effusion"]),
    "stars as bullets": ("* Lungs clear\n* no effusion", ["Lungs clear", "no effusion"]),
    "bullets": ("• Lungs clear • no effusion", ["Lungs clear", "no effusion"]),
    "list on lines": ("1. small effusion\n2. large heart", ["small effusion", "large heart"]),
    "labels": ("Lungs: clear\nHeart: large\nBones and soft tissues: normal",
               ["Lungs: clear", "Heart: large", "Bones and soft tissues: normal"]),
    "short lines": ("No pneumothorax\nHeart size normal\nLungs clear",
                    ["No pneumothorax", "Heart size normal", "Lungs clear"]),
    "short lines, capitals": ("LUNGS CLEAR\nNO EFFUSION\nHEART NORMAL",
                              ["LUNGS CLEAR", "NO EFFUSION", "HEART NORMAL"]),
    "short lines, no capitals": ("lungs clear\nno effusion", ["lungs clear", "no effusion"]),
    "long lines": (
        "There is a moderate left pleural effusion with adjacent atelectasis\nNo pneumothorax",
        ["There is a moderate left pleural effusion with adjacent atelectasis", "No pneumothorax"],
    ),
    "long line, capitals": (
        "HEART NORMAL\nNO PNEUMOTHORAX\nMODERATE LEFT PLEURAL EFFUSION WITH ATELECTASIS",
        ["HEART NORMAL", "NO PNEUMOTHORAX", "MODERATE LEFT PLEURAL EFFUSION WITH ATELECTASIS"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MANY.values(), ids=MANY.keys())
def test_many_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


REPORT = """\
There is a right internal jugular central venous catheter that ends in the SVC. The lungs are \
mildly hypoinflated, with streaky opacity at the left lung base, which may reflect atelectasis. \
The tip of the Swan-Ganz catheter is in the right pulmonary artery, and the left subclavian PICC \
line has been removed; XXXX heart is large. A nodule of 1.2 cm near rib 3 is new since Monday. \
There is no pneumothorax or effusion."""


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
@pytest.mark.parametrize("width", range(48, 100, 3))
@pytest.mark.parametrize("line_end", ["\n", "\r\n ", " \n\t"])
def test_hard_wrapping_changes_nothing(
    change: Callable[[str], str], width: int, line_end: str
) -> None:
    lines = textwrap.wrap(change(REPORT), width, break_on_hyphens=False)
    found = [" ".join(sentence.split()) for sentence in sentences(line_end.join(lines))]
    assert found == sentences(change(REPORT))
    assert len(found) == 5


def test_offsets_are_of_the_text_as_given() -> None:
    text = " \r\n 1. No effusion.\r\n\r\n\t2.Clear\u00a0lungs. "
    assert split_sentences(text) == [(7, 19), (26, 38)]
    assert sentences(text) == ["No effusion.", "Clear\u00a0lungs."]


PIECES = st.sampled_from(
    [
        *["No effusion", "The", "heart", "XXXX", "___", "[**Name**]", "Dr", "a.m", "cm", "No"],
        *["1", "2", "12", "3.4", ".", ". ", " .. ", "...", "…", "?", "!", ";", ":", ",", ")", '"'],
        *[
            "'",
            "(",
            " ",
            "  ",
            "\n",
            "\n\n",
            "\r\n",
            "\r",
            "\t",
            "- ",
            "* ",
            "• ",
            "1. ",
            "2) ",
            "(3) ",
        ],
        *["a) ", "T8-9", "C5-C6.", "é", "ß", "İ", "²", "٣", "\x00", "<br>", "Swan"],
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=200))
LEFT_OUT = re.compile(r"(?:\s|\(?\d{1,2}(?:\.\)?|\))|[a-h]\)|[-*–—•●▪◦‣])*")


@settings(max_examples=250, deadline=None)
@given(TEXTS)
def test_spans_of_any_text(text: str) -> None:
    spans = split_sentences(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert LEFT_OUT.fullmatch(text[position:start])
        position = end
    assert LEFT_OUT.fullmatch(text[position:])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(ONE_SENTENCE[:8]), min_size=1, max_size=6))
def test_known_sentences_come_back(parts: list[str]) -> None:
    assert sentences("\n\n".join(parts)) == parts


HOSTILE = [
    *(".", ". ", "...", "? ", '."', "1. ", "1.", "1) ", "x 2. ", ": 1. ", "No. ", "Dr. ", "cm. a "),
    *("\n", "\n\n ", "\r", "\r\n a", "\n \n", "a\n", "A\n", "AB\n", "Ab\n", "A\n \n", "\n."),
    *(" ", "a", "9", "- ", "a. ", ")", "(", "•", "x.Y", "lung.no ", "Aa, "),
]


@pytest.mark.parametrize("unit", HOSTILE, ids=repr)
def test_long_hostile_text(unit: str) -> None:
    # Work that grew with the square of the length would take many minutes here.
    text = "Lungs clear.\n" + unit * (60_000 // len(unit))
    spans = split_sentences(text)
    assert spans[0][0] == 0
    assert all(start < end for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
