"""Any text comes through every form of table unchanged."""

import csv
import io
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lingula.errors import InputError
from lingula.tables.arrays import string_array
from lingula.tables.formats import TableFormat, format_of
from lingula.tables.open_sink import open_sink
from lingula.tables.open_source import open_source

# Python 3.10's csv module cannot read NUL.
FORBIDDEN = "\0" if sys.version_info < (3, 11) else ""
any_text = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=FORBIDDEN)
    | st.sampled_from(list("\"',;\t\r\n\\ \ufeff\x1a\x85\u2028👍é")),
    max_size=30,
)


def pass_through(source: Path, target: Path) -> list[tuple[str | None, ...]]:
    """Copy a table, and give its rows."""
    table = open_source(source, batch_rows=3)
    sink = open_sink(target, table.schema, format_of(target))
    rows: list[tuple[str | None, ...]] = []
    for batch in table.batches():
        rows += zip(*(column.to_pylist() for column in batch.columns), strict=True)
        sink.write(batch)
    sink.close()
    return rows


@settings(max_examples=120)
@given(st.lists(st.tuples(any_text, any_text), min_size=1, max_size=8))
@example([("\ufeff", ""), ('"', "\r"), ("\r\n", " \t"), ("001", "NA"), ("", "")])
def test_any_text_survives_every_form(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "a.csv")
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("id", "text"), *rows])
        for target in ("b.parquet", "c.jsonl", "d.tsv.gz", "e.jsonl.gz", "f.csv", "g.csv"):
            assert pass_through(path, Path(name, target)) == rows
            path = Path(name, target)


@settings(max_examples=100)
@given(st.lists(any_text.filter(lambda text: "\r" not in text), min_size=1, max_size=8))
def test_csv_is_written_as_pandas_writes_it(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "a.csv")
        for columns in (["text"], ["text", "x"]):
            frame = pd.DataFrame(dict.fromkeys(columns, texts))
            schema = pa.schema([(column, pa.string()) for column in columns])
            sink = open_sink(path, schema, TableFormat("csv"))
            sink.write(
                pa.RecordBatch.from_arrays([string_array(texts)] * len(columns), schema=schema)
            )
            sink.close()
            expected = frame.to_csv(index=False, lineterminator="\n")
            assert path.read_bytes().decode() == expected


def test_numbers_as_pandas_writes_them(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "float": [1.0, 0.1, float("nan"), 1e-9, -1.0],
            "int": [1, -2, 3, 2**60, 0],
            "bool": [True, False, True, True, False],
        }
    )
    frame["float32"] = frame["float"].astype("float32")
    batch = pa.RecordBatch.from_pandas(frame)
    sink = open_sink(tmp_path / "a", batch.schema, TableFormat("csv"))
    sink.write(batch)
    sink.close()
    assert (tmp_path / "a").read_text() == frame.to_csv(index=False)


def test_other_kinds_of_columns(tmp_path: Path) -> None:
    import datetime

    batch = pa.RecordBatch.from_pylist(
        [
            {"when": datetime.date(2026, 1, 2), "deep": {"a": [1, None]}, "word": "x"},
            {"when": None, "deep": None, "word": None},
        ]
    )
    columns = [batch.column(0), batch.column(1), batch.column(2).dictionary_encode()]
    batch = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
    for kind, expected in (
        ("csv", 'when,deep,word\n2026-01-02,"{""a"": [1, null]}",x\n,,\n'),
        (
            "jsonl",
            '{"when": "2026-01-02", "deep": {"a": [1, null]}, "word": "x"}\n'
            '{"when": null, "deep": null, "word": null}\n',
        ),
    ):
        sink = open_sink(tmp_path / kind, batch.schema, TableFormat(kind))
        sink.write(batch)
        sink.close()
        assert (tmp_path / kind).read_text() == expected


def test_bytes_that_are_no_text_are_refused_in_csv(tmp_path: Path) -> None:
    batch = pa.RecordBatch.from_pylist([{"image": b"\xff\xfe"}])
    sink = open_sink(tmp_path / "a", batch.schema, TableFormat("csv"))
    with pytest.raises(InputError, match="'image'"):
        sink.write(batch)
    sink.abandon()


def test_json_lines_cannot_hold_a_name_twice(tmp_path: Path) -> None:
    schema = pa.schema([("x", pa.string()), ("x", pa.string())])
    with pytest.raises(InputError, match="'x' occurs twice"):
        open_sink(tmp_path / "a", schema, TableFormat("jsonl"))


def test_columns_of_a_name_twice_stay_apart_in_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,note,note\nNo edema.,1,2\n")
    pass_through(path, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == path.read_text()


def test_json_text_is_plain_in_other_forms(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "x1", "tags": ["a"]}\n{"id": 2, "tags": null}\n')
    pass_through(path, tmp_path / "b.csv")
    pass_through(path, tmp_path / "c.parquet")
    assert list(csv.reader(io.StringIO((tmp_path / "b.csv").read_text()))) == [
        ["id", "tags"],
        ["x1", '["a"]'],
        ["2", ""],
    ]
    (batch,) = open_source(tmp_path / "c.parquet").batches()
    assert batch.to_pydict() == {"id": ["x1", "2"], "tags": ['["a"]', None]}


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz", "a.parquet", "a.csv"])
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,text\n" + "".join(f"{n},Report {n}.\n" for n in range(50)))
    written = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        pass_through(path, tmp_path / folder / name)
        written.append((tmp_path / folder / name).read_bytes())
    assert written[0] == written[1]


def test_parquet_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 no PAR1")
    with pytest.raises(InputError, match=r"is no Parquet file, or is damaged"):
        open_source(path)


def test_parquet_row_groups(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    from lingula.tables.parquet_sink import GROUP_ROWS

    schema = pa.schema([("text", pa.string())])
    sink = open_sink(tmp_path / "a.parquet", schema, TableFormat("parquet"))
    batch = pa.RecordBatch.from_arrays([string_array(["x"] * 4096)], schema=schema)
    for _ in range(GROUP_ROWS // 4096 + 1):
        sink.write(batch)
    sink.close()
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert file.metadata.num_row_groups == 2
    assert file.metadata.num_rows == GROUP_ROWS + 4096
