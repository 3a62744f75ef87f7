"""Damaged tables of every form: read, or one clear error in one line; never anything else."""

import io
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lingula.errors import InputError, LingulaError
from lingula.tables.label_table import read_label_table
from lingula.tables.open_source import open_source
from lingula.tables.reading import read_table
from lingula.tables.report_table import read_report_table
from lingula.tables.score_table import read_prediction_table

ROWS = [
    {"study_id": f"s{row}", "report": text, "Edema": label}
    for row, (text, label) in enumerate(
        [("No effusion.", 0), ('Mild, "edema".\nClear.', 1), ("Élan.", -1), ("", None)] * 5
    )
]
ODD = (b'"', b"\x00", b"\n", b",", b"\xff\xfe", b"{", b"[[", b'"""', b"\r", b"\xed\xa0\x80")
STARTS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b"PK\x03\x04", b"BZh9", b"[", b"PAR1")
ENCODINGS = ("utf-16", "latin-1", "utf-32", "utf-7", "cp1252")


def whole(kind):
    if kind == "json":
        return json.dumps(ROWS).encode()
    if kind == "jsonl":
        return "\n".join(map(json.dumps, ROWS)).encode()
    if kind == "parquet":
        data = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(ROWS), data, row_group_size=5)
        return data.getvalue()
    lines = ["study_id,report,Edema", *(f'{r["study_id"]},"x, {r["Edema"]}",' for r in ROWS)]
    text = "\n".join(lines).encode()
    return text if kind == "csv" else pa.compress(text, codec="gzip", asbytes=True)


def damaged(data, chance):
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    kind = chance.randrange(6)
    if kind == 0:
        return bytes(chance.randrange(256) for _ in range(chance.randrange(300)))
    if kind == 1:
        return data[:start]
    if kind == 2:
        changed = bytearray(data)
        for _ in range(5):
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return bytes(changed)
    if kind == 3:
        return data[:start] + chance.choice(ODD) * chance.randrange(1, 4) + data[start:]
    if kind == 4:
        return data[:start] + data[end:]
    return chance.choice(STARTS) + data


def read_all(path, chance):
    source = open_source(
        path,
        encoding=chance.choice(("utf-8", "utf-8", "utf-8", *ENCODINGS)),
        skip_bad_rows=chance.random() < 0.5,
        header=chance.random() < 0.8,
    )
    rows = 0
    for batch in source.batches():
        batch.validate(full=True)
        rows += len(batch.to_pylist())
    assert rows == source.rows


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl", "json", "parquet"])
def test_whatever_the_bytes_are(tmp_path, kind):
    data, path = whole(kind), tmp_path / f"t.{kind}"
    for seed in range(150):
        chance = random.Random(f"{kind} {seed}")
        path.write_bytes(damaged(data, chance))
        for read in (
            lambda: read_all(path, chance),  # noqa: B023 (called at once)
            lambda: read_label_table(path),
            lambda: read_prediction_table(path),
            lambda: read_report_table(path),
            lambda: read_table(path),
        ):
            try:
                read()
            except LingulaError as error:
                message = str(error)
                assert len(message) < 2000 and message.isprintable(), message


@pytest.mark.parametrize(
    "encoding", ["idna", "base64", "undefined", "rot13", "hex", "punycode", "unicode_escape", "no"]
)
def test_codecs_that_are_no_encodings_of_text(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_text("id,report\n1,Clear.\n")
    with pytest.raises(InputError, match="there is no encoding"):
        open_source(path, encoding=encoding)


def test_bytes_that_are_not_utf8_inside_parquet(tmp_path):
    raw = pa.array([b"Clear.", b"\xff\xfe"]).view(pa.string())
    pq.write_table(
        pa.table({"id": ["a", "b"], "report": raw, "Edema": raw}), tmp_path / "t.parquet"
    )
    for read in (read_report_table, read_label_table):
        with pytest.raises(InputError, match=r"is damaged: .*UTF8"):
            read(tmp_path / "t.parquet")


def test_blank_lines_before_the_header_of_labels(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\n\nid,Edema\na,1\n")
    assert read_label_table(path).labels.classes.tolist() == [[1]]
    assert read_report_table(path, text_columns=["Edema"]).texts == ("1",)
