import json
from pathlib import Path

import pyarrow as pa
import pytest

from lingula.errors import InputError
from lingula.tables.formats import TableFormat
from lingula.tables.open_sink import open_sink
from lingula.tables.open_source import open_source
from lingula.tables.source import Reject


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_columns_get_the_kind_of_their_values(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        '{"id": "001", "n": 1, "x": 1, "ok": true, "when": "2026-01-02", "mixed": 1}',
        '{"text": "No edema.", "n": null, "x": 2.5, "mixed": "1", "deep": {"a": [1]}}',
        "",
        '{"id": "3", "text": NaN, "n": 9007199254740993}',
    )
    source = open_source(path)
    assert source.rows == 3
    assert source.blank_lines == 1
    types = dict(zip(source.schema.names, source.schema.types, strict=True))
    assert types["n"] == pa.int64()
    assert types["x"] == pa.float64()
    assert types["ok"] == pa.bool_()
    assert types["when"] == types["text"] == types["mixed"] == pa.string()
    (batch,) = source.batches()
    assert batch.column("n").to_pylist() == [1, None, 9007199254740993]
    assert batch.column("text").to_pylist() == [None, "No edema.", None]
    assert batch.column("mixed").to_pylist() == ["1", '"1"', None]


def test_values_come_back_as_they_were(tmp_path: Path) -> None:
    objects = [
        {"id": "001", "n": 12, "mixed": 1, "deep": {"a": [1, "x"]}, "text": 'A "b"\n\u2028 é 👍'},
        {"id": "1e5", "n": 10**15, "mixed": "1", "deep": None, "text": ""},
    ]
    path = write(tmp_path / "a.jsonl", *map(json.dumps, objects))
    source = open_source(path)
    sink = open_sink(tmp_path / "b", source.schema, TableFormat("jsonl"))
    for batch in source.batches():
        sink.write(batch)
    sink.close()
    back = (tmp_path / "b").read_text(encoding="utf-8").split("\n")[:-1]
    assert [json.loads(line) for line in back] == objects


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "No edema."', "is not JSON"),
        ("[1]", "is no JSON object"),
        ('{"x": Infinity}', "Infinity is no JSON number"),
        ('{"text": "\\ud83d"}', "half of a surrogate pair"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_bad_lines(tmp_path: Path, line: str, reason: str) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "Good."}', line, '{"text": "Good."}')
    with pytest.raises(InputError, match=r"row 2 \(line 2\)") as caught:
        open_source(path)
    assert reason in str(caught.value)
    rejects: list[Reject] = []
    source = open_source(path, skip_bad_rows=True)
    assert source.rows == sum(batch.num_rows for batch in source.batches(rejects.append)) == 2
    assert [reject.row for reject in rejects] == [2]


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "a"}\n{"text": "\xe9"}\n')
    with pytest.raises(InputError, match=r"row 2 .*0xE9.*byte 24 .*--encoding"):
        open_source(path)
    (batch,) = open_source(path, encoding="latin-1").batches()
    assert batch.column("text").to_pylist() == ["a", "é"]


def test_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty"):
        open_source(write(tmp_path / "a.jsonl", ""))
