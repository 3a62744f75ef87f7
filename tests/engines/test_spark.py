"""Spark's DataFrames, on a Spark of this machine's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyspark")

ROOT = Path(__file__).parents[2]

# A program of its own: Spark keeps sockets and threads that a test suite would trip over.
PROGRAM = """
import sys
import lingula
import pyarrow as pa
from lingula.engines import spark
from pyspark.sql import SparkSession

session = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.sql.execution.arrow.maxRecordsPerBatch", "3")
    .config("spark.driver.memory", "512m")
    .getOrCreate()
)
rows = [(n, "note", text) for n, text in enumerate(%r)]
df = session.createDataFrame(rows, "n int, kind string, report string").repartition(3)
for wrong in ("n", "nothing"):
    try:
        spark.label(df, wrong)
    except lingula.ColumnError as error:
        assert "kind, report" in str(error), error
    else:
        raise SystemExit("not refused")
try:
    spark.label(df.withColumnRenamed("kind", "Edema"), "report")
except lingula.ColumnError as error:
    assert "'Edema' already" in str(error), error
found = {row["n"]: row for row in spark.label(df, "report", "rules", suffix="?").collect()}
table = pa.table({"report": [text for _, _, text in rows]})
expected = lingula.label_batches(table, "rules", suffix="?").read_all().to_pylist()
assert len(found) == len(expected) == len(rows)
for n, wanted in enumerate(expected):
    row = found[n].asDict()
    assert (row.pop("n"), row.pop("kind")) == (n, "note")
    assert row == wanted, (row, wanted)
print("same", sum(value == 1 for row in expected for value in row.values()))
session.stop()
"""
TEXTS = [
    "No pneumothorax. Small left pleural effusion.",
    "Possible right basilar pneumonia.",
    None,
    "",
    "Stable cardiomegaly. No edema.",
    "The lungs are clear. No acute cardiopulmonary abnormality.",
    "Tubes and lines unchanged: a pacemaker is in place.",
]


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("java") is None and not os.environ.get("CI"),
    reason="Spark needs a Java runtime (apt-get install default-jre-headless); CI must have it",
)
def test_a_data_frame_gets_the_labels_of_a_table(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM % (TEXTS,)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"},
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("same")
    assert int(done.stdout.split()[1]) >= 4
