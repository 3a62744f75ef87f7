"""The same as the benchmark of the pages, small: killed servers, and a browser by the keyboard."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

import review_pages
from postgres import programs, running


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_servers_lose_and_double_nothing(tmp_path: Path, kind: str) -> None:
    if kind == "sqlite":
        figures = review_pages.storm(tmp_path, readers=3, kills=2, reports=5)
    else:
        pytest.importorskip("psycopg")
        if programs() is None:
            pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
        with running() as server:
            figures = review_pages.storm(
                tmp_path, readers=3, kills=2, reports=5, database=server.database()
            )
    assert figures["acknowledged"] > 20 and figures["sent again"] > 0


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium: apt-get install it")
def test_every_key_is_in_the_export(tmp_path: Path) -> None:
    pytest.importorskip("playwright.sync_api")
    figures = review_pages.keys(tmp_path, 3, 50)
    assert figures["cells of the export, all as pressed"] == 42
    # 14 labels and the submission of each report, less what the last page took with it.
    assert figures["judgements timed"] >= 42
