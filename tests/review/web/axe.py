"""axe-core, Deque's checker of accessibility: npm's program, as a package of PyPI carries it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

#: Text contrast of 4.5 (WCAG AA) is among them.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def axe_source() -> str:
    """Its program; the test that asks is skipped where it is not installed."""
    pytest.importorskip("axe_playwright_python", reason="pip install axe-playwright-python")
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


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
