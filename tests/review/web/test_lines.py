"""Lines of a report keep every character's place, whatever the text holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.review.records import Span
from lingula.review.web.lines import report_lines

TEXT = "FINDINGS: No effusion.\r\nHeart is large.\n\n\nIMPRESSION: Edema? \u2028Maybe."


def test_a_report_breaks_at_its_breaks_and_before_sections() -> None:
    lines = report_lines("FINDINGS: Clear lungs. IMPRESSION: Normal chest.")
    assert ["".join(s.text for s in line.segments) for line in lines] == [
        "FINDINGS: Clear lungs. ",
        "IMPRESSION: Normal chest.",
    ]
    assert [line.segments[0].header for line in lines] == [True, True]
    shown = ["".join(s.text for s in line.segments) for line in report_lines(TEXT)]
    assert shown == [
        "FINDINGS: No effusion.", "Heart is large.", "IMPRESSION: Edema? ", "Maybe.",
    ]  # fmt: skip
    assert [line.gap for line in report_lines(TEXT)] == [False, False, True, False]


def test_the_stronger_label_is_shown_where_mentions_overlap() -> None:
    spans = (Span("Edema", 2, 0, 8), Span("Pneumonia", 1, 4, 12, 13, 15))
    (line,) = report_lines("abcdefghijkl no", spans)
    assert [(s.text, s.tone, s.cue) for s in line.segments] == [
        ("abcd", "negative", False), ("efgh", "positive", False), ("ijkl", "positive", False),
        (" ", "", False), ("no", "positive", True),
    ]  # fmt: skip
    assert line.segments[1].observations == ("Edema", "Pneumonia")
    assert line.segments[1].about == "Edema: negative; Pneumonia: positive"


WORDS = st.text(
    st.one_of(
        st.sampled_from('ab .\n\r\t\v\f\x85\u2028\u202e\u0301\N{HEBREW LETTER ALEF}<>&"'),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=120,
)


@settings(max_examples=300)
@given(st.one_of(WORDS, st.tuples(WORDS, WORDS).map(" IMPRESSION: ".join)), st.data())
def test_every_character_stands_where_it_stood(text: str, data: st.DataObject) -> None:
    places = st.integers(0, len(text))
    spans = data.draw(
        st.lists(
            st.tuples(places, places, st.integers(0, 3)).map(
                lambda t: Span("Edema", t[2], min(t[:2]), max(t[:2]))
            ),
            max_size=6,
        )
    )
    lines = report_lines(text, spans)
    seen: list[str | None] = [None] * len(text)
    toned = [False] * len(text)
    for line in lines:
        at = line.start
        for segment in line.segments:
            for character in segment.text:
                assert seen[at] is None
                seen[at], toned[at] = character, bool(segment.tone)
                at += 1
    for at, character in enumerate(text):
        assert seen[at] in (character, None)
        if seen[at] is None:
            assert character.isspace()
        else:
            assert toned[at] == any(s.start <= at < s.end for s in spans)
