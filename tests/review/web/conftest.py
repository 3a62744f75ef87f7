"""A review that is served, and a browser that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from tests.review.web.making import Site, make_store, start

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The small review, proposals shown, with a link for everybody."""
    make_store(tmp_path / "review.sqlite").close()
    running = start(tmp_path / "review.sqlite", tmp_path)
    yield running
    assert running.end() == 0, running.said()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Debian's Chromium without a window."""
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        )  # fmt: skip
        yield browser
        browser.close()
