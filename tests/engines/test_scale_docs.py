"""The examples of docs/scale.md, as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lingula
from tests.engines.conftest import rows

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```py(?:thon)?\n(.*?)```", PAGE, re.DOTALL)

SHOW = {
    "duckdb": "print(writer.sql(\"SELECT count(*) FROM 'by_duckdb.parquet' WHERE Edema = 1\")"
    ".fetchall()[0][0])",
    "polars": "print(labeled['Edema'].eq(1).sum())",
    "datasets": "print(sum(value == 1 for value in labeled.with_format(None)['Edema']))",
}


@pytest.mark.slow
@pytest.mark.parametrize("package", list(SHOW))
def test_an_example_labels(tmp_path: Path, package: str) -> None:
    pytest.importorskip(package)
    (example,) = [text for text in EXAMPLES if re.search(rf"(import|from) {package}\b", text)]
    table = pa.table(dict(zip(("id", "report"), zip(*rows(0, 40), strict=True), strict=True)))
    folder = tmp_path / "reports"
    folder.mkdir()
    for part in range(2):
        pq.write_table(table.slice(20 * part, 20), folder / f"{part}.parquet")
    done = subprocess.run(
        [sys.executable, "-c", example + SHOW[package]],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    labels = lingula.load("rules").label([text for _, text in rows(0, 40)])
    expected = int((labels["Edema"] == 1).sum())
    assert expected > 0
    assert int(done.stdout.split()[-1]) == expected
