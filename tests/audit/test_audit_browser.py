"""The page in a real browser: no console error, readable at two widths, sortable, never owned."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from audit_rows import other, random_labels
from browser import CHROMIUM, probe, visit

from lingula.audit import AuditInput, AuditOptions, Groups, audit
from lingula.audit.document import audit_document
from lingula.documents import to_html

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
HOSTILE = '<script>document.title = "owned"</script><img src=x onerror="document.title = 1">'
#: Where the screenshots are kept, if somebody wants to look at them.
PICTURES = "LINGULA_SCREENSHOTS"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    n = 600
    generator = np.random.default_rng(2)
    texts = [f"Report {i // 2}: the lungs are clear. {HOSTILE}" for i in range(n)]
    texts[5] = "No significant change."
    result = audit(
        AuditInput(
            labels=random_labels(n, 1),
            ids=[f"a/very/long/path/to/patient{i:05}/study1/view1_frontal.jpg" for i in range(n)],
            name="A made-up set",
            unit="image",
            patients=Groups.of([str(p) for p in generator.zipf(2.0, n).clip(max=200)]),
            studies=Groups.of([str(i // 2) for i in range(n)]),
            splits=Groups.of(["train" if i % 5 else "test" for i in range(n)]),
            texts=texts,
            metadata=pa.table(
                {
                    "sex": generator.choice(["F", "M", HOSTILE], n),
                    "age": generator.integers(0, 130, n),
                }
            ),
            compare=(
                other(random_labels(n, 3), name="labels_of_a_second_labeler_with_a_long_name.csv"),
            ),
            truth=other(random_labels(n, 4).take(range(90)), range(90)),
        ),
        AuditOptions(resamples=200, show_text=True),
    )
    path = tmp_path_factory.mktemp("page") / "audit.html"
    path.write_text(to_html(audit_document(result)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profile")


@pytest.mark.parametrize(("width", "height"), [(1280, 2400), (390, 2400)])
def test_the_page_as_it_is(page: Path, profile: Path, width: int, height: int) -> None:
    seen = visit(page, profile, width, height)
    assert seen.console == ()
    assert "<title>Label audit: A made-up set</title>" in seen.tree
    assert seen.picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert seen.picture.stat().st_size > 50_000, "the picture is nearly empty"
    if PICTURES in os.environ:
        shutil.copy(seen.picture, os.environ[PICTURES])


@pytest.fixture(scope="module", params=[(1280, False), (390, False), (1280, True)])
def seen(request: pytest.FixtureRequest, page: Path, profile: Path) -> Any:
    width, dark = request.param
    found = probe(page, profile, width, 1600, dark=dark)
    assert (found["width"], found["dark"]) == (width, dark)
    return found


def test_nothing_is_wider_than_the_window(seen: Any) -> None:
    assert seen["scroll"] <= seen["width"]


def test_every_text_has_contrast(seen: Any) -> None:
    assert seen["texts"] > 500
    assert seen["faint"] == []


def test_hostile_text_never_runs_even_without_the_policy(seen: Any) -> None:
    assert seen["title"] == "Label audit: A made-up set"


def test_every_column_sorts_both_ways(seen: Any) -> None:
    def number(key: str) -> float | None:
        try:
            return float(key)
        except ValueError:
            return None

    assert len(seen["sorted"]) > 40
    for name, found in seen["sorted"].items():
        assert found["same"], name
        assert {found["said"], found["then"]} == {"ascending", "descending"}, name
        for keys, order in ((found["first"], found["said"]), (found["second"], found["then"])):
            missing = [key == "" for key in keys]
            assert missing == sorted(missing), f"{name}: missing figures come last"
            numbers = [number(key) for key in keys if key]
            if all(value is not None for value in numbers):
                assert numbers == sorted(numbers, reverse=order == "descending"), name  # type: ignore[type-var]


def test_a_console_error_would_be_seen(tmp_path: Path, profile: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<script>undefinedFunction()</script>", encoding="utf-8")
    assert any(
        "undefinedFunction" in line for line in visit(broken, profile, 600, 300, draw=False).console
    )
