"""Every form of a document: whole, escaped, and with the same figures."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import itertools
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sample_document import DOCUMENT, FIGURES, GLANCE, HOSTILE, REPORT

from lingula import documents
from lingula.documents import (
    Column,
    Curve,
    Document,
    Estimate,
    Kind,
    Line,
    Note,
    Notes,
    Passage,
    Section,
    Span,
    Table,
    Tone,
    exhibit_values,
    percent,
    records,
    show,
    to_csv,
    to_html,
    to_json,
    to_markdown,
    to_terminal,
    to_text,
    write_text,
)
from lingula.documents.figures import as_table, thinned
from lingula.documents.html import _template
from lingula.documents.svg import polyline
from lingula.documents.wording import code_parts, shade
from lingula.errors import InputError, MissingExtraError

STYLE = Path(documents.__file__).parent / "page" / "page.css"


class Tags(HTMLParser):
    """Tags with attributes, texts; fails on tags that are not closed in order."""

    VOID = frozenset({"meta", "link"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.reports: list[str] = []
        self.in_report = False
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag == "p" and ("class", "report") in attrs:
            self.reports.append("")
            self.in_report = True
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.in_report = self.in_report and tag != "p"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.in_report:
            self.reports[-1] += data


def test_the_page_is_whole_and_asks_for_nothing() -> None:
    tags = Tags(to_html(DOCUMENT)).seen
    for tag, attributes in tags:
        assert tag not in {"img", "iframe", "object", "embed", "base", "form"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name) or ""
            assert value in ("", "data:,") or value.startswith("#"), (tag, value)
    assert [tag for tag, _ in tags].count("script") == 1
    ids = [a["id"] for _, a in tags if a.get("id")]
    assert len(ids) == len(set(ids))
    anchors = {str(a["href"])[1:] for tag, a in tags if tag == "a"}
    assert anchors == {"figures"} <= set(ids)


def test_the_policy_allows_the_pages_own_script_alone() -> None:
    page = to_html(DOCUMENT)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page


def test_markup_in_data_is_shown_on_the_page_and_never_read() -> None:
    page = to_html(DOCUMENT)
    clean = HOSTILE.replace("\x1b", "\ufffd")
    assert HOSTILE[:30] not in page
    assert "\x1b" not in page
    # Once as the title, the summary, the name of a label, of a series, ... and in each text.
    assert "".join(Tags(page).texts).count(clean[:30]) > 15


def test_every_drawing_has_its_numbers_behind_it() -> None:
    page = to_html(DOCUMENT)
    drawings = len(re.findall(r'class="(?:curve|stack|bars)"', page))
    assert drawings == 5
    assert page.count('<details class="numbers">') == drawings


def test_the_same_document_gives_the_same_bytes() -> None:
    assert to_html(DOCUMENT) == to_html(DOCUMENT)
    assert to_markdown(DOCUMENT) == to_markdown(DOCUMENT)


def test_without_jinja_the_page_names_the_extra_and_the_rest_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _template.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"lingula\[report\]"):
        to_html(DOCUMENT)
    assert to_markdown(DOCUMENT)
    assert to_text(DOCUMENT)


def test_markdown_tables_are_rectangular_and_nothing_in_them_is_markup() -> None:
    text = to_markdown(DOCUMENT)
    assert "<script>" not in text
    tables = [block for block in text.split("\n\n") if block.startswith("| ")]
    assert len(tables) == 11
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert "0.712 (0.600 to 0.800)" in text
    assert "**macro average**" in text
    assert "*To be written:* who" in text
    assert "Use `--help`." in text
    assert "reader one" in text


def test_the_terminal_shows_names_as_they_are_and_the_summary_last() -> None:
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=True).print(to_terminal(DOCUMENT))
    text = out.getvalue()
    assert "[bold]" in text
    assert "\x1b[31m |" not in text
    assert text.rstrip().splitlines()[-1].startswith("\x1b[1muncertain=ones")
    plain = to_text(DOCUMENT, 200)
    assert "\x1b" not in plain
    assert "0.712 (0.600 to 0.800)" in plain
    assert "Folded" not in plain


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_shows_every_digit(width: int) -> None:
    names = [f"A measure {n}" for n in range(9)]
    wide = Table(
        "wide",
        "Wide",
        (Column("label", "Label"), *(Column(n, n, Kind.FIGURE) for n in names)),
        tuple(
            (label, *(Estimate(n / 10, n / 11, n / 9) for n in range(9)))
            for label in ("Enlarged Cardiomediastinum", "Edema")
        ),
    )
    text = to_text((wide,), width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    numbers = re.findall(r"\d\.\d*", text)
    assert all(re.fullmatch(r"\d\.\d{3}", found) for found in numbers)
    assert len(numbers) == 2 * 9 * 3
    assert "…" not in text


def test_text_without_a_width_breaks_no_line() -> None:
    report = "Word " * 200 + "end."
    table = Table(
        "t", "", (Column("a", ""), Column("b", "", Kind.PROSE)), (("Edema", "x " * 300),), "",
        headed=False,
    )  # fmt: skip
    lines = to_text((Passage("report", report), table), None).splitlines()
    assert lines[0] == report
    assert lines[-1] == "Edema  " + ("x " * 300).strip()
    assert len(lines) == 3


def test_marked_words_have_colours_on_a_terminal() -> None:
    console = Console(force_terminal=True, width=100, color_system="standard", record=True)
    passage = Passage(
        "report",
        REPORT,
        (Span(0, 2, Tone.NEGATIVE, cue=True), Span(3, 11, Tone.NEGATIVE), Span(22, 27, Tone.FOR)),
    )
    with console.capture() as capture:
        console.print(to_terminal((passage,)))
    shown = capture.get()
    assert "\x1b[4;32mNo" in shown
    assert "\x1b[1;32meffusion" in shown
    assert "\x1b[1;31medema" in shown
    assert "\x1b[31m" not in shown.replace("\x1b[31m\ufffd", "")


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40).map(
        lambda text: text.replace("\r", " ")
    ),
    st.lists(st.integers(0, 40), max_size=6),
)
def test_a_passage_shows_any_text_as_it_is(text: str, cuts: list[int]) -> None:
    places = sorted({min(cut, len(text)) for cut in cuts})
    spans = tuple(
        Span(start, end, Tone.FOR) for start, end in zip(places[::2], places[1::2], strict=False)
    )
    passage = Passage("report", text, spans)
    assert "".join(words for words, _ in passage.runs()) == text
    (shown,) = Tags(to_html(Document("x", (Section("", (passage,)),)))).reports
    assert shown == text


def test_values_for_json_and_csv() -> None:
    values = json.loads(to_json(exhibit_values(FIGURES)))
    assert values["rows"][0]["f1"] == {"value": 0.71234, "low": 0.6, "high": 0.8}
    assert values["rows"][1]["f1"] is None
    assert values["rows"][2]["f1"] == 0.5
    for exhibit in DOCUMENT.sections[2].exhibits[:3]:
        assert json.loads(to_json(exhibit_values(exhibit)))["rows"]  # type: ignore[arg-type]
    curve = DOCUMENT.sections[2].exhibits[3].items[0]  # type: ignore[union-attr]
    assert exhibit_values(curve)["lines"]["first"]["y"] == [0.0, 0.6, 0.9, 1.0]
    rows = list(records(GLANCE))
    found = list(csv.DictReader(io.StringIO(to_csv(rows, list(rows[0])))))
    assert found[1]["score"] == ""
    assert found[0]["summary"] == GLANCE.rows[0][-1]


def test_parts_of_tables() -> None:
    assert FIGURES.column("count") == (1204, 3, 31, None)
    assert [column.name for column in FIGURES.select("f1", "label").columns] == ["label", "f1"]
    with pytest.raises(KeyError):
        FIGURES.column("nothing")


def test_a_table_of_columns_has_plain_cells() -> None:
    table = Table.of(
        "t",
        "T",
        ("name", "Name", Kind.TEXT, ["a", "b", "c"]),
        ("count", "Count", Kind.COUNT, np.array([1, 2, 3])),
        ("share", "Share", Kind.SHARE, np.array([0.5, np.nan, 1.0])),
        keep=np.array([True, True, False]),
    )
    assert table.rows == (("a", 1, 0.5), ("b", 2, None))
    assert [type(cell) for cell in table.rows[0]] == [str, int, float]
    assert table.columns[1] == Column("count", "Count", Kind.COUNT)
    with pytest.raises(ValueError, match="zip"):
        Table.of("t", "", ("a", "", Kind.COUNT, [1]), ("b", "", Kind.COUNT, [1, 2]))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, Kind.COUNT, "–"), (float("nan"), Kind.NUMBER, "–"), (1234, Kind.COUNT, "1,234"),
        (0.0, Kind.SHARE, "0%"), (0.5, Kind.SHARE, "50.0%"), (0.00312, Kind.BOUND, "0.31%"),
        (0.00001, Kind.SHARE, "under 0.01%"), (0.999999, Kind.SHARE, "over 99.99%"),
        (1.0, Kind.SHARE, "100.0%"), (0.995, Kind.SHARE, "99.50%"), (3, Kind.STARS, "★★★☆☆"),
        (0.333, Kind.NUMBER, "0.33"), (20977.4, Kind.NUMBER, "20,977"), ("x", Kind.TEXT, "x"),
        (0.0004, Kind.P_VALUE, "<0.001"), (0.25, Kind.P_VALUE, "0.250"),
        (Estimate(0.5), Kind.FIGURE, "0.500"), (Estimate(0.5, mark="*"), Kind.TEXT, "0.500*"),
        (Estimate(0.5, 0.4, 0.6), Kind.FIGURE, "0.500 (0.400 to 0.600)"),
        (Estimate(0.5, float("nan"), float("nan")), Kind.FIGURE, "0.500"),
        (Estimate(0.5, 0.25, 0.6), Kind.BOUND, "50.0% (25.0% to 60.0%)"),
        (Estimate(float("nan"), 0.1, 0.2), Kind.FIGURE, "undefined"),
    ],
)  # fmt: skip
def test_figures_as_text(value: object, kind: Kind, text: str) -> None:
    assert show(value, kind) == text  # type: ignore[arg-type]


def test_words_and_shades() -> None:
    assert percent(0.125) == "12.5%"
    assert code_parts("run `a b` now") == [(False, "run "), (True, "a b"), (False, " now")]
    assert code_parts("a ` b") == [(False, "a ` b")]
    pale = (False, False, True, False)
    assert shade((0.5, 0.25, 1.0, None), Kind.SHARE, pale) == [1, 0.25, 0, 0]
    assert shade((3, 1, 0), Kind.COUNT) == [0.75, 0.25, 0]
    assert shade((0, 0), Kind.COUNT) == [0, 0]


def test_lines_in_the_unit_square() -> None:
    assert polyline(Line("x", (0.0, 0.5, 1.0), (0.0, 1.0, 1.0))) == "0,300 150,0 300,0"
    assert polyline(Line("x", (0.0, 0.5), (1.0, 0.5), steps=True)) == "0,0 0,150 150,150"
    many = Line("x", tuple(n / 10_000 for n in range(10_001)), (0.5,) * 10_001)
    assert len(polyline(many).split()) == 301
    assert len(as_table(Curve("c", "", "x", "y", (many,))).rows) == 41
    assert thinned(3, 41) == [0, 1, 2]
    assert thinned(100, 3) == [0, 50, 99]


def test_writing_keeps_the_old_file_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_text(path, "good\n")
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "no" / "page.html", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "folder", "x")
    assert path.read_text() == "good\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "page.html"]


def test_an_empty_document_is_one_in_every_form() -> None:
    empty = Document("Nothing", (Section("", (Notes((Note("None."),)),)),))
    assert to_text(empty) == "None.\n"
    assert to_markdown(empty) == "# Nothing\n\n- None.\n"
    assert "<li>None.</li>" in re.sub(r"\s*\n\s*", "", to_html(empty))


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(x * y for x, y in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.1."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_of_both_themes_have_contrast(theme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", STYLE.read_text("utf-8"), re.DOTALL)[theme]
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))
    texts = ("ink", "muted", "accent", "good", "look", "act", "missing", "star")
    for text, ground in itertools.product(texts, ("card", "paper")):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for level in ("good", "look", "act", "missing"):
        soft = colours[f"{level}-soft"]
        assert contrast(colours[level], soft) >= 4.5, level
        assert contrast(colours["ink"], soft) >= 4.5, level
    for tone in ("positive", "uncertain", "negative", "blank"):
        assert contrast(colours["mark"], colours[tone]) >= 4.5, tone
        assert contrast(colours[f"{tone}-cue"], colours["paper"]) >= 3, tone
    for line in ("line1", "line2", "line3", "line4"):
        assert contrast(colours[line], colours["card"]) >= 3, line
    for kind in ("for", "against"):
        parts = re.search(rf"--{kind}: (\d+) (\d+) (\d+);", block)
        assert parts is not None
        full = "#" + "".join(f"{int(part):02x}" for part in parts.groups())
        assert contrast(colours["mark"], full) >= 4.5, kind
    assert contrast(colours["ink"], colours["accent-soft"]) >= 4.5
    # Neighbouring parts of a bar must be told apart.
    assert contrast(colours["part1"], colours["part4"]) >= 2
