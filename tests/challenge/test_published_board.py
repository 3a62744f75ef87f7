"""The published scores of ten models of CheXpert's leaderboard, in one board as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

from lingula.challenge import open_challenge
from lingula.challenge.folder import BOARD
from lingula.cli.challenge import command

DATA = Path(__file__).parents[3] / "shared" / "data" / "chexpert_test"
pytestmark = pytest.mark.skipif(
    not (DATA / "expected.json").is_file(),
    reason="CheXpert's published test files (truth, readers, scores) are not beside the project",
)
PUBLISHED = {
    "sensexdr": (0.9266, 2.6, 2.6),
    "ihil": (0.9266, 2.6, 2.6),
    "drnet": (0.9255, 2.6, 2.6),
    "uestc": (0.9240, 2.6, 2.6),
    "yww211": (0.9231, 2.4, 2.4),
}
MAJORITY = "majority of bc4, bc6, bc8"


def run(*arguments):
    outcome = CliRunner().invoke(command, [str(x) for x in arguments])
    assert outcome.exit_code == 0, (outcome.output, outcome.exception)
    return outcome.output


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("challenge") / "chexpert"
    readers = [part for x in (4, 6, 8) for part in ("--readers", DATA / "readers" / f"bc{x}.csv")]
    run("create", folder, "--truth", DATA / "truth.csv", *readers)
    for path in sorted((DATA / "scores").glob("*.csv")):
        assert "can be submitted" in run("check", path, "--form", folder / "public" / "form.csv")
        decided = DATA / "decisions" / path.name
        more = ["--decisions", decided] if decided.is_file() else []
        run("submit", folder, path, "--team", path.stem, *more)
    printed = run("board", folder)
    found = json.loads((folder / BOARD / "board.json").read_text(encoding="utf-8"))
    return open_challenge(folder), found, printed


def test_all_ten_are_ranked_and_told_apart_by_nothing(board):
    _, found, printed = board
    assert len(found["rows"]) == 10
    assert [row["ranks"] for row in found["rows"]] == [[1, 10]] * 10
    assert sum(pair["p"] < 0.05 for pair in found["pairs"]) == 3
    assert len(found["pairs"]) == 45
    assert min(pair["p_holm"] for pair in found["pairs"]) >= 0.05
    assert "3 differ with p below 0.05, and 0 after Holm" in printed
    assert "Consolidation (29)" in printed


@pytest.mark.parametrize("model", PUBLISHED)
def test_published_rows_of_the_leaderboard(board, model):
    row = next(row for row in board[1]["rows"] if row["team"] == model)
    assert round(row["mean"], 4) == PUBLISHED[model][0]
    assert round(row["readers_below_roc"], 1) == PUBLISHED[model][1]
    assert round(row["readers_below_precision_recall"], 1) == PUBLISHED[model][2]


@pytest.mark.parametrize("model", ["jfaboy", "sensexdr", "uestc", "yww211", "desmond"])
def test_every_figure_equals_independent_ones(board, model):
    expected = json.loads((DATA / "expected.json").read_text())["models"][model]
    row = next(row for row in board[1]["rows"] if row["team"] == model)
    for name in board[1]["observations"]:
        other = expected[name]
        assert row["metric"][name] == pytest.approx(other["auroc"], abs=1e-12)
        assert row["average_precision"][name] == pytest.approx(
            other["average_precision"], abs=1e-12
        )
        assert row["intervals"][name] == pytest.approx(other["auroc_interval"], abs=0.004)
        for reader in ("bc4", "bc6", "bc8", MAJORITY):
            flags = row["readers"][reader]
            assert flags["below_roc"][name] is other["below_roc"][reader]
            assert flags["below_precision_recall"][name] is other["below_pr"][reader]


def test_every_area_equals_scikit_learns(board):
    challenge, found, _ = board
    import pandas

    truth = challenge.truth
    for row in found["rows"]:
        frame = pandas.read_csv(DATA / "scores" / f"{row['team']}.csv").set_index("Study")
        frame = frame.loc[list(truth.ids)]
        areas = [
            roc_auc_score(truth.positive[:, k], frame[name])
            for k, name in enumerate(truth.observations)
        ]
        assert list(row["metric"].values()) == pytest.approx(areas, abs=1e-12)
        assert row["mean"] == pytest.approx(np.mean(areas), abs=1e-12)


@pytest.mark.parametrize("model", ["jfaboy", "sensexdr", "uestc", "yww211"])
def test_decisions_equal_independent_ones(board, model):
    expected = json.loads((DATA / "expected.json").read_text())["decisions"][model]
    row = next(row for row in board[1]["rows"] if row["team"] == model)
    for name in board[1]["observations"]:
        assert row["f1"][name] == pytest.approx(expected[name]["f1"], abs=1e-12)
        assert row["matthews"][name] == pytest.approx(expected[name]["mcc"], abs=1e-12)


def test_entries_without_decisions_have_none(board):
    rows = {row["team"]: row for row in board[1]["rows"]}
    assert rows["desmond"]["f1"] is None and rows["hieupham"]["matthews"] is None


def test_the_majority_of_five_readers_is_the_same_challenge(board, tmp_path):
    voters = [("--majority-of", DATA / "readers" / f"bc{x}.csv") for x in (1, 2, 3, 5, 7)]
    run("create", tmp_path / "other", *(part for pair in voters for part in pair))
    other = open_challenge(tmp_path / "other").truth
    assert (other.positive == board[0].truth.positive).all()
    assert list(other.patients) == [text.split("/")[2] for text in other.ids]
