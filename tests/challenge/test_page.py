"""Names that teams chose, on every form of the board."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from conftest_challenge import NOON

sys.path.insert(0, str(Path(__file__).parents[1] / "documents"))
from browser import CHROMIUM, probe, visit

from lingula.challenge import make_board, submit
from lingula.challenge.board_files import write_board
from lingula.challenge.names import harmless
from lingula.challenge.submitting import Entrant
from lingula.errors import ChallengeError

SCRIPT = "<script>document.title = 'owned'</script>"
IMAGE = "<img src=x onerror=\"document.title = 'owned'\">"
HOSTILE = [
    Entrant(SCRIPT, IMAGE, "https://example.org/'><script>alert(1)</script>", ensemble=True),
    Entrant("long " + "W" * 9_990, "W " * 5_000, ensemble=False),
    Entrant("\x1b[31mred\x07\x00", "two\nlines\tand\u2028more", ensemble=True),
    Entrant("\u202egnp.exe\u2066", "\u200f\u200d" + "a\u0301" * 50 + "\u0301" * 900),
    Entrant("=HYPERLINK(0)", "|`*_[x](javascript:alert(1))", ensemble=False),
]


@pytest.fixture
def board(world):
    readers = [world.reader(f"reader{i}", 0.2) for i in range(3)]
    challenge = world.create(readers=readers)
    for at, entrant in enumerate(HOSTILE):
        submit(challenge, world.scores(str(at), at / 2), entrant, now=NOON)
    return make_board(challenge, resamples=100), world.folder / "board"


def test_no_form_holds_what_steers_a_display(board):
    made, folder = board
    page, figures, table, markdown = (x.read_text("utf-8") for x in write_board(made, folder))
    for text in (page, table, markdown):
        assert not set(text) & set("\x1b\x07\x00\u202e\u2066\u2028\u200f\u200d")
        assert "W" * 61 not in text
    assert SCRIPT not in page and IMAGE not in page and "<script>alert" not in page
    assert SCRIPT not in markdown
    assert "\n=HYPERLINK" not in table and ",=HYPERLINK" not in table
    assert json.loads(figures)["history"][1]["team"] == SCRIPT
    assert {row["readers_below_roc"] is None for row in json.loads(figures)["rows"]} == {False}


def test_names_are_told_apart_and_cut():
    assert harmless("a\x1bb\u202ec") == "a\ufffdb\ufffdc"
    assert len(harmless("x" * 10_000)) == 60
    assert harmless("x" * 60) == "x" * 60
    assert harmless("e" + "\u0300" * 500).count("\u0300") <= 3
    assert harmless("  A   team ") == "A team"


def test_names_without_end_and_other_links_are_refused():
    assert Entrant("x", link="https://example.org").link
    for entrant in (
        {"team": "\udcff"},
        {"team": " "},
        {"team": "x" * 10_001},
        {"team": "x", "link": "file:1"},
    ):
        with pytest.raises(ChallengeError):
            Entrant(**entrant)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")
def test_the_page_in_a_browser(board, tmp_path):
    made, folder = board
    page = write_board(made, folder)[0]
    seen = probe(page, tmp_path / "profile", 1100, 900)
    assert seen["title"] == "Leaderboard: A challenge"
    assert seen["requests"] == []
    assert seen["clipped"] == [] and seen["faint"] == []
    assert seen["scroll"] <= seen["width"]
    assert all(order["same"] for order in seen["sorted"].values())
    looked = visit(page, tmp_path / "profile", 1100, 900)
    assert looked.console == ()
    assert "owned" not in looked.tree.split("<title>")[1].split("</title>")[0]
