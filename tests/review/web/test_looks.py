"""Every page at two widths, light and dark: accessible, and nothing beyond the edge."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright.sync_api")

from lingula.review.records import Judgement
from tests.review.web.axe import axe_source, violations
from tests.review.web.making import Site, make_store, start

PAGES = {
    "quinta": ("/read/1", "/progress", "/practice"),
    "cora": ("/adjudicate", "/adjudicate/2", "/agreement"),
    "mia": ("/people", "/definitions"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two readers, who have read two reports and differ on one."""
    folder = tmp_path_factory.mktemp("review")
    store = make_store(folder / "review.sqlite", practice=1)
    mia = store.people()[3]
    store.set_definition(mia, "Edema", "Interstitial or alveolar; congestion alone is not enough.")
    for number, person in enumerate(store.people()[:2]):
        said = [("mark", "Edema", "0-8"), ("comment", None, "Second look?"), ("submit", None, "1")]
        for report in (1, 2):
            answers = [("label", "Edema", str(1 + number)), *said]
            store.record(
                person, [Judgement(uuid.uuid4().hex, report, k, o, v) for k, o, v in answers]
            )
    store.close()
    running = start(folder / "review.sqlite", folder)
    yield running
    assert running.end() == 0, running.said()


@pytest.fixture(scope="module")
def signed_in(site: Site, browser: Any) -> Iterator[dict[str, Any]]:
    contexts = {}
    for name in PAGES:
        contexts[name] = browser.new_context()
        page = contexts[name].new_page()
        page.goto(site.links[name])
        page.click("#enter")
        page.wait_for_selector("nav")
        page.close()
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_and_are_accessible(
    site: Site, signed_in: dict[str, Any], width: int, scheme: str
) -> None:
    source = axe_source()
    wrong = []
    for name, paths in PAGES.items():
        page = signed_in[name].new_page()
        page.set_viewport_size({"width": width, "height": 900 if width > 500 else 844})
        page.emulate_media(color_scheme=scheme)
        for path in paths:
            page.goto(site.url + path)
            for asked in ("", *(["help", "search"] if path == "/read/1" else [])):
                if asked:
                    page.click(f"[data-do='{asked}']")
                    page.wait_for_selector(f"#{asked}[open]")
                wrong += [f"{name} {path} {asked}: {line}" for line in violations(page, source)]
                picture(page, f"{name}{path.replace('/', '-')}{asked}-{width}-{scheme}")
                if asked:
                    page.keyboard.press("Escape")
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{name} {path} is {wide} pixels wide")
        page.close()
    assert wrong == []


def picture(page: Any, name: str) -> None:
    """Kept where LINGULA_SCREENSHOTS says, for people to look at."""
    folder = os.environ.get("LINGULA_SCREENSHOTS")
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
