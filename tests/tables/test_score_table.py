"""Score tables: told from labels by their numbers, read by name, checked cell by cell."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lingula.errors import InputError, SchemaError
from lingula.schemas import load_schema
from lingula.scores import Scores
from lingula.tables.label_match import match_label_tables
from lingula.tables.label_table import LabelTable, read_label_table
from lingula.tables.score_table import ScoreTable, read_prediction_table, read_score_table

SCHEMA = load_schema("chexpert14")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_scores_are_read_by_name_without_a_final_newline(tmp_path):
    path = write(tmp_path / "s.csv", "Study,Edema,cardiomegaly\na,2.8,-1.2\nb,0.1,1")
    table = read_prediction_table(path)
    assert isinstance(table, ScoreTable)
    assert table.schema.names == ("Cardiomegaly", "Edema")
    assert table.scores.values.tolist() == [[-1.2, 2.8], [1.0, 0.1]]
    assert table.ids.tolist() == ["a", "b"] and "Fracture" in table.missing
    assert not table.scores.in_unit_interval


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_every_form_keeps_double_precision(tmp_path, suffix):
    values = np.random.default_rng(0).normal(size=(50, 2))
    arrow = pa.table({"id": np.arange(50), "Edema": values[:, 0], "Fracture": values[:, 1]})
    path = tmp_path / f"s{suffix}"
    if suffix == ".parquet":
        pq.write_table(arrow, path)
    elif suffix == ".jsonl":
        import json

        path.write_text("\n".join(json.dumps(row) for row in arrow.to_pylist()))
    else:
        arrow.to_pandas().to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    np.testing.assert_array_equal(read_prediction_table(path).scores.values, values)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "0", "-1", ""], LabelTable),
        (["1.0", "0.0", "", "nan"], LabelTable),
        (["positive", "absent", "", "1"], LabelTable),
        (["0.3", "0", "1", ""], ScoreTable),
        (["7.5", "NaN", "1", "0"], ScoreTable),
        ([str(number) for number in range(20)], ScoreTable),
        (["0,3", "1", "0", "-1"], ScoreTable),
    ],
)
def test_labels_and_scores_are_told_apart(tmp_path, cells, kind):
    text = "\n".join(f'{row},"{cell}"' for row, cell in enumerate(cells))
    table = read_prediction_table(write(tmp_path / "p.csv", f"id,Edema\n{text}\n"))
    assert type(table) is kind


def test_codes_and_words_beside_numbers_are_no_scores(tmp_path):
    for text, message in (("2", "'2' is no label"), ("0.5\nb,maybe", "'0.5' is no label")):
        with pytest.raises(InputError, match=message):
            read_prediction_table(write(tmp_path / "p.csv", f"id,Edema\na,{text}\n"))


def test_whole_numbers_are_scores_if_asked(tmp_path):
    path = write(tmp_path / "p.csv", "id,Edema\na,2\nb,1\nc,\n")
    table = read_prediction_table(path, probability_columns="{observation}")
    np.testing.assert_array_equal(table.scores.values[:, 0], [2, 1, np.nan])


def test_columns_of_probabilities_without_labels_are_scores(tmp_path):
    path = write(tmp_path / "p.csv", "id,p(Edema),p(Fracture)\na,0.25,0.5\n")
    table = read_prediction_table(path)
    assert table.schema.names == ("Edema", "Fracture")
    assert table.scores.values.tolist() == [[0.25, 0.5]] and table.scores.in_unit_interval


def test_errors_name_the_row(tmp_path):
    for cell, message in (
        ("inf", "row 2: inf is no finite"),
        ("high", "row 2: 'high' is no score"),
    ):
        path = write(tmp_path / "p.csv", f"id,Edema\na,0.5\nb,{cell}\n")
        with pytest.raises(InputError, match=message):
            read_score_table(path)


def test_scores_match_labels(tmp_path):
    truth = read_label_table(write(tmp_path / "t.csv", "id,Edema,Fracture\nb,1,0\na,,1\n"))
    scores = read_score_table(write(tmp_path / "s.csv", "Fracture,id,Edema\n.1,a,.2\n.3,b,.4\n"))
    first, second = match_label_tables([truth, scores]).tables
    assert first.ids.tolist() == second.ids.tolist() == ["b", "a"]
    assert second.scores.values.tolist() == [[0.4, 0.3], [0.2, 0.1]]


def test_scores_are_frozen_and_checked():
    part = SCHEMA.restrict(["Edema", "Fracture"])
    scores = Scores(part, [[0.5, np.nan], [1, 0]])
    with pytest.raises(ValueError, match="read-only"):
        scores.values[0, 0] = 1
    assert scores.in_unit_interval and len(scores.take([1, 1, 0])) == 3
    assert scores.select(["Fracture"]).schema.names == ("Fracture",)
    with pytest.raises(SchemaError, match="row 1, Fracture: inf is no score"):
        Scores(part, [[0.5, np.inf]])
    with pytest.raises(SchemaError, match="shape"):
        Scores(part, [[0.5]])
