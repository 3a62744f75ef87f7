"""The examples: what a visitor tries first must be whole, varied and readable."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lingula.text import find_sections, normal_form, select_sections, split_sentences

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted((EXAMPLES / "folder").rglob("*.txt"))


def rows() -> list[dict[str, str]]:
    with (EXAMPLES / "reports.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_table() -> None:
    table = rows()
    assert len(table) >= 40
    assert list(table[0]) == ["study_id", "report"]
    assert len({row["study_id"] for row in table}) == len(table)
    assert len({normal_form(row["report"]) for row in table}) == len(table)
    assert sum(not row["report"] for row in table) == 1


def test_the_forms_that_the_readme_names() -> None:
    reports = [row["report"] for row in rows()]
    for wanted in ("XXXX", "___", "[**", "ADDENDUM", "WET READ", "FINAL REPORT", "<p>", "í", '"'):
        assert any(wanted in report for report in reports), wanted
    assert any(report.isupper() for report in reports)
    assert any("\n" in report for report in reports)


def test_every_report_but_the_empty_one_and_a_lone_comparison_has_text_to_label() -> None:
    texts = [row["report"] for row in rows()] + [path.read_text("utf-8") for path in FILES]
    without = [text for text in texts if not split_sentences(select_sections(text).text)]
    assert sorted(text[:11] for text in without) == ["", "COMPARISON:"]


EXPECTED = {
    "s50000001": ["examination", "indication", "technique", "comparison", "findings", "impression"],
    "s50000002": ["examination", "indication", "comparison", "findings", "impression"],
    "s50000003": ["examination", "indication", ""],
    "s50000004": ["wet read", "indication", "impression"],
    "s50000005": ["examination", "indication", "findings"],
    "s50000006": [
        *("indication", "technique", "findings+impression", "recommendation", "notification"),
    ],
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sections_of_the_folder(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [section.name for section in find_sections(text)] == EXPECTED[path.stem]
    assert max(map(len, text.splitlines())) <= 81


def test_folder_is_complete() -> None:
    assert [path.stem for path in FILES] == sorted(EXPECTED)
