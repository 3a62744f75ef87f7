"""Many processes at one ledger, and processes that are killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from conftest_challenge import NAMES

from lingula.challenge import make_board, verify
from lingula.challenge.board_files import write_board

#: ``LINGULA_KILLS=50`` for the number that the ledger was measured with.
KILLS = int(os.environ.get("LINGULA_KILLS", "6"))
SUBMIT = """
import sys
from lingula.challenge import open_challenge, submit
from lingula.challenge.submitting import Entrant
print("ready", flush=True)
folder, *files = sys.argv[1:]
challenge = open_challenge(folder)
for path in files:
    submit(challenge, path, Entrant(path.rsplit("/", 1)[-1]))
    print(path, flush=True)
"""


def started(challenge, *files):
    command = [sys.executable, "-c", SUBMIT, str(challenge.path), *map(str, files)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def holds(challenge, teams):
    """Each of these teams is in the ledger once, and everything else is right too."""
    entries = challenge.ledger.entries()
    found = [entry.record.team for entry in entries if entry.record.team]
    assert len(found) == len(set(found))
    assert set(teams) <= set(found)
    assert verify(challenge) == ()
    return found


@pytest.mark.slow
def test_twenty_processes_at_once(world):
    challenge = world.create()
    files = [world.scores(f"team{i}") for i in range(20)]
    running = [started(challenge, path) for path in files]
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    assert len(holds(challenge, [path.name for path in files])) == 20


def test_one_quota_for_all_processes(world):
    challenge = world.create(limit=2)
    program = SUBMIT.replace('path.rsplit("/", 1)[-1]', '"Team"')
    files = [world.scores(f"s{i}") for i in range(4)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(challenge.path), str(path)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for path in files
    ]  # fmt: skip
    errors = [process.communicate(timeout=120)[1] for process in running]
    assert sum("2 of 2 submissions" in text for text in errors) == 2
    assert len(challenge.ledger.entries()) == 3
    assert verify(challenge) == ()


@pytest.mark.slow
def test_killed_at_random_moments(world):
    challenge = world.create()
    chance = random.Random(0)
    done: set[str] = set()
    for kill in range(KILLS):
        files = [world.scores(f"kill{kill}-{i}") for i in range(8)]
        process = started(challenge, *files)
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.random() * 0.5)
        process.send_signal(signal.SIGKILL)
        told, _ = process.communicate()
        done |= {line.rsplit("/", 1)[-1] for line in told.split()}
        found = holds(challenge, done)
        # At most one more than was told: committed, and killed before it said so.
        assert len(found) - len(done) <= kill + 1
    board = make_board(challenge, resamples=20)
    assert len(board.rows) >= len(done)
    files = write_board(board, world.folder / "board")
    again = write_board(make_board(challenge, resamples=20), world.folder / "again")
    assert [x.read_bytes() for x in files] == [x.read_bytes() for x in again]
    assert board.challenge.terms.observations == NAMES
