"""The page, the figures, the data sheet."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from audit_rows import other, random_labels

from lingula.audit import Audit, AuditInput, AuditOptions, Groups, audit
from lingula.audit.checks import CHECKS
from lingula.audit.render import html as page_module
from lingula.audit.render import to_datasheet, to_html, to_json
from lingula.audit.render.figures import show, tints
from lingula.audit.result import Kind, Level, level_of
from lingula.audit.wording import clause, count_of, join, percent

HOSTILE = '<script>document.title = "owned"</script><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def whole() -> Audit:
    """An audit in which every check has something to say."""
    n = 300
    labels = random_labels(n, 1)
    generator = np.random.default_rng(2)
    texts = [f"Report {i // 2} about the chest, {HOSTILE}" for i in range(n)]
    texts[5] = "No significant change."
    return audit(
        AuditInput(
            labels=labels,
            ids=[f"row|{i}" for i in range(n)],
            name=f"A set {HOSTILE}",
            patients=Groups.of([str(i // 3) for i in range(n)]),
            studies=Groups.of([str(i % 3) for i in range(n)]),
            splits=Groups.of(["train" if i % 5 else "test" for i in range(n)]),
            texts=texts,
            metadata=pa.table({"sex": generator.choice(["F", HOSTILE], n)}),
            compare=(other(random_labels(n, 3), name=HOSTILE),),
            truth=other(random_labels(n, 4).take(range(90)), range(90)),
        ),
        AuditOptions(resamples=100, show_text=True),
    )


class _Tags(HTMLParser):
    """Collects tags and their attributes, and checks that they are closed in order."""

    VOID = frozenset({"meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser.seen


def test_every_check_has_a_result_and_a_score(whole: Audit) -> None:
    assert [result.name for result in whole.checks] == [check.name for check in CHECKS]
    for result in whole.checks:
        assert result.score is not None, result.name
        assert 0 <= result.score <= 1
        assert result.summary.endswith(".")
        assert all(finding.text.endswith(".") for finding in result.findings)
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_the_page_is_whole_and_asks_for_nothing(whole: Audit) -> None:
    tags = _tags(to_html(whole))
    for tag, attributes in tags:
        assert tag not in {"img", "iframe", "object", "embed", "base", "form"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            value = attributes.get(name) or ""
            assert value in ("", "data:,") or value.startswith("#"), (tag, value)
    assert [tag for tag, _ in tags].count("script") == 1
    anchors = {a["href"][1:] for tag, a in tags if tag == "a" and a.get("href")}
    assert anchors == {check.name for check in CHECKS}
    assert anchors <= {a.get("id") for _, a in tags}
    ids = [a["id"] for _, a in tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_hostile_text_is_shown_escaped(whole: Audit) -> None:
    page = to_html(whole)
    assert HOSTILE not in page
    assert "&lt;script&gt;document.title" in page
    assert 'name="generator"' in page


def test_the_policy_allows_the_pages_own_script_alone(whole: Audit) -> None:
    import base64
    import hashlib

    page = to_html(whole)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page


def test_the_same_audit_gives_the_same_files(whole: Audit) -> None:
    assert to_html(whole) == to_html(whole)
    assert to_json(whole) == to_json(whole)


def test_json_holds_every_figure(whole: Audit) -> None:
    found = json.loads(to_json(whole))
    assert list(found["checks"]) == [check.name for check in CHECKS]
    assert found["overview"]["rows"] == 300
    for result in whole.checks:
        there = found["checks"][result.name]
        assert there["score"] == result.score
        assert set(there["measures"]) == {measure.name for measure in result.measures}
        assert set(there["exhibits"]) == {item.name for item in result.exhibits}
        assert len(there["exhibits"]) == len(result.exhibits), "names must differ"
    assert found["checks"]["references"]["row_ids"] == ["row|5"]
    labels = found["checks"]["prevalence"]["exhibits"]["labels"]["rows"]
    assert labels[0]["label"] == "No Finding"
    assert labels[0]["positive"] == int((random_labels(300, 1).classes[:, 0] == 1).sum())


def test_the_data_sheet_fills_in_and_asks(whole: Audit) -> None:
    sheet = to_datasheet(whole)
    assert sheet.startswith("# Data sheet: A set \\<script\\>")
    assert sheet.count("*To be written:*") >= 8
    assert "★" in sheet
    assert "Report 1 about" not in sheet
    assert "row|1" not in sheet
    # Every row of a Markdown table has as many cells as its head.
    for block in sheet.split("\n\n"):
        if block.startswith("| "):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(widths) == 1


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, Kind.COUNT, "–"), (float("nan"), Kind.NUMBER, "–"), (1234, Kind.COUNT, "1,234"),
        (0.0, Kind.SHARE, "0%"), (0.5, Kind.SHARE, "50.0%"), (0.00312, Kind.BOUND, "0.31%"),
        (0.00001, Kind.SHARE, "under 0.01%"), (0.999999, Kind.SHARE, "over 99.99%"),
        (1.0, Kind.SHARE, "100.0%"), (0.995, Kind.SHARE, "99.50%"), (3, Kind.STARS, "★★★☆☆"),
        (0.333, Kind.NUMBER, "0.33"), (20977.4, Kind.NUMBER, "20,977"), ("x", Kind.TEXT, "x"),
    ],
)  # fmt: skip
def test_figures_as_text(value: object, kind: Kind, text: str) -> None:
    assert show(value, kind) == text  # type: ignore[arg-type]


def test_words() -> None:
    assert join(["a"]) == "a"
    assert join(["a", "b", "c"]) == "a, b and c"
    assert join([str(i) for i in range(10)], 3) == "0, 1, 2 and 7 more"
    assert [count_of(n, "studies") for n in (1, 2)] == ["1 study", "2 studies"]
    assert [count_of(n, "rows") for n in (1, 2000)] == ["1 row", "2,000 rows"]
    assert percent(0.125) == "12.5%"
    assert clause(1, "rows", "has", "have") == "1 row has"
    assert clause(0, "rows", "has", "have") == "0 rows have"
    assert [level_of(s) for s in (None, 1.0, 0.8, 0.1)] == [
        Level.MISSING, Level.GOOD, Level.LOOK, Level.ACT,
    ]  # fmt: skip
    assert tints((0.5, 0.25, 1.0, None), (False, False, True, False)) == [1, 0.25, 0, 0]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other_colour: str) -> float:
    """Contrast ratio of WCAG 2.1."""
    high, low = sorted((_luminance(one), _luminance(other_colour)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_of_both_themes_have_contrast(theme: int) -> None:
    style = (Path(page_module.__file__).parent / "templates" / "audit.css").read_text("utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[theme]
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))
    texts = ("ink", "muted", "accent", "good", "look", "act", "missing", "star")
    for text, ground in itertools.product(texts, ("card", "paper")):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for level in ("good", "look", "act", "missing"):
        soft = colours[f"{level}-soft"]
        assert contrast(colours[level], soft) >= 4.5, level
        assert contrast(colours["ink"], soft) >= 4.5, level
    assert contrast(colours["ink"], colours["accent-soft"]) >= 4.5
    # Neighbouring parts of a bar must be told apart.
    assert contrast(colours["part1"], colours["part4"]) >= 2
