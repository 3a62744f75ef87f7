"""CheXpert's hidden test as published: leaderboard rows come out of the files as they are."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lingula.cli.evaluate import command

DATA = Path(__file__).parents[3] / "shared" / "data" / "chexpert_test"
pytestmark = pytest.mark.skipif(
    not (DATA / "expected.json").is_file(),
    reason="CheXpert's published test files (truth, readers, scores) are not beside the project",
)
THREE = ("bc4", "bc6", "bc8")
MAJORITY = f"majority of {', '.join(THREE)}"
#: Mean AUROC, readers below the ROC and the precision-recall curve: the leaderboard of 2019.
PUBLISHED = {
    "sensexdr": (0.9266, 2.6, 2.6),
    "ihil": (0.9266, 2.6, 2.6),
    "drnet": (0.9255, 2.6, 2.6),
    "uestc": (0.9240, 2.6, 2.6),
    "yww211": (0.9231, 2.4, 2.4),
}


def evaluated(*arguments):
    outcome = CliRunner().invoke(command, [*map(str, arguments), "--json", "-"])
    assert outcome.exit_code == 0, outcome.output
    data = json.loads(outcome.stdout)
    values = {
        (f["metric"], f["observation"] or f["average"]): f["value"]
        for f in data["figures"]
        if f["group"] == "probability"
    }
    return data, values


def with_readers(model):
    readers = [part for name in THREE for part in ("--readers", DATA / "readers" / f"{name}.csv")]
    scores = DATA / "scores" / f"{model}.csv"
    return evaluated(DATA / "truth.csv", scores, *readers, "--readers-majority")


@pytest.mark.parametrize("model", PUBLISHED)
def test_published_rows_of_the_leaderboard(model):
    data, values = with_readers(model)
    area, roc, precision_recall = PUBLISHED[model]
    assert round(values["auroc", "macro"], 4) == area
    assert round(data["readers"]["mean_below_roc"], 1) == roc
    assert round(data["readers"]["mean_below_precision_recall"], 1) == precision_recall


@pytest.mark.parametrize("model", ["jfaboy", "sensexdr", "uestc", "yww211", "desmond"])
def test_every_figure_equals_independent_ones(model):
    expected = json.loads((DATA / "expected.json").read_text())["models"][model]
    data, values = with_readers(model)
    readers = data["readers"]
    placed = [*readers["points"], readers["majority"]]
    assert [point["reader"] for point in placed] == [*THREE, MAJORITY]
    for position, name in enumerate(readers["columns"]):
        want = expected[name]
        assert values["auroc", name] == pytest.approx(want["auroc"], abs=1e-12)
        assert values["average precision", name] == pytest.approx(
            want["average_precision"], abs=1e-12
        )
        for point in placed:
            assert point["below_roc"][position] is want["below_roc"][point["reader"]]
            below = want["below_pr"][point["reader"]]
            assert point["below_precision_recall"][position] is below
    assert values["auroc", "macro"] == pytest.approx(expected["mean_auroc_five"], abs=1e-12)
    assert readers["mean_below_roc"] == pytest.approx(expected["num_rads_below_roc_three"])
    assert readers["mean_below_precision_recall"] == pytest.approx(
        expected["num_rads_below_pr_three"]
    )
    beyond = max(expected[name]["max_score"] for name in readers["columns"]) > 1
    assert (("brier", "macro") in values) is not beyond
    assert any("no probabilities" in note for note in data["notes"]) is beyond


def test_readers_by_name_though_their_columns_stand_in_another_order():
    expected = json.loads((DATA / "expected.json").read_text())["readers"]
    readers = [part for name in THREE for part in ("--readers", DATA / "readers" / f"{name}.csv")]
    predicted = DATA / "readers" / "bc1.csv"
    data, _ = evaluated(DATA / "truth.csv", predicted, *readers, "--readers-majority")
    placed = [*data["readers"]["points"], data["readers"]["majority"]]
    for position, name in enumerate(data["readers"]["columns"]):
        for point in placed:
            want = expected[point["reader"]][name]
            for figure in ("sensitivity", "specificity", "precision"):
                assert point[figure][position] == pytest.approx(want[figure], abs=1e-12)


def test_the_majority_of_the_five_is_the_truth():
    voters = [
        part for n in (1, 2, 3, 5, 7) for part in ("--majority-of", DATA / "readers" / f"bc{n}.csv")
    ]
    data, _ = evaluated(DATA / "truth.csv", *voters)
    exact = [f["value"] for f in data["figures"] if f["metric"] == "exact match"]
    assert exact == [1.0]


def test_all_ten_score_files_are_read_as_they_are():
    for path in sorted((DATA / "scores").glob("*.csv")):
        _, values = evaluated(DATA / "truth.csv", path)
        assert 0.9 < values["auroc", "macro"] < 0.94, path.name
