"""A column's name is written so that it is read again."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lingula.tables.formats import TableFormat
from lingula.tables.open_sink import open_sink
from lingula.tables.open_source import open_source


@pytest.mark.parametrize("name", ["a\rb", "a\nb", "a\r\nb", 'a"b', "a,b", " a", "é"])
@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_a_name_with_line_ends(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / f"o.{kind}"
    batch = pa.record_batch({"id": ["1"], name: ["x"]})
    sink = open_sink(path, batch.schema, TableFormat(kind))
    sink.write(batch)
    sink.close()
    source = open_source(path)
    assert source.schema.names == ["id", name]
    assert [row for batch in source.batches() for row in batch.to_pylist()] == [
        {"id": "1", name: "x"}
    ]
