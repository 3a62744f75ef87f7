"""What is shown and written: every figure with all that it rests on."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from lingula.documents import Bars, to_html, to_markdown, to_terminal
from lingula.errors import InputError
from lingula.score import CONVENTIONS, GenerationScore, find_conventions, score_reports
from lingula.score.document import caption, to_page, to_paper, to_screen
from lingula.tables.write_table import write_table


@pytest.fixture
def scores(words, references, generated):
    return score_reports(references, generated, words, conventions="all", bootstrap=20)


@pytest.fixture
def metric(words, references, generated):
    metric = GenerationScore(words, conventions="all")
    metric.update(references, generated, ids=list("abcdef"))
    return metric


def rendered(scores, width=220):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(to_terminal(to_screen(scores).sections[0]))
    return console.file.getvalue()


def markdown(scores):
    return to_markdown(to_paper(scores)).replace("\\", "")


def test_json_holds_every_figure_and_its_ground(scores):
    found = json.loads(json.dumps(scores.to_dict(), allow_nan=False))
    assert found["labeler"] == "words"
    assert found["labeler_sha256"] == "ab" * 32
    assert found["section"] == "whole text as given"
    assert found["bootstrap"] == {
        "unit": "report",
        "method": "percentile",
        "resamples": 20,
        "seed": 0,
        "confidence": 0.95,
    }
    assert list(found["conventions"]) == list(CONVENTIONS)
    assert len(found["scores"]) == sum(len(c.figures()) for c in CONVENTIONS.values())
    for row in found["scores"]:
        assert row["uncertain"] in ("ones", "zeros", "multiclass")
        assert row["class_set"] in ("14", "5")
        if row["measure"] in ("precision", "recall", "f1"):
            assert row["zero_division"] == 0.0
    undefined = [row for row in found["scores"] if row["value"] is None]
    assert undefined
    assert all(row["measure"] == "auroc" and row["note"] for row in undefined)


def test_csv_rows_stand_alone(scores, tmp_path):
    write_table(tmp_path / "s.csv", scores.to_arrow())
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text("utf-8"))))
    assert len(rows) == len(scores.scores)
    for row in rows:
        assert row["labeler"] == "words"
        assert row["labeler_sha256"] == "ab" * 32
        assert row["section"] == "whole text as given"
        assert "lingula" in row["versions"]
        assert row["seed"] == "0"
    values = [float(row["value"]) for row in rows if row["value"]]
    np.testing.assert_array_equal(values, [s.value for s in scores.scores if s.value == s.value])


def test_zero_divisions_are_stated(words):
    scores = score_reports(["Effusion.", "Clear."], ["Clear.", "Effusion."], words)
    notes = {
        (s.figure.measure, s.figure.average, s.figure.class_set, s.figure.observation): s.note
        for s in scores.scores
    }
    assert notes["f1", "per-observation", "14", "Edema"] == "0/0 counts as 0"
    assert notes["f1", "per-observation", "14", "Pleural Effusion"] == ""
    assert notes["f1", "macro", "5", ""] == (
        "0/0 counts as 0 for Cardiomegaly, Edema, Consolidation, Atelectasis"
    )
    assert notes["recall", "example-based", "5", ""] == "0/0 counts as 0 in 1 of 2 reports"
    assert notes["f1", "example-based", "14", ""] == ""
    assert notes["f1", "micro", "14", ""] == ""
    text = markdown(scores)
    assert "0.000*" in text
    assert "* is 0/0" in text
    nothing = score_reports(["No edema."], ["No edema."], words)
    by_name = {(s.figure.average, s.figure.class_set): s for s in nothing.scores}
    assert by_name["micro", "5"].note == "0/0 counts as 0"


def test_markdown_tables_are_well_formed(scores):
    text = markdown(scores)
    blocks = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 1 + sum(
        any(f.observation for f in c.figures()) for c in CONVENTIONS.values()
    )
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1
    for name, convention in CONVENTIONS.items():
        assert f"| {name} |" in text
        assert convention.source in text
    assert "sha256 " + "ab" * 32 in text


def test_caption_carries_convention_labeler_section_versions(scores):
    lines = "\n".join(caption(scores))
    for part in ("Reports: 6", "whole text as given", "words", "lingula", "numpy", "seed 0"):
        assert part in lines


def test_terminal_side_by_side(scores):
    text = rendered(scores)
    for name in CONVENTIONS:
        assert name in text
    assert "own class" in text
    assert "AUROC" in text
    assert "F1 side by side; 0/0 is 0" in text
    assert "undefined" in text


def test_terminal_of_one_convention(words, references, generated):
    text = rendered(score_reports(references, generated, words))
    assert "Per observation" in text
    assert "Pleural Effusion" in text
    assert "Exact match" in text
    assert "ifcc" not in text


@pytest.mark.parametrize("conventions", ["all", *CONVENTIONS])
@pytest.mark.parametrize("bootstrap", [0, 10])
def test_a_terminal_of_80_columns_shows_every_digit(
    words, references, generated, conventions, bootstrap
):
    scores = score_reports(
        references, generated, words, conventions=conventions, bootstrap=bootstrap
    )
    text = rendered(scores, width=80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    numbers = re.findall(r"\b\d\.\d*", text)
    assert numbers
    assert all(re.fullmatch(r"[01]\.\d{3}", found) for found in numbers)


def test_side_by_side_has_one_row_a_policy(scores):
    table = to_screen(scores).sections[0].exhibits[0]
    names = list(zip(table.column("convention"), table.column("uncertain is"), strict=True))
    assert names.count(("rgrg", "positive")) == names.count(("rgrg", "negative")) == 1
    assert ("ifcc", "own class") in names
    assert len(names) == 9


def test_no_row_mixes_policies_or_class_sets(scores):
    table = to_paper(scores).sections[0].exhibits[0]
    keys = list(zip(*(table.column(c.name) for c in table.columns[:4]), strict=True))
    assert len(set(keys)) == len(keys)
    for (name, uncertain, class_set, average), f1 in zip(keys, table.column("f1"), strict=True):
        if f1 is not None:
            policy = {"positive": "ones", "negative": "zeros", "own class": "multiclass"}[uncertain]
            where = {"average": average, "class_set": class_set, "uncertain": policy}
            assert f1.value == scores.value(name, **where)


def test_the_page_draws_every_average_and_observation(scores):
    document = to_page(scores)
    bars = [x for s in document.sections for x in s.exhibits if isinstance(x, Bars)]
    assert [len(each.rows) for each in bars] == [7, 6, 14]
    assert bars[0].series == ("micro", "macro", "weighted", "example-based")
    found = dict(bars[0].rows)["f1chexbert, uncertain is positive"]
    assert [each.value for each in found] == [
        scores.value("f1chexbert", average=average) for average in bars[0].series
    ]
    html = to_html(document)
    assert html.startswith("<!doctype html>")
    for convention in CONVENTIONS.values():
        assert convention.source in html
    assert "undefined" in html and "ab" * 32 in html
    assert "Effusion." not in html.replace("Pleural Effusion", "")


def test_the_page_of_one_convention(words, references, generated):
    document = to_page(score_reports(references, generated, words, conventions="wcl"))
    titles = [section.title for section in document.sections]
    assert "F1 side by side" not in titles
    assert to_html(document).count("<section") == len(titles)


def test_per_report_files(metric, tmp_path):
    table = metric.per_report()
    for name in ("p.csv", "p.parquet", "p.jsonl", "p.csv.gz"):
        write_table(tmp_path / name, table)
    assert pq.read_table(tmp_path / "p.parquet").to_pylist() == table.to_pylist()
    lines = (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == table.to_pylist()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "p.csv").read_text("utf-8"))))
    assert json.loads(rows[2]["missed_ones"]) == table["missed_ones"][2].as_py()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "p.csv",
        "p.csv.gz",
        "p.jsonl",
        "p.parquet",
    ]


def test_a_failed_write_leaves_the_old_file(metric, tmp_path):
    target = tmp_path / "p.csv"
    target.write_text("before", encoding="utf-8")
    with pytest.raises(InputError, match="form of the table"):
        write_table(tmp_path / "p.xyz", metric.per_report())
    broken = metric.per_report().append_column("b", [[b"\xff"] * 6])
    with pytest.raises(InputError):
        write_table(target, broken)
    assert target.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]
    with pytest.raises(InputError, match="cannot be written"):
        write_table(tmp_path / "no" / "such" / "folder.csv", metric.per_report())


def test_value_names_what_is_missing(scores):
    with pytest.raises(InputError, match="r2gen has no f1, weighted"):
        scores.value("r2gen", average="weighted")
    with pytest.raises(InputError, match="uncertain= one of ones, multiclass"):
        scores.value("ifcc", class_set="5")
    assert scores.value("ifcc", class_set="5", uncertain="ones") == scores.value(
        "radeval", class_set="5"
    )


def test_conventions_are_told_apart():
    assert [c.name for c in find_conventions("all")] == list(CONVENTIONS)
    assert [c.name for c in find_conventions(["wcl", "wcl"])] == ["wcl"]
    rgrg = CONVENTIONS["rgrg"]
    assert rgrg.uncertain_policies == ("ones", "zeros")
    assert rgrg.class_sets == ("14", "5")
    assert CONVENTIONS["r2gen"].averages == ("macro", "micro", "per-observation")
    for convention in CONVENTIONS.values():
        figures = [
            (f.measure, f.average, f.class_set, f.uncertain, f.observation)
            for f in convention.figures()
        ]
        assert len(set(figures)) == len(figures)
    keys = {f.source_key for f in CONVENTIONS["radeval"].figures()}
    assert {"f1chexbert_5_micro_f1", "f1chexbert_all_weighted_f1"} <= keys
    assert 'class_report_5["micro avg"]["f1-score"]' in {
        f.source_key for f in CONVENTIONS["f1chexbert"].figures()
    }
