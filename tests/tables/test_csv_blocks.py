"""The fast way through CSV reads what the slow way reads, or leaves it to that."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lingula.errors import InputError
from lingula.tables import csv_blocks
from lingula.tables.csv_blocks import CsvBlocks, UnclearError
from lingula.tables.open_source import open_source

pieces = st.sampled_from(
    ['"', '""', ",", "\n", "\r\n", "\r", "a", "é", " ", "\t", "b,c", '"x"', '"x\ny"', "\0", "\n\n"]
)
cells = st.text(st.sampled_from('ab ,"\n\ré'), max_size=6)


def slow(path: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    """What the slow way reads: its rows, or its error."""
    with monkeypatch.context() as patch:
        patch.setattr(CsvBlocks, "__init__", _unclear)
        return read(path, **options)


def _unclear(*_: object) -> None:
    raise UnclearError


def read(path: Path, **options: Any) -> Any:
    try:
        table = open_source(path, **options)
        batches = list(table.batches())
    except InputError as error:
        return str(error)
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert len(rows) == table.rows
    return table.schema, rows, table.blank_lines


@settings(max_examples=400)
@given(st.lists(pieces, max_size=14).map("".join), st.integers(3, 40))
@example('id,text\n1,"a ""quoted"" word"\n2,""\n', 5)
@example('id,text\n1,a "quoted" word\n', 5)
@example("text\na\n \nb\n", 50)
@example('text\n"a\n\nb"\n""\n', 3)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: str, block: int) -> None:
    path = tmp_path_factory.mktemp("t") / "in.csv"
    path.write_bytes(("id,text\n" + data).encode())
    with pytest.MonkeyPatch.context() as patch:
        wanted = slow(path, patch)
        patch.setattr(csv_blocks, "BLOCK_BYTES", block)
        assert read(path) == wanted


@settings(max_examples=150)
@given(
    st.lists(st.tuples(cells, cells, cells), max_size=12),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(8, 60),
)
def test_what_csv_writes(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    quoting: Any,
    end: str,
    block: int,
) -> None:
    path = tmp_path_factory.mktemp("t") / "in.csv"
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=quoting, lineterminator=end)
    writer.writerows([("a", "b", "text"), *rows])
    path.write_bytes(stream.getvalue().encode("utf-8-sig"))
    with pytest.MonkeyPatch.context() as patch:
        wanted = slow(path, patch)
        patch.setattr(csv_blocks, "BLOCK_BYTES", block)
        assert read(path) == wanted
    if quoting == csv.QUOTE_ALL:
        assert [tuple(row.values()) for row in wanted[1]] == rows


def test_a_plain_file_goes_the_fast_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in.csv"
    text = '"Findings: no ""edema"".\n\nImpression: none, é."'
    path.write_bytes(b"id,text\n" + b"".join(f"{n},{text}\n".encode() for n in range(5000)))
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 10_000)
    monkeypatch.setattr("lingula.tables.csv_source.CsvSource._records", None)
    table = open_source(path, batch_rows=999)
    batches = list(table.batches())
    assert [batch.num_rows for batch in batches] == [999] * 5 + [5]
    assert table.rows == 5000
    assert pa.Table.from_batches(batches)["text"][4999].as_py() == (
        'Findings: no "edema".\n\nImpression: none, é.'
    )


def test_long_rows_make_short_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,text\n" + "".join(f"{n},{'word ' * 200}\n" for n in range(500)))
    monkeypatch.setattr("lingula.tables.csv_source.BATCH_CHARACTERS", 20_000)
    sizes = [batch.num_rows for batch in open_source(path).batches()]
    assert sum(sizes) == 500
    assert max(sizes) <= 20


def test_a_file_that_becomes_unclear_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,text\n1,a\n")
    table = open_source(path)
    path.write_text('id,text\n1,"a\n')
    with pytest.raises(InputError, match="was changed while it was read"):
        list(table.batches())
