"""Arrow batches in and out: the labels of ``lingula label``, one batch at a time."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lingula
from lingula.errors import ColumnError, InputError
from lingula.pipeline import run

TEXTS = [
    "FINDINGS: No pneumothorax. Small effusion.\nIMPRESSION: Possible pneumonia.",
    "n/a",
    "",
    None,
    "Der Thorax ist unauffällig und die Lungen sind frei.",
    "Cardiomegaly.",
] * 700


def table() -> pa.Table:
    return pa.table({"id": range(len(TEXTS)), "report": TEXTS})


def test_labels_are_those_of_the_command(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out.parquet", lingula.load("rules"))
    found = lingula.label_batches(table(), "rules").read_all()
    assert found.equals(pq.read_table(tmp_path / "out.parquet").cast(found.schema))


def test_batches_are_read_when_they_are_asked_for() -> None:
    read = []

    def batches():
        for batch in table().to_batches(max_chunksize=100):
            read.append(len(batch))
            yield batch

    reader = pa.RecordBatchReader.from_batches(table().schema, batches())
    labeled = lingula.label_batches(reader, lingula.load("rules"), suffix="_l")
    assert read == []
    first = labeled.read_next_batch()
    assert (first.num_rows, read) == (100, [100])
    assert first.schema.names[:3] == ["id", "report", "No Finding_l"]


def test_what_exports_a_stream_is_taken() -> None:
    class Exports:
        def __arrow_c_stream__(self, requested=None):
            return table().__arrow_c_stream__(requested)

    found = lingula.label_batches(Exports(), "rules", text_columns="report").read_all()
    assert found.num_rows == len(TEXTS)
    (batch,) = table().slice(0, 2).to_batches()
    assert lingula.label_batches(batch, "rules").read_all().num_rows == 2


def test_other_things_are_refused() -> None:
    with pytest.raises(InputError, match="no stream of Arrow batches"):
        lingula.label_batches(["No edema."], "rules")
    with pytest.raises(ColumnError, match="other"):
        lingula.label_batches(table(), "rules", text_columns="other")
    with pytest.raises(InputError, match="language"):
        lingula.label_batches(table(), "rules", language="de")
    again = lingula.label_batches(table(), "rules").read_all()
    with pytest.raises(ColumnError, match="already has a column"):
        lingula.label_batches(again, "rules")
