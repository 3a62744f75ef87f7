"""A bundle, unpacked and resolved as the engine does, and its scoring program in its folders."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from conftest_challenge import NOON

from lingula.challenge import submit
from lingula.challenge.codabench import export_codabench
from lingula.challenge.codabench.bundle import _competition, _yaml
from lingula.challenge.submitting import Entrant
from lingula.errors import ChallengeError

yaml = pytest.importorskip("yaml")
FLAGS = (
    "can_participants_make_submissions_public",
    "make_programs_available",
    "make_input_data_available",
)


def unpacked(challenge, folder: Path):
    """What the engine makes of a bundle: every name resolved; the competition, and the folder."""
    bundle = export_codabench(challenge, folder / "bundle.zip")
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder / "bundle")
    found = yaml.safe_load((folder / "bundle" / "competition.yaml").read_text("utf-8"))
    place = folder / "bundle"
    assert found["version"] == 2 and found["title"]
    for name in (found["image"], found["terms"], *(page["file"] for page in found["pages"])):
        assert (place / name).stat().st_size > 0
    assert (place / found["image"]).read_bytes().startswith(b"\x89PNG")
    tasks = {}
    for task in found["tasks"]:
        assert task["index"] not in tasks
        tasks[task["index"]] = task
        for key in ("scoring_program", "reference_data"):
            assert (place / task[key]).is_dir()
        meta = yaml.safe_load((place / task["scoring_program"] / "metadata.yaml").read_text())
        assert meta["command"].startswith("python3 /app/program/score.py")
    before = None
    for phase in sorted(found["phases"], key=lambda phase: phase["index"]):
        assert phase["execution_time_limit"] > 0 and phase["max_submissions_per_day"] > 0
        assert phase["hide_output"] is True
        assert all(index in tasks for index in phase["tasks"])
        start = datetime.fromisoformat(phase["start"])
        assert before is None or start >= before
        before = datetime.fromisoformat(phase["end"]) if "end" in phase else None
    board = found["leaderboards"][0]
    assert [column["index"] for column in board["columns"]] == list(range(len(board["columns"])))
    assert not any(found[flag] for flag in FLAGS)
    return found, place, tasks


def scored(place: Path, task, submission: Path, folder: Path):
    """Run the scoring program where the engine would: input/ref, input/res, output."""
    folder.mkdir()
    (folder / "input").mkdir()
    (folder / "input" / "ref").symlink_to((place / task["reference_data"]).resolve())
    (folder / "input" / "res").mkdir()
    (folder / "input" / "res" / "scores.csv").write_bytes(submission.read_bytes())
    program = place / task["scoring_program"]
    meta = yaml.safe_load((program / "metadata.yaml").read_text())
    words = meta["command"].replace("/app/program", str(program)).split()
    words = [word.replace("/app", str(folder)) for word in words]
    done = subprocess.run(
        [sys.executable, "-I", *words[1:]], capture_output=True, text=True, check=False
    )
    scores = folder / "output" / "scores.json"
    return done, json.loads(scores.read_text()) if scores.is_file() else None


@pytest.mark.parametrize("metric", ["auroc", "average precision"])
def test_the_scoring_program_gives_the_figures_of_the_ledger(world, metric):
    challenge = world.create(metric=metric)
    path = world.scores("a")
    record = submit(challenge, path, Entrant("Team"), now=NOON).record
    found, place, tasks = unpacked(challenge, world.folder)
    _, scores = scored(place, tasks[0], path, world.folder / "run")
    assert scores["mean"] == pytest.approx(record.shown, abs=1e-12)
    assert [scores[f"observation{k + 1}"] for k in range(2)] == pytest.approx(record.public)
    keys = {column["key"] for column in found["leaderboards"][0]["columns"]}
    assert set(scores) == keys


def test_before_the_close_one_figure_and_then_the_private_ones(world):
    challenge = world.create(public_share=0.4, deadline="2027-06-01T12:00:00Z")
    path = world.scores("a")
    record = submit(challenge, path, Entrant("Team"), now=NOON).record
    found, place, tasks = unpacked(challenge, world.folder)
    assert [phase["tasks"] for phase in found["phases"]] == [[0], [1]]
    assert found["phases"][0]["end"] == "2027-06-01 12:00:00" == found["phases"][1]["start"]
    _, scores = scored(place, tasks[0], path, world.folder / "first")
    assert scores == {"mean": round(sum(record.public) / 2, 2)}
    _, scores = scored(place, tasks[1], path, world.folder / "second")
    assert [scores[f"observation{k + 1}"] for k in range(2)] == pytest.approx(record.private)


def test_wrong_submissions_are_refused_without_a_word_of_the_truth(world):
    challenge = world.create()
    _, place, tasks = unpacked(challenge, world.folder)
    good = world.scores("good").read_text().splitlines()
    wrong = {
        "no number": [*good[:-1], f"{world.ids[-1]},x,1"],
        "not finite": [*good[:-1], f"{world.ids[-1]},nan,1"],
        "1 ids are missing": good[:-1],
        "occurs twice": [*good, good[-1]],
        "missing or doubled: Edema": ["Study,A,B", *good[1:]],
        "has 2 cells": [*good[:-1], "a,1"],
    }
    for at, (reason, lines) in enumerate(wrong.items()):
        path = world.folder / "wrong.csv"
        path.write_text("\n".join(lines))
        done, scores = scored(place, tasks[0], path, world.folder / f"run{at}")
        assert done.returncode == 1 and scores is None
        assert reason in done.stderr and "Traceback" not in done.stderr


def test_the_same_challenge_gives_the_same_bytes_and_nothing_is_replaced(world):
    challenge = world.create()
    first = export_codabench(challenge, world.folder / "a.zip")
    second = export_codabench(challenge, world.folder / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o077 == 0
    with pytest.raises(ChallengeError, match="is there already"):
        export_codabench(challenge, first)


def test_odd_titles_are_read_back(world):
    challenge = world.create()
    for title in ('a: "b" #c - d', "yes", "1.0", "\u00e9\U0001f600'", "{}"):
        odd = replace(challenge, terms=replace(challenge.terms, title=title))
        assert yaml.safe_load(_yaml(_competition(odd)))["title"] == title
