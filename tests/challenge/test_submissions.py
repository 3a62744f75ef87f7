from __future__ import annotations

import gzip
import os
from datetime import timedelta

import numpy as np
import pytest
from conftest_challenge import NAMES, NOON, write_csv
from hypothesis import given
from hypothesis import strategies as st

from lingula.challenge import check, make_board, open_challenge, submit
from lingula.challenge.board_document import to_document
from lingula.challenge.submission import Form, SubmissionError, read_form
from lingula.challenge.submitting import Entrant
from lingula.errors import ChallengeError

TEAM = Entrant("Team")


def test_a_good_submission_needs_no_order_no_final_newline_and_no_limits(world):
    challenge = world.create()
    form = read_form(challenge.path / "public" / "form.csv")
    columns = {k: np.linspace(-5, 900, 60) for k in reversed(NAMES)}
    path = write_csv(world.folder / "a.csv", world.ids[::-1], columns)
    found = check(path, form)
    assert found.problems == ()
    assert found.scores[0, 0] == 900
    assert form.observations == NAMES
    assert check(challenge.path / "public" / "example_submission.csv", form).problems == ()


def test_every_problem_at_once_each_with_its_row(world):
    challenge = world.create()
    lines = world.scores("bad").read_text().splitlines()
    lines[3] = f"{world.ids[2]},nan,1"
    lines[4] = f"{world.ids[3]},x,1"
    lines[5] = f"{world.ids[4]},inf,2"
    lines[6] = f"{world.ids[0]},1,2"
    lines[7] = "nobody,1,2"
    path = world.folder / "bad.csv"
    path.write_text("\n".join(lines))
    text = "\n".join(check(path, challenge.form).problems)
    assert "1 ids that are not asked for: row 7 ('nobody')" in text
    assert f"row 6 ('{world.ids[0]}', also row 1)" in text
    assert f"2 ids that are missing: '{world.ids[5]}', '{world.ids[6]}'" in text
    assert "Edema: 2 cells are no number: row 3 ('nan'), row 4 ('x')" in text
    assert "Edema: 1 scores are infinite: row 5" in text


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"Edema": np.arange(60)}, "columns are missing: Pleural Effusion"),
        ({k: np.full(60, 0.5) for k in NAMES}, "Edema: the 60 scores are all the same, 0.5"),
        ({"Edema": np.arange(60), "edema ": np.arange(60)}, "are both 'Edema'"),
        ({"Effusion": np.arange(60), "Edema": np.arange(60)}, ""),
    ],
)
def test_columns(world, columns, said):
    path = write_csv(world.folder / "a.csv", world.ids, columns)
    problems = check(path, world.create().form).problems
    assert (said in "; ".join(problems)) if said else problems == ()


def test_archives_parquet_folders_and_giants_are_no_submissions(world):
    form = world.create().form
    good = world.scores("good").read_bytes()
    for name, data in {
        "zip.csv": gzip.compress(good),
        "parquet.csv": b"PAR1" + good,
        "large.csv": good + b" " * form.most_bytes,
        "empty.csv": b"",
        "binary.csv": bytes(range(256)) * 9,
    }.items():
        path = world.folder / name
        path.write_bytes(data)
        assert check(path, form).problems, name
    assert check(world.folder, form).problems == ("is no regular file",)
    assert check(world.folder / "none.csv", form).problems == ("there is no such file",)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_check(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(data)
    form = Form("Study", np.array(["a", "b"], dtype=object), NAMES)
    assert check(path, form).problems


def test_refused_ones_cost_no_quota_but_have_a_limit(world):
    challenge = world.create(limit=2, refused_limit=3)
    bad = world.folder / "bad.csv"
    bad.write_text("Study,Edema\n")
    for _ in range(2):
        with pytest.raises(SubmissionError, match="columns are missing"):
            submit(challenge, bad, TEAM, now=NOON)
    first = submit(challenge, world.scores("a"), TEAM, now=NOON)
    with pytest.raises(ChallengeError, match=f"entry {first.number}, receipt {first.hash}"):
        submit(challenge, world.folder / "a.csv", TEAM, now=NOON)
    submit(challenge, world.scores("b"), TEAM, now=NOON)
    with pytest.raises(ChallengeError, match="2 of 2 submissions scored on 2027-03-01"):
        submit(challenge, world.scores("c"), TEAM, now=NOON)
    submit(challenge, world.folder / "c.csv", Entrant("Other"), now=NOON)
    submit(challenge, world.folder / "c.csv", TEAM, now=NOON + timedelta(hours=12))
    with pytest.raises(SubmissionError):
        submit(challenge, bad, Entrant("Third"), now=NOON)
    kinds = [entry.record.kind for entry in challenge.ledger.entries()]
    assert kinds == ["created", *["refused"] * 2, *["scored"] * 4, "refused"]


def test_the_limit_of_refused_ones_and_the_deadline(world):
    challenge = world.create(refused_limit=2, deadline="2027-03-02T00:00:00Z")
    bad = world.folder / "bad.csv"
    bad.write_text("Study\n")
    for _ in range(2):
        with pytest.raises(SubmissionError):
            submit(challenge, bad, TEAM, now=NOON)
    with pytest.raises(ChallengeError, match="2 submissions refused"):
        submit(challenge, world.scores("a"), TEAM, now=NOON)
    late = NOON + timedelta(days=1)
    with pytest.raises(ChallengeError, match="the deadline was"):
        submit(challenge, world.scores("a"), TEAM, now=late)


def test_studies_take_the_highest_score_of_their_images(world):
    from lingula.challenge.creation import Sources, create
    from lingula.challenge.terms import Terms
    from lingula.schemas import load_schema

    images = [f"{text}/view{view}" for text in world.ids for view in (1, 2)]
    columns = {name: np.repeat(values, 2) for name, values in world.truth.items()}
    studies = np.repeat(np.array(world.ids), 2)
    table = write_csv(world.folder / "images.csv", images, {"case": studies, **columns})
    schema = load_schema("chexpert14").restrict(NAMES)
    for how, wanted in (("max", 7.0), ("mean", 4.0)):
        sources = Sources(table, (), (), schema, study_column="case")
        challenge = create(world.folder / how, sources, Terms("Images", NAMES, images=how))
        scores = np.tile([[1.0, 7.0], [7.0, 1.0]], (60, 1))
        assert challenge.truth.by_study(scores, how).tolist() == [[wanted, wanted]] * 60
        assert len(challenge.truth.ids) == 120


def test_links_pipes_and_devices_are_not_read(world):
    from lingula.challenge.scoring import take

    link, pipe = world.folder / "link.csv", world.folder / "pipe.csv"
    link.symlink_to(world.table)
    os.mkfifo(pipe)
    for path in (link, pipe, world.folder):
        with pytest.raises(SubmissionError, match=r"link|regular"):
            take(path, world.folder, 1000)


def test_decisions_are_checked_and_stored(world):
    challenge = world.create()
    ones = {k: np.ones(60, dtype=int) for k in NAMES}
    good = write_csv(world.folder / "good.csv", world.ids, ones)
    halves = write_csv(world.folder / "halves.csv", world.ids, {k: v / 2 for k, v in ones.items()})
    path = world.scores("a")
    with pytest.raises(SubmissionError, match="Edema: 60 cells are not 1 or 0: row 1, row 2"):
        submit(challenge, path, TEAM, decisions=halves, now=NOON)
    entry = submit(challenge, path, TEAM, decisions=good, now=NOON)
    assert challenge.stored(entry.record.decisions).read_bytes() == good.read_bytes()
    board = make_board(challenge, resamples=10)
    assert board.rows[0].f1.tolist() == pytest.approx(
        [2 * v.sum() / (v.sum() + 60) for v in world.truth.values()]
    )
    assert np.isnan(board.rows[0].matthews).all()
    assert "Decisions" in [section.title for section in to_document(board).sections]
    left = [x.name for x in (challenge.path / "submissions").iterdir() if x.name.startswith(".")]
    assert left == []


@pytest.mark.parametrize(
    "text",
    ["", "title = 1", "title = 'x'\nobservations = 5", "= 3", "title='x'\nobservations=[]\nx=1"],
)
def test_damaged_terms_are_one_line(tmp_path, text):
    (tmp_path / "challenge.toml").write_text(text)
    with pytest.raises(ChallengeError, match=r"challenge\.toml"):
        open_challenge(tmp_path)
