"""Documents of an evaluation: whole, escaped, self-contained, and all with their convention."""

import csv
import io
import json
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console

from lingula.errors import InputError, MissingExtraError
from lingula.evaluation import Candidate, Settings, evaluate
from lingula.evaluation.files import write_text
from lingula.evaluation.html import to_html
from lingula.evaluation.markdown import to_markdown
from lingula.evaluation.rows import to_csv, to_json
from lingula.evaluation.tables import NOTHING, number, p_text, tables_of, with_interval
from lingula.evaluation.terminal import to_terminal
from lingula.labels import Labels
from lingula.metrics.bootstrap import Interval
from lingula.schemas import load_schema
from lingula.tables.label_table import restrict_schema

SCHEMA = restrict_schema(load_schema("chexpert14"), ["No Finding", "Edema", "Fracture"])
HOSTILE = "<script>alert('x')</script> $a_b$ | [bold]"


@pytest.fixture(scope="module")
def result():
    generator = np.random.default_rng(0)
    tables = generator.integers(0, 4, (4, 60, 3)).astype(np.int8)
    tables[:, :, 0] %= 2
    tables[1] = np.where(generator.random((60, 3)) < 0.7, tables[0], tables[1])
    truth, first, second, reader = (Labels(SCHEMA, table) for table in tables)
    chances = generator.dirichlet(np.ones(4), (60, 3)).astype(np.float32)
    return evaluate(
        truth,
        [Candidate("first", first, chances), Candidate(HOSTILE, second, chances[::-1])],
        Settings(bootstrap=40),
        truth_name="truth & <b>more</b>",
        patients=np.arange(60) // 2,
        readers=[Candidate("dr_one", reader), Candidate("two", first)],
    )


class Outline(HTMLParser):
    """Elements, links, ids and texts of a document; fails on tags that do not close."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.texts = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in {"src", "href", "xlink:href"}:
                self.links.append(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def html(result):
    return to_html(result)


@pytest.fixture(scope="module")
def document(html):
    outline = Outline()
    outline.feed(html)
    assert outline.open == []
    return outline


def test_html_is_self_contained_and_runs_nothing(document):
    assert "script" not in document.tags
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in document.links)


def test_html_ids_are_unique_and_its_references_exist(document):
    assert len(document.ids) == len(set(document.ids))
    inside = {link[1:] for link in document.links if link.startswith("#")}
    assert inside <= set(document.ids)


def test_html_escapes_names_in_text_and_drawings(document, result):
    text = "".join(document.texts)
    assert HOSTILE in text
    assert "truth & <b>more</b>" in text
    assert result.convention in text
    assert document.tags.count("svg") == 6


def test_html_fits_a_telephone(html):
    assert 'name="viewport" content="width=device-width' in html
    for width in re.findall(r'<svg[^>]* width="([\d.]+)pt"', html):
        assert float(width) * 4 / 3 <= 358, "390 pixels less the margins"


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


def test_text_colors_have_contrast(html):
    style = html[html.index("<style>") : html.index("</style>")]
    backgrounds = ["#ffffff", *re.findall(r"background: (#[0-9a-f]{6})", style)]
    for color in set(re.findall(r"[;{ ]color: (#[0-9a-f]{6})", style)):
        for background in backgrounds:
            ratio = (luminance(background) + 0.05) / (luminance(color) + 0.05)
            assert ratio >= 4.5, (color, background)


def test_the_same_evaluation_gives_the_same_bytes(result, html):
    assert to_html(result) == html


def test_json_holds_everything_and_no_nan(result):
    data = json.loads(to_json(result), parse_constant=pytest.fail)
    convention = data["convention"]
    assert convention["uncertain"] == "ones" and convention["zero_division"] == "0"
    assert convention["reports"] == 60 and convention["resampled"] == "30 patients"
    names = {row["labeler"] for row in data["figures"]}
    assert names == {"first", HOSTILE, f"{HOSTILE} minus first"}
    f1 = next(
        row
        for row in data["figures"]
        if row["group"] == "positive vs rest"
        and row["average"] == "micro"
        and row["metric"] == "f1"
    )
    assert f1["low"] < f1["value"] < f1["high"]
    counts = np.array(list(data["labelers"][0]["confusion"]["counts"].values()))
    assert counts.shape == (3, 4, 4) and (counts.sum((1, 2)) == 60).all()
    assert data["readers"]["points"][0]["reader"] == "dr_one"
    assert data["notes"] == list(result.notes)


def test_csv_rows_each_carry_the_convention(result):
    rows = list(csv.DictReader(io.StringIO(to_csv(result))))
    assert len(rows) == sum(len(c.figures) for c in result.candidates) + len(result.differences)
    for row in rows:
        assert row["uncertain"] == "ones" and row["reports"] == "60" and row["lingula"]
        assert row["classes"] == "3 of chexpert14"
        assert bool(row["observation"]) != bool(row["average"])
    differences = [row for row in rows if " minus " in row["labeler"]]
    # Calibration figures are not resampled, so their differences have no p value.
    tested = [row for row in differences if row["metric"] not in {"brier", "calibration error"}]
    assert tested and all(0 < float(row["p_value"]) <= 1 for row in tested)
    assert all(not row["p_value"] for row in differences if row not in tested)


def test_markdown_tables_are_rectangular_and_escaped(result):
    text = to_markdown(result)
    assert "<script>" not in text
    blocks = re.split(r"\n\n", text)
    tables = [block for block in blocks if block.startswith("|")]
    assert len(tables) == len(tables_of(result))
    for table in tables:
        bars = {len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().splitlines()}
        assert len(bars) == 1
    assert result.settings.uncertain.meaning in text


def test_terminal_shows_names_as_they_are_and_the_convention(result):
    out = io.StringIO()
    Console(file=out, width=250).print(to_terminal(result))
    text = out.getvalue()
    assert "[bold]" in text
    assert "uncertain=ones" in text and "60 reports" in text
    for note in result.notes:
        assert note[:40] in text


def test_cells():
    assert number(float("nan")) == NOTHING
    assert with_interval(0.5, None) == "0.500"
    assert with_interval(0.5, Interval(0.4, 0.6)) == "0.500 (0.400 to 0.600)"
    assert with_interval(0.5, Interval(float("nan"), float("nan"), 9)) == "0.500"
    assert (
        p_text(0.0004) == "<0.001" and p_text(0.25) == "0.250" and p_text(float("nan")) == NOTHING
    )


@pytest.mark.parametrize("module", ["matplotlib", "jinja2"])
def test_html_without_its_libraries_names_the_extra(result, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"lingula\[report\]"):
        to_html(result)


def test_writing_keeps_the_old_file_when_it_fails(tmp_path):
    path = tmp_path / "page.html"
    write_text(path, "good\n")
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "no" / "page.html", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "folder", "x")
    assert path.read_text() == "good\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "page.html"]
