"""Explanations by rules: reasons, segments, lines, and what the page holds."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import lingula
from lingula.documents import Passage, Table, to_terminal, to_text
from lingula.errors import InputError
from lingula.explain import Explanation, document, explain, page
from lingula.explain.document import spans
from lingula.explain.values import as_values
from lingula.labels import Label, Labels

LABELER = lingula.load("rules")
TEXT = "No pneumothorax. Possible right basilar pneumonia; the heart is enlarged."


def plain_lines(found: Explanation) -> list[str]:
    return to_text(document([found]), None).splitlines()


def test_each_label_names_its_words_cue_and_rule() -> None:
    (found,) = explain(LABELER, [TEXT])
    by_name = {reason.observation: reason for reason in found.reasons}
    pneumonia = by_name["Pneumonia"]
    assert pneumonia.label is Label.UNCERTAIN
    assert [(x.phrase, x.cue) for x in pneumonia.deciding] == [("pneumonia", "Possible")]
    assert by_name["Pneumothorax"].deciding[0].cue == "No"
    assert by_name["Cardiomegaly"].label is Label.POSITIVE
    blocked = by_name["No Finding"]
    assert blocked.label is Label.BLANK
    assert "blocked by" in blocked.deciding[0].rule
    assert set(by_name) == {"No Finding", "Cardiomegaly", "Pneumonia", "Pneumothorax"}


def test_no_finding_says_what_allowed_it() -> None:
    (found,) = explain(LABELER, ["The lungs are clear. No effusion."])
    (reason,) = [x for x in found.reasons if x.observation == "No Finding"]
    assert reason.label is Label.POSITIVE
    assert "nothing abnormal" in plain_lines(found)[2]


def test_a_mention_that_is_overruled_is_told() -> None:
    (found,) = explain(LABELER, ["No effusion. Now there is a small left effusion."])
    (reason,) = [x for x in found.reasons if x.observation == "Pleural Effusion"]
    assert [x.start for x in reason.deciding] == [39]
    assert [x.label for x in reason.overruled] == [Label.NEGATIVE]
    (line,) = [x for x in plain_lines(found) if x.startswith("Pleural Effusion")]
    assert 'beside negative "effusion" at 3' in line


def test_sections_give_offsets_into_the_whole_report() -> None:
    text = "INDICATION: Pneumothorax.\n\nFINDINGS: Clear lungs.\n\nIMPRESSION: Cardiomegaly."
    (found,) = explain(LABELER, [text], sections=("findings", "impression"))
    assert [x.observation for x in found.reasons] == ["No Finding", "Cardiomegaly"]
    for reason in found.reasons:
        for item in reason.deciding:
            assert text[item.start : item.end] == item.phrase
    with pytest.raises(InputError, match="section"):
        explain(LABELER, [text], sections=("nonsense",))


def test_a_table_that_says_otherwise_is_shown() -> None:
    schema = LABELER.schema
    given = Labels.from_values(schema, [[float("nan")] * len(schema)])
    (found,) = explain(LABELER, ["Small effusion."], given=given, names=["s1"])
    (reason,) = [x for x in found.reasons if x.observation == "Pleural Effusion"]
    assert reason.differs
    assert any("the table says blank" in line for line in plain_lines(found))
    assert plain_lines(found)[0] == "s1"


def test_values_are_plain_json() -> None:
    (found,) = explain(LABELER, [TEXT])
    values = json.loads(json.dumps(as_values(found)))
    assert values["text"] == TEXT
    labels = {item["observation"]: item["label"] for item in values["labels"]}
    assert labels == {"No Finding": None, "Cardiomegaly": 1, "Pneumonia": -1, "Pneumothorax": 0}
    cue = values["labels"][2]["deciding"][0]
    assert TEXT[cue["cue_start"] : cue["cue_end"]] == cue["cue"] == "Possible"


def test_a_terminal_shows_colours_and_no_control_characters() -> None:
    console = Console(force_terminal=True, width=100, color_system="standard", record=True)
    (found,) = explain(LABELER, [TEXT + "\x1b]0;title\x07 Edema."], names=["[bold]x[/bold]"])
    with console.capture() as capture:
        console.print(to_terminal(document([found])))
    shown = capture.get()
    assert "\x1b[1;32mpneumothorax" in shown  # negative: bold green
    assert "\x1b[4;33mPossible" in shown  # the cue of an uncertain one: underlined yellow
    assert "\x1b[1;31mheart" in shown
    assert "\x1b]0;title" not in shown
    assert "[bold]x[/bold]" in shown


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([TEXT, "No effusion", "cannot exclude", "edema", "<script>", "&amp;"]),
            st.text(max_size=10),
        ),
        max_size=6,
    )
)
def test_marked_words_join_to_the_text_and_carry_their_numbers(parts: list[str]) -> None:
    text = " ".join(parts)
    (found,) = explain(LABELER, [text])
    marked = spans(found)
    report = Passage("report", text, marked)
    assert "".join(words for words, _ in report.runs()) == text
    assert all(before.end <= after.start for before, after in pairwise(marked))
    # Each mention's number stands once, behind its last character, and the table tells it.
    numbers = [n for span in marked if span.mark for n in span.mark.split(",")]
    (section,) = document([found]).sections
    tables = [item for item in section.exhibits if isinstance(item, Table) and item.detail]
    told = tables[0].column("number") if tables else ()
    assert sorted(map(int, numbers)) == list(told)
    for span in marked:
        assert span.cue or {span.end} <= {
            item.end for reason in found.reasons for item in (*reason.deciding, *reason.overruled)
        } | {other.start for other in marked}


class Words(HTMLParser):
    """The words of the report on a page, and the tags of its body."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.report = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "p":
            self._inside = ("class", "report") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "p"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.report += data


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["<script>alert(1)</script>", "</p>", '" onclick="x', "no effusion", "<!--", "&lt;"]
            ),
            st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8),
        ),
        max_size=6,
    )
)
def test_the_page_shows_any_report_as_it_is(parts: list[str]) -> None:
    text = " ".join(["x", *parts])
    words = Words()
    words.feed(page(explain(LABELER, [text], names=[text]), title=text))
    words.close()
    assert words.report == text
    assert set(words.tags) <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "mark", "section"),
        *("table", "thead", "tbody", "tr", "th", "td", "span", "button", "div", "ul", "li"),
        *("header", "main", "footer", "figure", "link", "script", "details", "summary", "small"),
    }
    assert words.tags.count("script") == 1


def test_the_page_needs_nothing_from_outside() -> None:
    text = page(explain(LABELER, [TEXT]))
    assert "Content-Security-Policy" in text
    for word in ("http://", "https://", " src=", "url("):
        assert word not in text
    assert text.count("<script") == 1
    assert text.count("href=") == text.count('href="data:,"') == 1
    odd = page(explain(LABELER, ["Edema.\x00 \ud83d end"]))
    odd.encode("utf-8")
    assert "\x00" not in odd
