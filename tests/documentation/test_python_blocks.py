"""Every Python block of the documentation runs, a page's blocks one after another."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lingula
from lingula.pipeline import Job, run
from tests.bert.conftest import chexbert_pth, tiny_folder, tiny_state

__all__ = ["chexbert_pth", "tiny_folder", "tiny_state"]

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PAGES = [
    page
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    if BLOCK.search(page.read_text(encoding="utf-8"))
]
#: Run by tests of their own.
ELSEWHERE = {"gradients.md", "score-generated-reports.md"}
REPORTS = ["Small left effusion. No pneumothorax.", "The lungs are clear.", "Possible edema."]


@pytest.fixture
def folder(tmp_path, chexbert_pth, tiny_folder, monkeypatch):
    """What the pages' examples are called, made here."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for name in ("chexbert.pth", "config.json"):
        shutil.copy(chexbert_pth.with_name(name), tmp_path / name)
    shutil.copytree(tiny_folder, tmp_path / "chexbert")
    rules = lingula.load("rules")
    for name in ("truth.csv", "predicted.csv"):
        run(Job.of(str(tmp_path / "examples" / "reports.csv"), str(tmp_path / name), rules))
    (tmp_path / "reports").mkdir()
    table = pa.table({"id": ["a", "b", "c"], "report": REPORTS})
    pq.write_table(table, tmp_path / "reports" / "part-0.parquet")
    pq.write_table(table, tmp_path / "reports.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in ELSEWHERE], ids=lambda page: page.name
)
def test_the_blocks_of_a_page_run(page, folder):
    text = page.read_text(encoding="utf-8")
    for toml in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        (folder / "own.toml").write_text(toml, encoding="utf-8")
    names = {"__name__": "example", "texts": REPORTS}
    for code in BLOCK.findall(text):
        exec(compile(code, str(page), "exec"), names)
