import html

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lingula.labels import Label
from lingula.rules import RuleLabeler
from lingula.strata import find_strata
from lingula.text import decode, find_sections, select_sections

LABELER = RuleLabeler()


@pytest.mark.parametrize(
    ("given_text", "meant"),
    [
        ("pneumothorax &amp; effusion", "pneumothorax & effusion"),
        ("&lt;3 cm &#39;nodule&#39; &gt;", "<3 cm 'nodule' >"),
        ("no&nbsp;effusion&#x0D;&#10;clear", "no effusion\r\nclear"),
        ("a &amp;amp; b &amp;lt;br&amp;gt; c", "a & b \n c"),
        (r"FINDINGS:\nClear.\r\nIMPRESSION:\tNone.", "FINDINGS:\nClear.\nIMPRESSION:\tNone."),
        ("Clear.<br/>No effusion.<BR>Normal.", "Clear.\nNo effusion.\nNormal."),
        ('<p class="x">No <b>pneumo</b>thorax</p>', "\nNo pneumothorax\n"),
        ("<style>p { color: red }</style>Clear.", "\nClear."),
        (r"Clear.\.br\No effusion. A\T\B", "Clear.\nNo effusion. A&B"),
        ("Clear._x000D_\nNormal.", "Clear.\n\nNormal."),
        ("FINDINGS:~No effusion.~Heart normal.", "FINDINGS:\nNo effusion.\nHeart normal."),
        (r"No effusion.\par Clear.\t\t-", "No effusion.\nClear.\t\t-"),
        (
            '{"findings": "Clear.", "impression": "Normal."}',
            '{"findings": "Clear.\nimpression": "Normal."}',
        ),
        ("Heart normal *No effusion", "Heart normal\nNo effusion"),
        ("no\u00a0effu\u00adsion\u200b \u2009here\ufeff", "no effusion  here"),
        ("e\ufb00usion, in\ufb01ltrate", "effusion, infiltrate"),
        ("can\u2019t exclude \u201ceffusion\u201d", 'can\'t exclude "effusion"'),
        ("canâ€™t exclude; 5Â\u00a0cm; CafÃ©; 37Â°", "can't exclude; 5 cm; Café; 37°"),
        ("Lungs clear\x0bHeart\x00 normal", "Lungs clear\nHeart  normal"),
        (
            r"{\rtf1{\fonttbl{\f0 Arial;}}\b FINDINGS:\b0\par No effusion\'2e {\*\x y}\u8217?s}",
            "FINDINGS:\nNo effusion. 's",
        ),
    ],
)
def test_what_was_meant(given_text, meant):
    assert decode(given_text).text == meant


@pytest.mark.parametrize(
    "text",
    [
        "A nodule <3 cm, >2 mm & a T&C; R&D; AT&T",
        r"See C:\new\reports and \\server\notes",
        "Âge, ça, naïve, Ménière; Ångström",
        "About ~3 cm, ~Tuesday; [**Name**] *** x*Y",
        "x < y > z; <see note>; a<b",
        "Ordinary text.\r\nWith lines.\n\n- and -- dashes – —",
    ],
)
def test_what_is_left_as_it_is(text):
    assert decode(text).text == text
    assert decode(text).whole


PARTS = st.sampled_from(
    [
        *(
            "&amp;",
            "&lt;br&gt;",
            "<br>",
            "\\n",
            "\\r\\n",
            "\u00a0",
            "\u00ad",
            "\ufb00",
            "â€™",
            "Ã©",
        ),
        *("_x000D_", "\\.br\\", "<b>", "</b>", "&#39;", "&", "<", "\\", ";", "\u200b", "{", "}"),
        *("No effusion. ", "Small left pneumothorax", "FINDINGS: ", "\nIMPRESSION: ", "edema", " "),
        *("\\par ", "\\'e9", "{\\rtf1 ", "{\\fonttbl x}", "pneu", "mothorax", "\r\n"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=25).map("".join))
# As long as what it came from, twice changed on the way.
@example("{\\rtf1 \\.br\\\ufb00")
def test_offsets_lead_back_into_any_text(text):
    reading = decode(text)
    assert (
        decode(reading.text).whole
        or decode(reading.text).text == decode(decode(reading.text).text).text
    )
    last = 0
    for at in range(len(reading.text)):
        start, end = reading.span(at, at + 1)
        assert 0 <= last <= start <= end <= len(text)
        last = start
        if end - start == 1 and reading.text[at].isalpha() and text[start].isascii():
            assert text[start] == reading.text[at]
    for piece in reading.pieces:
        assert (piece.length > 0 or not text) and piece.end >= piece.start
    for section in find_sections(text):
        assert 0 <= section.header_start <= section.start <= section.end <= len(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(PARTS, max_size=20).map("".join))
def test_evidence_points_at_the_words_as_given(text):
    for labels in (LABELER.label([text], evidence=True),):
        for item in labels.evidence[0]:
            assert text[item.start : item.end] == item.phrase
            if item.cue_start is not None:
                assert text[item.cue_start : item.cue_end] == item.cue
    for item in find_strata([text], evidence=True).evidence[0]:
        assert text[item.start : item.end] == item.phrase


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**20))
def test_entities_change_no_label(seed):
    text = "FINDINGS: Small left effusion & edema. No pneumothorax, no opacity > 1 cm.\nClear."
    choices = [html.escape, lambda x: x.replace(" ", "\u00a0"), lambda x: x.replace("\n", "\\n")]
    choices += [lambda x: x.replace("\n", "<br/>"), lambda x: x.replace("ff", "\ufb00")]
    changed = text
    for position, change in enumerate(choices):
        if seed >> position & 1:
            changed = change(changed)
    wanted = LABELER.label([select_sections(text).text])
    found = LABELER.label([select_sections(changed).text])
    assert (wanted.classes == found.classes).all()


def test_the_semicolon_of_an_entity_ends_no_clause():
    labels = LABELER.label(["No focal consolidation, pneumothorax &amp; effusion."])
    assert labels.classes[0][labels.schema.index("Pleural Effusion")] == Label.NEGATIVE


def test_a_ligature_is_evidence_as_written_and_as_read():
    (item,) = [
        item
        for item in LABELER.label(["Left e\ufb00usion."], evidence=True).evidence[0]
        if item.observation == "Pleural Effusion"
    ]
    assert (item.phrase, item.read) == ("e\ufb00usion", "effusion")


def test_mojibake_is_undone_as_ftfy_does():
    ftfy = pytest.importorskip("ftfy")
    for text in ("naïve café", "5 × 3 cm", "can’t “exclude” — edema", "37°, ±2, µm", "Größe"):
        broken = text.encode().decode("cp1252", errors="replace")
        if "\ufffd" in broken:
            continue
        assert decode(broken).text == decode(ftfy.fix_encoding(broken)).text
