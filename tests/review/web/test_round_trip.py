"""The whole way: a table, a review in a real browser, an export, a trained labeler, its figures."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("sqlalchemy")
pytest.importorskip("playwright.sync_api")

from lingula.cli import cli
from lingula.schemas import load_schema
from tests.review.web.making import start
from tests.training.conftest import encoder, make_reports

__all__ = ["encoder"]

REPORTS = 24
#: Milliseconds; the page takes an Enter that comes sooner for one meant for the report before.
SOONEST = 450
RECIPE = """
name = "reviewed"
threads = 1
[backbone]
name = "{encoder}"
max_length = 64
[[sources]]
name = "expert"
labels = "full"
[[stages]]
name = "expert"
supervision = "expert"
sources = ["expert"]
epochs = 1
metric = "macro-f1"
"""


def call(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(item) for item in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def read_all(browser: Any, link: str) -> set[str]:
    """Submit every report; the names of those in which the reader saw a fracture."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.click("#enter")
    changed = set()
    for place in range(1, REPORTS + 1):
        page.wait_for_selector(f"main[data-view='report'] >> text='Report {place} of {REPORTS}'")
        if place % 4 == 0:
            # The reader sees a fracture where the rules read none.
            page.click(".row[data-observation='Fracture'] label.positive")
            page.click(".row[data-observation='No Finding'] label.blank")
            changed.add(page.inner_text("h1"))
        page.wait_for_timeout(SOONEST)
        page.keyboard.press("Enter")
    page.wait_for_selector("main[data-view='finished']")
    page.wait_for_selector("#saved[data-state='saved']")
    context.close()
    return changed


@pytest.mark.slow
def test_what_is_reviewed_trains_and_evaluates(browser: Any, encoder: Path, tmp_path: Path) -> None:
    table = tmp_path / "reports.csv"
    texts = [text for text, _ in make_reports(REPORTS, 5)]
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["study_id", "report"])
        writer.writerows([f"s{number}", text] for number, text in enumerate(texts))
    review = tmp_path / "reports.review"
    call(
        "review", table, "--readers", "quinta", "--labeler", "rules", "-o", review,
        "--no-serve", "--quiet",
    )  # fmt: skip

    with start(review / "review.sqlite", tmp_path) as site:
        changed = read_all(browser, site.links["quinta"])
        assert site.end() == 0, site.said()

    expert, rules = tmp_path / "expert.csv", tmp_path / "rules.csv"
    call("review", "export", review, "-o", expert)
    call("label", table, "-o", rules, "--labeler", "rules", "--quiet")
    with expert.open(newline="", encoding="utf-8") as file:
        read = {row["id"]: row for row in csv.DictReader(file)}
    with rules.open(newline="", encoding="utf-8") as file:
        proposed = {row["study_id"]: row for row in csv.DictReader(file)}
    assert len(read) == REPORTS and len(changed) == REPORTS // 4
    for name, row in read.items():
        wanted = {cell: proposed[name][cell] for cell in load_schema("chexpert14").names}
        if name in changed:
            wanted |= {"Fracture": "1.0", "No Finding": ""}
        found = {cell: row[cell] for cell in wanted}
        assert {k: v and float(v) for k, v in found.items()} == {
            k: v and float(v) for k, v in wanted.items()
        }

    figures = tmp_path / "figures.json"
    call("evaluate", expert, rules, "--quiet", "--json", figures)
    assert json.loads(figures.read_text(encoding="utf-8"))
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.format(encoder=encoder), encoding="utf-8")
    run = tmp_path / "run"
    call("train", recipe, "-o", run, "--input", f"expert={expert}", "--stage", "expert")
    predicted = tmp_path / "predicted.csv"
    call("label", table, "-o", predicted, "--labeler", run / "model", "--quiet")
    call("evaluate", expert, predicted, "--quiet", "--json", tmp_path / "trained.json")
    shutil.rmtree(run)
