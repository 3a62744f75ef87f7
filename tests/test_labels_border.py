"""Labels from and to other packages' tables, and what a notebook shows of them."""

from __future__ import annotations

import importlib.util
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lingula
from lingula.errors import ColumnError, InputError, MissingExtraError, SchemaError
from lingula.labels import Labels

SCHEMA = lingula.load_schema("chexpert14")
CELLS = st.lists(st.lists(st.integers(0, 3), min_size=14, max_size=14), min_size=0, max_size=6).map(
    lambda rows: Labels(SCHEMA, np.array(rows, np.int8).reshape(-1, 14))
)


@given(CELLS)
def test_there_and_back(labels: Labels) -> None:
    assert Labels.from_arrow(labels.to_arrow()) == labels
    assert Labels.from_arrow(labels.to_polars()) == labels
    assert Labels.from_pandas(labels.to_pandas()) == labels
    nullable = labels.to_pandas().convert_dtypes()
    assert Labels.from_pandas(nullable) == labels


def test_columns_are_found_by_name() -> None:
    labels = lingula.load("rules").label(["No pneumothorax. Possible pneumonia.", "Edema."])
    frame = labels.to_pandas()
    mixed = frame[frame.columns[::-1]].rename(columns={"Lung Opacity": "Airspace Opacity"})
    mixed.insert(3, "report", ["a", "b"])
    assert Labels.from_pandas(mixed) == labels
    assert Labels.from_arrow(mixed) == labels
    assert Labels.from_arrow(pa.Table.from_pandas(mixed).to_batches()[0]) == labels
    some = Labels.from_pandas(frame[["Edema"]], SCHEMA.restrict(["Edema"]))
    np.testing.assert_array_equal(some["Edema"], labels["Edema"])
    with pytest.raises(ColumnError, match=r"lacks the columns .*Pneumonia.* of the schema 'nih14'"):
        Labels.from_pandas(frame[["Edema"]], "nih14")


def test_what_is_no_label_table_is_named() -> None:
    frame = lingula.load("rules").label(["Edema.", "Edema."]).to_pandas()
    with pytest.raises(ColumnError, match="lacks the column Edema of the schema 'chexpert14'"):
        Labels.from_pandas(frame.drop(columns="Edema"))
    with pytest.raises(ColumnError, match="it has report"):
        Labels.from_pandas(pd.DataFrame({"report": ["x"]}))
    with pytest.raises(ColumnError, match="are one observation: Lung Opacity, Airspace Opacity"):
        Labels.from_pandas(frame.assign(**{"Airspace Opacity": 1.0}))
    with pytest.raises(SchemaError, match=r"row 2, Edema: 7.0 is no label"):
        Labels.from_pandas(frame.assign(Edema=[1, 7]))
    for read in (Labels.from_pandas, Labels.from_arrow):
        with pytest.raises(SchemaError, match="column 'Edema' holds no numbers"):
            read(frame.assign(Edema=["yes", "no"]))
    with pytest.raises(InputError, match="list is no pandas DataFrame"):
        Labels.from_pandas([1])
    with pytest.raises(InputError, match="list is no Arrow table"):
        Labels.from_arrow([1])


def test_polars_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = lingula.load("rules").label(["Edema."])
    frame = labels.to_polars()
    assert frame.schema["Edema"] == pl.Float32
    assert frame["Pneumonia"].null_count() == 1
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lingula\[polars\]'"):
        labels.to_polars()


def test_every_kind_of_column_is_labeled() -> None:
    texts = ["No pneumothorax.", None, "Possible pneumonia."]
    expected = lingula.load("rules").label(texts)
    assert not np.any(expected.classes[1])
    columns = [
        pd.Series(texts, index=["c", "a", "b"]),
        pd.Series(texts, dtype="string"),
        pd.Series(texts, dtype="category"),
        pd.Series([texts[0], float("nan"), texts[2]], dtype=object),
        pl.Series("report", texts),
        pa.array(texts),
        pa.chunked_array([texts[:1], texts[1:]]),
        np.array(texts, dtype=object),
    ]
    if importlib.util.find_spec("datasets"):
        from datasets import Dataset

        columns.append(Dataset.from_dict({"report": texts})["report"])
    for column in columns:
        assert lingula.load("rules").label(column) == expected, type(column)


class _Words(HTMLParser):
    """The text of some HTML, and that of its marks."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text, self.marks, self._inside = "", [], False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "mark":
            self._inside = True
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside &= tag != "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._inside:
            self.marks[-1] += data


def test_evidence_as_marked_text() -> None:
    texts = ["No <b>pneumothorax</b>. Possible right basilar pneumonia.", None, "Normal chest."]
    labels = lingula.load("rules").label(texts, evidence=True)
    shown = labels.marked(texts)
    words = _Words(shown._repr_html_())
    assert words.text == texts[0] + texts[2]
    assert {"No", "pneumothorax", "Possible", "pneumonia"} <= set(words.marks)
    assert "Pneumonia: uncertain" in shown._repr_html_()
    assert repr(shown) == "<3 marked texts>"
    one = next(item for item in labels.evidence[0] if item.observation == "Pneumonia")
    assert _Words(one._repr_html_()).text.startswith("Pneumonia: uncertain pneumonia with Possible")
    with pytest.raises(InputError, match="text 1 is not the one that was labeled"):
        labels.marked(["Pneumonia.", None, ""])
    with pytest.raises(InputError, match="there are 1 texts, and labels of 3"):
        labels.marked(texts[:1])
    with pytest.raises(SchemaError, match="carry no evidence"):
        lingula.load("rules").label(texts).marked(texts)


def _figures():
    from lingula.evaluation import Candidate, Settings, evaluate
    from lingula.explain import explain
    from lingula.score import compare_generators, score_reports
    from lingula.score.generation import GenerationScore

    rules = lingula.load("rules")
    references = ["Small left effusion.", "No edema. Cardiomegaly.", "Pneumonia is possible."]
    generated = ["Left effusion.", "Possible edema.", "No pneumonia."]
    metrics = [GenerationScore(rules) for _ in range(2)]
    for metric, texts in zip(metrics, (generated, references), strict=True):
        metric.update(references, texts)
    yield evaluate(rules.label(references), [Candidate("x", rules.label(generated))], Settings())
    yield score_reports(references, generated, rules)
    yield compare_generators(*metrics, bootstrap=20)
    yield explain(rules, references)[0]


def test_figures_show_their_exhibits(monkeypatch: pytest.MonkeyPatch) -> None:
    for result in _figures():
        page = result._repr_html_()
        assert page.startswith("<style>"), type(result)
        assert "<section>" in page
        assert not re.search(r"<script|<html|<body| id=", page)
        # A style sheet of ours names nothing outside the class it is nested in.
        assert page.count("lingula-output") == 3
    monkeypatch.setitem(sys.modules, "jinja2", None)
    from lingula.documents.html import _template

    _template.cache_clear()
    try:
        for result in _figures():
            assert result._repr_html_().startswith("<pre>")
    finally:
        _template.cache_clear()
