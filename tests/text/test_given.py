"""Texts in every shape that Python has for a column, and what is refused with its cure."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import lingula
from lingula.errors import InputError
from lingula.score import score_reports
from lingula.text.given import as_text_pairs, as_texts

WANT = ["Edema.", None, "Clear."]


class Column:
    """As ``datasets`` gives a column since version 4: a sequence that is no list."""

    def __init__(self, values):
        self.values = values

    def __getitem__(self, at):
        return self.values[at]

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return iter(self.values)


class PolarsSeries(Column):
    """What polars' Series has: to_list, and items that are Python's."""

    def to_list(self):
        return list(self.values)


@pytest.mark.parametrize(
    "texts",
    [
        WANT,
        tuple(WANT),
        iter(WANT),
        (text for text in WANT),
        dict.fromkeys(WANT).keys(),
        np.array(WANT, dtype=object),
        np.array(["Edema.", float("nan"), "Clear."], dtype=object),
        pa.array(WANT),
        pa.array(WANT).dictionary_encode(),
        pa.array(WANT, pa.large_string()),
        pa.chunked_array([["Edema."], [None, "Clear."]]),
        list(pa.array(WANT)),
        pd.Series(WANT),
        pd.Series(WANT, dtype="string"),
        pd.Series(["Edema.", np.nan, "Clear."], index=[5, 5, 1]),
        pd.Series(WANT, dtype="category"),
        pd.array(WANT, dtype="string"),
        pd.Index(WANT),
        ["Edema.", pd.NA, "Clear."],
        ["Edema.", np.float32("nan"), np.str_("Clear.")],
        Column(WANT),
        PolarsSeries(WANT),
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_columns_of_every_kind(texts):
    found = as_texts(texts)
    assert found == WANT and all(type(text) in {str, type(None)} for text in found)


def test_numpy_of_text_and_nothing_at_all():
    assert as_texts(np.array(["a", "b"])) == ["a", "b"]
    assert as_texts([]) == as_texts(np.array([])) == as_texts(pa.array([], pa.string())) == []


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("No pneumothorax.", "pass a list of texts"),
        (b"No pneumothorax.", "decode them first"),
        ({"a": "Edema."}, "a dict is no list of texts"),
        ({"Edema."}, "a set is no list of texts"),
        (pd.DataFrame({"report": WANT}), r'pass one column, such as table\["report"\]'),
        (pa.table({"report": WANT}), "a whole Table was passed"),
        (np.array([["a"], ["b"]]), "must have one axis, not 2"),
        (np.array("a"), "must have one axis, not 0"),
        (7, "int holds no texts"),
        (None, "NoneType holds no texts"),
        ([["a"], ["b"]], "text 1: a report must be a text or None, not list"),
        (["a", 7], "text 2: a report must be a text or None, not int"),
        (["a", b"b"], "not bytes"),
        (np.array([1.5, 2.5]), "not float"),
        (pa.array([1, 2]), "not int"),
    ],
)
def test_what_is_no_column_of_texts_says_what_to_pass(texts, message):
    with pytest.raises(InputError, match=message):
        as_texts(texts)


@pytest.mark.parametrize("name", ["rules", "builtin"])
def test_labelers_take_and_refuse_the_same(name):
    labeler = lingula.load(name)
    want = labeler.label(WANT).classes
    for texts in (iter(WANT), pa.array(WANT), pd.Series(WANT, dtype="string")):
        np.testing.assert_array_equal(labeler.label(texts).classes, want)
    for wrong in ("No pneumothorax.", b"x", pd.DataFrame({"report": WANT}), {"a": "b"}):
        with pytest.raises(InputError, match=r"pass|list of texts"):
            labeler.label(wrong)


def test_pairs_by_id():
    first, second, ids = as_text_pairs({1: "a", 2: ["b"]}, {2: "y", 1: ["x"]}, ("r", "g"))
    assert (first, second, ids) == (["a", "b"], ["x", "y"], ["1", "2"])
    assert as_text_pairs(["a"], ("x",), ("r", "g")) == (["a"], ["x"], None)
    for wrong, message in (
        (({"1": "a"}, {"2": "a"}), "1 ids are in r only, such as '1'"),
        (({"1": "a"}, {"1": "a", "2": "b"}), "1 ids are in g only"),
        (({"1": "a"}, ["a"]), "must both be mappings"),
        (({"1": ["a", "b"]}, {"1": "a"}), "not list"),
    ):
        with pytest.raises(InputError, match=message):
            as_text_pairs(*wrong, ("r", "g"))


def test_scores_of_mappings_and_of_a_labelers_name():
    references = {"1": ["Edema."], "2": ["No effusion."]}
    generated = {"2": ["Left effusion."], "1": ["Edema."]}
    by_id = score_reports(references, generated, "rules")
    as_lists = score_reports(
        ["Edema.", "No effusion."], ["Edema.", "Left effusion."], lingula.load("rules")
    )
    assert by_id.value("f1chexbert") == as_lists.value("f1chexbert")
    with pytest.raises(InputError, match="not list"):
        score_reports([["Edema."]], [["Edema."]], "rules")
