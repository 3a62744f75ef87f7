"""The page, the figures, the data sheet."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
from audit_rows import other, random_labels

from lingula.audit import Audit, AuditInput, AuditOptions, Groups, audit
from lingula.audit.checks import CHECKS
from lingula.audit.datasheet import datasheet
from lingula.audit.document import audit_document
from lingula.audit.result import level_of
from lingula.audit.values import audit_values
from lingula.audit.wording import clause, count_of, join
from lingula.documents import Level, to_html, to_json, to_markdown
from lingula.images.gray_ranges import GrayRanges

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
            scores=generator.random((n, len(labels.schema))),
            grays=GrayRanges(generator.random(n) < 0.1, generator.random(n) < 0.1, {0: "a.png: x"}),
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
    tags = _tags(to_html(audit_document(whole)))
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
    page = to_html(audit_document(whole))
    assert HOSTILE not in page
    assert "&lt;script&gt;document.title" in page
    assert 'name="generator"' in page


def test_the_same_audit_gives_the_same_files(whole: Audit) -> None:
    assert to_html(audit_document(whole)) == to_html(audit_document(whole))
    assert to_json(audit_values(whole)) == to_json(audit_values(whole))


def test_json_holds_every_figure(whole: Audit) -> None:
    found = json.loads(to_json(audit_values(whole)))
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
    sheet = to_markdown(datasheet(whole))
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


def test_words() -> None:
    assert join(["a"]) == "a"
    assert join(["a", "b", "c"]) == "a, b and c"
    assert join([str(i) for i in range(10)], 3) == "0, 1, 2 and 7 more"
    assert [count_of(n, "studies") for n in (1, 2)] == ["1 study", "2 studies"]
    assert [count_of(n, "rows") for n in (1, 2000)] == ["1 row", "2,000 rows"]
    assert clause(1, "rows", "has", "have") == "1 row has"
    assert clause(0, "rows", "has", "have") == "0 rows have"
    assert [level_of(s) for s in (None, 1.0, 0.8, 0.1)] == [
        Level.MISSING, Level.GOOD, Level.LOOK, Level.ACT,
    ]  # fmt: skip
