import csv

import pytest

from lingula.errors import InputError
from lingula.pipeline import run
from lingula.pipeline.remarks import Remark
from lingula.rules import RuleLabeler

ROWS = [
    "No pneumothorax.",
    "NA",
    "Kein Pneumothorax.",
    "hello world",
    "to be dictated",
    "NA",
    "Portable chest film, one view.",
    "",
    "Kein Pneumothorax.",
]


@pytest.fixture(name="table")
def _table(tmp_path):
    path = tmp_path / "reports.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "report"])
        writer.writerows(enumerate(ROWS))
    return path


def labeled(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {name: cell for name, cell in row.items() if cell and name not in ("id", "report")}
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_no_report_is_blank_and_counted(table, tmp_path, workers):
    out = tmp_path / "out.csv"
    summary = run(table, out, RuleLabeler(), workers=workers, batch_rows=2)
    rows = labeled(out)
    assert [bool(row) for row in rows] == [True, *[False] * 5, True, False, False]
    assert summary.empty == 4
    assert summary.placeholders == {"na": 2, "to be dictated": 1}
    assert summary.remarks == {
        Remark.NOT_ENGLISH: 2,
        Remark.NO_REPORT: 1,
        Remark.NOT_RECOGNIZED: 1,
    }


def test_choices_let_everything_through(table, tmp_path):
    out = tmp_path / "out.csv"
    summary = run(table, out, RuleLabeler(), keep_placeholders=True, language="any")
    assert summary.empty == 1 and not summary.placeholders
    assert Remark.NOT_ENGLISH not in summary.remarks
    assert labeled(out)[2] == {"Pneumothorax": "1.0"}


def test_other_languages_can_end_a_run(table, tmp_path):
    with pytest.raises(InputError, match="row 3 is not English"):
        run(table, tmp_path / "out.csv", RuleLabeler(), language="en")
    assert not (tmp_path / "out.csv").exists()
    with pytest.raises(InputError, match="language is one of"):
        run(table, tmp_path / "out.csv", RuleLabeler(), language="fr")
