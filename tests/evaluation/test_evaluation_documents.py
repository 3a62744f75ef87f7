"""Documents of an evaluation: whole, escaped, self-contained, and all with their convention."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console

from lingula.documents import Table, to_html, to_markdown, to_terminal
from lingula.evaluation import Candidate, Settings, evaluate
from lingula.evaluation.document import to_document
from lingula.evaluation.rows import to_csv, to_json
from lingula.labels import Labels
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14").restrict(["No Finding", "Edema", "Fracture"])
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
        patients=np.arange(60) // 2,
        readers=[Candidate("dr_one", reader), Candidate("two", first)],
    ).named("truth & <b>more</b>", ["It was measured."])


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
    return to_html(to_document(result))


@pytest.fixture(scope="module")
def document(html):
    outline = Outline()
    outline.feed(html)
    assert outline.open == []
    return outline


def test_html_is_self_contained_and_runs_only_its_own_script(document, html):
    assert document.tags.count("script") == 1
    assert all(link.startswith(("#", "data:")) for link in document.links)
    assert "Content-Security-Policy" in html


def test_html_ids_are_unique_and_its_references_exist(document):
    assert len(document.ids) == len(set(document.ids))
    inside = {link[1:] for link in document.links if link.startswith("#")}
    assert inside <= set(document.ids)


def test_html_escapes_names_in_text_and_drawings(document, result):
    text = "".join(document.texts)
    assert HOSTILE in text
    assert "truth & <b>more</b>" in text
    assert result.convention in text
    # ROC, precision-recall and reliability of each observation.
    assert document.tags.count("svg") == 9


def test_html_shows_readers_in_the_curves_and_numbers_behind_every_drawing(document, result):
    text = "".join(document.texts)
    assert "Points are readers: 1 dr_one, 2 two." in text
    for title in ("F1", "Confusion: first", "ROC", "Precision and recall", "Reliability"):
        assert title in text
    # One a curve, and one each for F1 and AUROC of all observations.
    assert text.count("The numbers") == 11


def test_the_same_evaluation_gives_the_same_bytes(result, html):
    assert to_html(to_document(result)) == html


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
    assert data["notes"][0] == "It was measured." and data["truth"] == "truth & <b>more</b>"


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
    text = to_markdown(to_document(result, drawings=False))
    assert "<script>" not in text
    blocks = re.split(r"\n\n", text)
    tables = [block for block in blocks if block.startswith("|")]
    shown = [x for s in to_document(result, drawings=False).sections for x in s.exhibits]
    assert len(tables) == sum(isinstance(exhibit, Table) for exhibit in shown)
    for table in tables:
        bars = {len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().splitlines()}
        assert len(bars) == 1
    assert result.settings.uncertain.meaning in text


def test_terminal_shows_names_as_they_are_and_the_convention(result):
    out = io.StringIO()
    Console(file=out, width=250).print(to_terminal(to_document(result, drawings=False)))
    text = out.getvalue()
    assert "[bold]" in text
    assert "uncertain=ones" in text and "60 reports" in text
    for note in result.notes:
        assert note[:40] in text


def test_undefined_figures_and_p_values_are_words():
    zeros = Labels(SCHEMA, np.zeros((4, 3), np.int8))
    same = evaluate(
        zeros, [Candidate("a", zeros), Candidate("b", zeros)], Settings(bootstrap=10, seed=1)
    )
    text = to_markdown(to_document(same, drawings=False))
    assert "| Edema | 0.000 | 0.000 | 1.000 |" not in text
    assert "undefined" in text and "nan" not in text
    assert "| 0.000 (0.000 to 0.000) | 1.000 |" in text, "no difference: p is 1"
