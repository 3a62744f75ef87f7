"""Label tables: every spelling in, and one clear error for each thing that is wrong."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.errors import ColumnError, InputError, SchemaError
from lingula.labels import Label, Labels
from lingula.schemas import load_schema
from lingula.tables.columns import shared_id_column
from lingula.tables.label_match import match_label_tables
from lingula.tables.label_table import read_label_table
from lingula.tables.label_values import READER_WORDS, parse_label

SCHEMA = load_schema("chexpert14")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def simple(path, ids, column="Edema", values=None):
    values = values or ["1"] * len(ids)
    rows = "\n".join(f"{i},{value}" for i, value in zip(ids, values, strict=True))
    return write(path, f"id,{column}\n{rows}\n" if rows else f"id,{column}\n")


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (1, Label.POSITIVE),
        ("1.0", Label.POSITIVE),
        (True, Label.POSITIVE),
        ("Positive", Label.POSITIVE),
        (" present ", Label.POSITIVE),
        (0.0, Label.NEGATIVE),
        ("-0.0", Label.NEGATIVE),
        ("ABSENT", Label.NEGATIVE),
        (-1, Label.UNCERTAIN),
        ("-1.0", Label.UNCERTAIN),
        ("uncertain_likely", Label.UNCERTAIN),
        (None, Label.BLANK),
        (float("nan"), Label.BLANK),
        ("NaN", Label.BLANK),
        ("<NA>", Label.BLANK),
        ("not mentioned", Label.BLANK),
        ("2", None),
        ("perhaps", None),
        (0.5, None),
        ("inf", None),
    ],
)
def test_cells(value, label):
    assert parse_label(value) is label


@given(st.text(max_size=12))
def test_any_text_is_a_label_or_none(text):
    assert parse_label(text) in {None, *Label}


@given(
    classes=st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=20),
    order=st.permutations(["Edema", "airspace opacity", "PLEURAL EFFUSION"]),
)
@settings(max_examples=25)
def test_column_order_case_and_aliases_do_not_matter(tmp_path_factory, classes, order):
    names = ["airspace opacity", "Edema", "PLEURAL EFFUSION"]
    words = ["", "1", "0", "-1"]
    lines = [",".join(["Study_ID", *order])]
    for number, row in enumerate(classes):
        cells = dict(zip(names, (words[c] for c in row), strict=True))
        lines.append(",".join([str(number), *(cells[name] for name in order)]))
    path = write(tmp_path_factory.mktemp("t") / "labels.csv", "\n".join(lines))
    table = read_label_table(path)
    assert table.labels.schema.names == ("Lung Opacity", "Edema", "Pleural Effusion")
    np.testing.assert_array_equal(table.labels.classes, classes)
    assert table.ids.tolist() == [str(number) for number in range(len(classes))]
    assert "Fracture" in table.missing and "Edema" not in table.missing


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl", ".csv.gz", ".jsonl.gz"])
def test_every_format_reads_the_same(tmp_path, suffix):
    classes = np.random.default_rng(0).integers(0, 4, (40, 14)).astype(np.int8)
    labels = Labels(SCHEMA, classes)
    arrow = labels.to_arrow().append_column("id", pa.array(np.arange(40)))
    path = tmp_path / f"labels{suffix}"
    rows = arrow.to_pylist()
    if suffix == ".parquet":
        pq.write_table(arrow, path)
    else:
        if "jsonl" in suffix:
            text = "\n".join(json.dumps(row) for row in rows)
        else:
            separator = "\t" if suffix == ".tsv" else ","
            cells = [["" if v is None else str(v) for v in row.values()] for row in rows]
            text = "\n".join(separator.join(line) for line in [arrow.column_names, *cells])
        data = text.encode()
        path.write_bytes(gzip.compress(data) if suffix.endswith(".gz") else data)
    table = read_label_table(path)
    np.testing.assert_array_equal(table.labels.classes, classes)
    assert table.ids.tolist() == [str(i) for i in range(40)]
    assert table.missing == ()


def test_reports_with_line_breaks_a_byte_order_mark_and_extra_columns(tmp_path):
    path = tmp_path / "labeled_reports.csv"
    path.write_bytes(
        '\ufeffReport Impression,Edema,Subject,id\n"Mild edema.\nNo effusion, either.",1.0,7,a\n'
        '"Clear.",,7,b\n'.encode()
    )
    table = read_label_table(path, patient_column="subject", extra_columns=["Report Impression"])
    assert table.labels.classes[:, 0].tolist() == [1, 0]
    assert table.patients.tolist() == ["7", "7"]
    assert table.extra.column("Report Impression").to_pylist()[0].endswith("either.")


def test_ids_that_pandas_made_floats_lose_their_point(tmp_path):
    path = tmp_path / "labels.parquet"
    pq.write_table(pa.table({"id": [50.0, 51.0], "Edema": ["yes", None]}), path)
    table = read_label_table(path)
    assert table.ids.tolist() == ["50", "51"]
    assert table.labels.classes[:, 0].tolist() == [Label.POSITIVE, Label.BLANK]


def test_an_id_that_is_missing_among_floats_is_an_error(tmp_path):
    path = tmp_path / "labels.parquet"
    pq.write_table(pa.table({"id": [50.0, float("nan")], "Edema": [1, 0]}), path)
    with pytest.raises(InputError, match="row 2: the cell is empty"):
        read_label_table(path)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([True, False, None]),
        pa.array(["present", "absent", None]).dictionary_encode(),
        pa.array([1, 0, None], pa.int8()),
        pa.array([1.0, 0.0, float("nan")], pa.float64()),
        pa.chunked_array([["1"], ["0", ""]]),
    ],
    ids=["bool", "categories", "int", "float", "text in chunks"],
)
def test_parquet_types(tmp_path, column):
    path = tmp_path / "labels.parquet"
    ids = pa.array(["a", "b", "c"]).dictionary_encode()
    pq.write_table(pa.table({"id": ids, "Edema": column}), path)
    table = read_label_table(path)
    assert table.labels.classes[:, 0].tolist() == [1, 2, 0]
    assert table.ids.tolist() == ["a", "b", "c"]


def test_reports_in_another_encoding_do_not_matter_beside_labels(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_bytes("report,id,Edema\nfrançais,a,1\n".encode("latin-1"))
    assert read_label_table(path).labels.classes.tolist() == [[1]]


def test_probabilities_of_positive_and_of_every_label(tmp_path):
    one = write(tmp_path / "one.csv", "id,Edema,Edema probability\na,1,0.75\nb,,\n")
    table = read_label_table(one)
    assert table.probabilities[0, 0, Label.POSITIVE] == np.float32(0.75)
    assert np.isnan(table.probabilities[1, 0, Label.POSITIVE])
    assert np.isnan(table.probabilities[0, 0, Label.BLANK])
    every = write(
        tmp_path / "four.csv",
        "id,Edema,Edema (blank),Edema (positive),Edema (negative),Edema (uncertain)\n"
        "a,1,0.1,0.7,0.1,0.1\n",
    )
    np.testing.assert_allclose(
        read_label_table(every).probabilities[0, 0], [0.1, 0.7, 0.1, 0.1], atol=1e-6
    )
    own = write(tmp_path / "own.csv", "id,Edema,score:Edema\na,1,0.5\n")
    assert read_label_table(own).probabilities is None
    table = read_label_table(own, probability_columns="score:{observation}")
    assert table.probabilities[0, 0, Label.POSITIVE] == 0.5


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_nested_probabilities(tmp_path, suffix):
    path = tmp_path / f"labels{suffix}"
    chances = {"blank": 0.25, "positive": 0.75, "negative": 0.0, "uncertain": 0.0}
    rows = [{"id": "a", "Edema": 1.0, "probabilities": {"Edema": chances}}]
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        write(path, json.dumps(rows[0]) + "\n")
    assert read_label_table(path).probabilities[0, 0].tolist() == [0.25, 0.75, 0.0, 0.0]


def test_readers_ratings_are_binarized_as_chexperts_were(tmp_path):
    text = "id,Edema\na,uncertain likely\nb,Uncertain Unlikely\nc,present\nd,absent\n"
    path = write(tmp_path / "reader.csv", text)
    assert read_label_table(path).labels.classes[:, 0].tolist() == [3, 3, 1, 2]
    ratings = read_label_table(path, words=READER_WORDS)
    assert ratings.labels.classes[:, 0].tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        ("id,Edema\na,2\n", {}, InputError, "row 1: '2' is no label"),
        ("id,Edema\na,1\nb,maybe\n", {}, InputError, "row 2: 'maybe' is no label"),
        ("id,Edema\na," + "word " * 40 + "\n", {}, InputError, "a text of 2"),
        ("", {}, InputError, "the file is empty"),
        ("id,Heart\na,1\n", {}, ColumnError, "no column is an observation"),
        ("id,Lung Opacity,Airspace Opacity\na,1,1\n", {}, ColumnError, "are both 'Lung Opacity'"),
        ("id,Edema,Edema\na,1,1\n", {}, ColumnError, "occurs twice"),
        ("id,Edema\na,1\n", {"id_column": "study"}, ColumnError, "no id column 'study'"),
        ("id,Edema\na,1\n", {"patient_column": "p"}, ColumnError, "no patient column 'p'"),
        ("id,Edema\n ,1\n", {}, InputError, "row 1: the cell is empty"),
        ("id,Edema\na,1,1\n", {}, InputError, "row 1 (line 2) has 3 cells, not 2"),
        ("id,Edema,Edema probability\na,1,1.5\n", {}, InputError, "1.5 is no probability"),
        (
            "id,Edema,Edema probability\na,1,high\n",
            {},
            InputError,
            "row 1: 'high' is no probability",
        ),
        ("id,Edema\na,1\n", {"probability_columns": "p"}, ColumnError, "need {observation}"),
        ("id,Edema\na,1\n", {"probability_columns": "{observation} p"}, ColumnError, "named like"),
        ("id,Edema\na,1\n", {"schema": "nothing"}, SchemaError, "no schema 'nothing'"),
    ],
)
def test_errors_name_the_place(tmp_path, text, options, error, message):
    path = write(tmp_path / "labels.csv", text)
    with pytest.raises(error) as caught:
        read_label_table(path, **options)
    assert message in str(caught.value)
    assert "word word" not in str(caught.value)


def test_a_row_that_does_not_parse_is_not_quoted(tmp_path):
    path = write(tmp_path / "labels.csv", "text,Edema\nsecret finding, unquoted,1\n")
    with pytest.raises(InputError) as caught:
        read_label_table(path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["labels.xlsx", "labels", "missing.csv", "broken.parquet"])
def test_files_that_cannot_be_read(tmp_path, name):
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"not parquet")
    with pytest.raises(InputError):
        read_label_table(tmp_path / name)


def test_broken_json_lines(tmp_path):
    for text in ("[1]\n", "{oops\n", '{"id": "a", "Edema": 1}\n{"id": \n'):
        with pytest.raises(InputError):
            read_label_table(write(tmp_path / "labels.jsonl", text))


def test_matching_brings_rows_and_columns_together(tmp_path):
    truth = write(tmp_path / "t.csv", "id,Edema,Fracture\nb,1,0\na,,1\n")
    predicted = write(tmp_path / "p.csv", "Fracture,Pneumonia,id,Edema\n1,1,a,-1\n0,1,b,1\n")
    matched = match_label_tables([read_label_table(truth), read_label_table(predicted)])
    first, second = matched.tables
    assert first.labels.schema.names == second.labels.schema.names == ("Edema", "Fracture")
    assert first.ids.tolist() == second.ids.tolist() == ["b", "a"]
    assert second.labels.classes.tolist() == [[1, 2], [3, 1]]
    assert "Pneumonia" in matched.left_out_observations


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        (["a", "b"], ["a"], "1 id is only in"),
        (["a"], ["a", "b", "c"], "2 ids are only in"),
        (["a", "a"], ["a", "b"], "1 id is more than once: 'a'"),
        (["a"], ["x"], "share no id"),
        ([], ["a"], "no rows"),
    ],
)
def test_rows_that_do_not_match(tmp_path, truth, predicted, message):
    tables = [
        read_label_table(simple(tmp_path / "t.csv", truth)),
        read_label_table(simple(tmp_path / "p.csv", predicted)),
    ]
    with pytest.raises(InputError) as caught:
        match_label_tables(tables)
    assert message in str(caught.value)


def test_shared_ids_only_says_how_many_were_dropped(tmp_path):
    tables = [
        read_label_table(simple(tmp_path / "t.csv", ["a", "b", "c"], values=["1", "0", "-1"])),
        read_label_table(simple(tmp_path / "p.csv", ["c", "d", "a"], values=["0", "1", ""])),
    ]
    matched = match_label_tables(tables, shared_only=True)
    assert matched.left_out_rows == (1, 1)
    assert [table.ids.tolist() for table in matched.tables] == [["a", "c"], ["a", "c"]]
    assert matched.tables[1].labels.classes[:, 0].tolist() == [Label.BLANK, Label.NEGATIVE]


def test_no_ids_no_matching_unless_by_row_order(tmp_path):
    tables = [
        read_label_table(write(tmp_path / f"{i}.csv", "Edema,Fracture\n1,\n")) for i in range(2)
    ]
    with pytest.raises(InputError, match="--by-row-order"):
        match_label_tables(tables)
    assert len(match_label_tables(tables, by_row_order=True).tables[1]) == 1
    longer = read_label_table(write(tmp_path / "3.csv", "Edema\n1\n0\n"))
    with pytest.raises(InputError, match="same length"):
        match_label_tables([tables[0], longer], by_row_order=True)


def test_tables_without_a_shared_observation(tmp_path):
    tables = [
        read_label_table(simple(tmp_path / "t.csv", ["a"], "Edema")),
        read_label_table(simple(tmp_path / "p.csv", ["a"], "Fracture")),
    ]
    with pytest.raises(ColumnError, match="share no observation"):
        match_label_tables(tables)


def test_helpers():
    assert shared_id_column([["Study_ID", "ID"], ["study_id"]]) == "study_id"
    assert shared_id_column([["a"], ["id"]]) is None
    part = SCHEMA.restrict(["Effusion", "Edema"])
    assert part.names == ("Edema", "Pleural Effusion")
    assert part.observations[0].parents == ()
    assert SCHEMA.restrict(SCHEMA.names) is SCHEMA
