"""axe-core, Deque's checker of accessibility, from npm's package of that name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

#: Text contrast of 4.5 (WCAG AA) is among them.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def axe_source() -> str:
    """Its program; the test that asks is skipped where there is none."""
    place = os.environ.get("LINGULA_AXE")
    if place is None or not Path(place).is_file():
        pytest.skip("needs axe-core: npm pack axe-core, and LINGULA_AXE=.../axe.min.js")
    return Path(place).read_text(encoding="utf-8")


def violations(page: Any, source: str) -> list[str]:
    """What it finds wrong with a page as it stands, as lines."""
    page.evaluate(source)
    found = page.evaluate("(rules) => axe.run(document, rules)", RULES)
    assert found["passes"]
    return [
        f"{item['id']}: {node['html'][:120]}: {node['failureSummary']}"
        for item in found["violations"]
        for node in item["nodes"]
    ]
