from __future__ import annotations

import sqlite3
from datetime import timedelta
from itertools import permutations

import pytest
from conftest_challenge import NOON

from lingula.challenge import close, make_board, submit, verify
from lingula.challenge.board_document import to_document
from lingula.challenge.board_files import to_csv, to_json, write_board
from lingula.challenge.ledger import entry_hash
from lingula.challenge.signing import is_signed, new_key
from lingula.challenge.submitting import Entrant
from lingula.documents import to_markdown
from lingula.errors import ChallengeError

COLUMNS = ("number", "record", "previous", "hash", "signature")


@pytest.fixture
def held(world):
    """A challenge with four entries: its making and three submissions."""
    challenge = world.create()
    for name in ("a", "b", "c"):
        submit(challenge, world.scores(name), Entrant(name), now=NOON)
    assert verify(challenge) == ()
    return challenge


def tamper(challenge, *statements):
    """Whoever owns the file can remove its triggers."""
    connection = sqlite3.connect(challenge.ledger.path)
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    guards = guards.fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    for statement, values in statements:
        connection.execute(statement, values)
    for _, text in guards:
        connection.execute(text)
    connection.commit()
    connection.close()


def test_the_table_refuses_change(held):
    connection = sqlite3.connect(held.ledger.path)
    for statement in ("DELETE FROM entries", "UPDATE entries SET record = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_changed_entry_is_named(held, number):
    change = "UPDATE entries SET record = replace(record, ?, ?) WHERE number = ?"
    tamper(held, (change, ('"ensemble":null', '"ensemble":true', number)))
    assert f"entry {number} was changed" in verify(held)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_dropped_entry_is_named(held, number):
    tamper(held, ("DELETE FROM entries WHERE number = ?", (number,)))
    assert f"entry {number} was dropped" in verify(held)


@pytest.mark.parametrize("order", [x for x in permutations((2, 3, 4)) if x != (2, 3, 4)])
def test_entries_that_were_moved_are_named(held, order):
    rows = {row.number: row for row in held.ledger.raw()[0]}
    moves = []
    for to, source in zip((2, 3, 4), order, strict=True):
        row = rows[source]
        moves.append((to, row.text, row.previous, row.hash, row.signature))
    put = f"INSERT INTO entries ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?)"
    tamper(held, ("DELETE FROM entries WHERE number > 1", ()), *((put, move) for move in moves))
    faults = verify(held)
    for to, source in zip((2, 3, 4), order, strict=True):
        if to != source:
            assert f"entry {to} is entry {source}, which was moved" in faults


def test_whoever_rewrites_the_chain_lacks_the_key(held, tmp_path):
    rows = held.ledger.raw()[0]
    other = new_key(tmp_path / "other.pem")
    text = rows[2].text.replace('"team":"b"', '"team":"z"')
    digest = entry_hash(3, rows[2].previous, text)
    last = entry_hash(4, digest, rows[3].text)
    change = "UPDATE entries SET record=?, previous=?, hash=?, signature=? WHERE number=?"
    tamper(
        held,
        (change, (text, rows[2].previous, digest, other.sign(digest), 3)),
        (change, (rows[3].text, digest, last, other.sign(last), 4)),
    )
    faults = verify(held)
    assert "entry 3 is not signed with the challenge's key" in faults
    assert "entry 4 is not signed with the challenge's key" in faults
    assert verify(held, public_key=other.public)[0].startswith("challenge.toml names another key")


def test_whoever_has_the_key_is_found_out_by_a_receipt_or_the_board(held):
    write_board(make_board(held, resamples=20), held.path / "board")
    last = held.ledger.entries()[-1]
    tamper(
        held,
        ("DELETE FROM entries WHERE number = 4", ()),
        ("UPDATE sqlite_sequence SET seq = 3", ()),
    )
    faults = verify(held, receipts=[f"4 {last.hash}"])
    assert "entry 4 has another hash than on the board, or is gone" in faults
    assert any(fault.startswith("the ledger does not hold the receipt '4 ") for fault in faults)


def test_what_the_challenge_stands_on_is_held_too(held):
    entry = held.ledger.entries()[2]
    stored = held.stored(entry.record.sha256)
    stored.write_bytes(stored.read_bytes() + b"\n")
    truth = held.private / "truth.csv"
    truth.write_text(truth.read_text().replace(",1,", ",0,", 1))
    (held.path / "challenge.toml").write_text("title = 'x'\nobservations = ['Edema']\n")
    text = "\n".join(verify(held))
    assert "the submission of entry 3 was changed" in text
    assert "private/truth.csv was changed since the challenge was made" in text
    assert "challenge.toml was changed since the challenge was made" in text


def test_what_is_no_ledger_is_one_line(held):
    held.ledger.path.write_bytes(b"garbage" * 999)
    for use in (verify, make_board):
        with pytest.raises(ChallengeError, match="the ledger cannot be used"):
            use(held)
    held.ledger.path.unlink()
    with pytest.raises(ChallengeError, match="is missing"):
        verify(held)


@pytest.mark.parametrize("record", ["", "{}", "[]", "null", '{"kind":"scored"}'])
def test_records_that_are_none(held, record):
    tamper(held, ("UPDATE entries SET record = ? WHERE number = 3", (record,)))
    assert "entry 3 cannot be read" in verify(held)
    with pytest.raises(ChallengeError, match="entry 3 cannot be read"):
        make_board(held)


def test_triggers_that_are_gone_are_named(held):
    connection = sqlite3.connect(held.ledger.path)
    connection.execute("DROP TRIGGER entries_remain")
    connection.execute("CREATE TRIGGER entries_remain BEFORE DELETE ON entries BEGIN SELECT 1; END")
    connection.close()
    fault = "the trigger entries_remain, which forbids changes, was removed or changed"
    assert verify(held) == (fault,)


def test_signatures(tmp_path):
    signer = new_key(tmp_path / "key.pem")
    good = signer.sign("text")
    assert is_signed(signer.public, good, "text")
    assert not is_signed(signer.public, good, "texts")
    assert not is_signed(signer.public, good[:-2], "text")
    assert not is_signed("zz", good, "text")
    with pytest.raises(FileExistsError):
        new_key(tmp_path / "key.pem")


def test_before_the_close_one_figure_a_team_is_shown_and_nothing_of_an_observation(world):
    challenge = world.create(public_share=0.4, deadline="2027-03-02T00:00:00Z")
    first = submit(challenge, world.scores("good", 3), Entrant("Team"), now=NOON)
    second = submit(challenge, world.scores("bad", -3), Entrant("Team"), now=NOON)
    assert first.record.shown == second.record.shown
    assert challenge.terms.margin > 0.05
    board = make_board(challenge)
    assert not board.open and board.rows == ()
    for text in (to_json(board), to_csv(board), to_markdown(to_document(board))):
        assert f"{first.record.shown:g}" in text
        for name in challenge.terms.observations:
            assert f"{name}," not in text and f'"{name}":' not in text
        for hidden in (*first.record.private, *first.record.public):
            assert f"{hidden:.4f}"[:6] not in text
    with pytest.raises(ChallengeError, match="--early"):
        close(challenge, now=NOON)
    close(challenge, now=NOON + timedelta(days=1))
    with pytest.raises(ChallengeError, match="was closed at 2027-03-02T12:00:00Z"):
        close(challenge, early=True)
    with pytest.raises(ChallengeError, match="was closed"):
        submit(challenge, world.scores("late"), Entrant("Other"), now=NOON)
    board = make_board(challenge, resamples=50)
    assert board.open
    assert [row.entry.number for row in board.rows] == [2, 3]
    assert list(board.rows[0].metric) == list(first.record.private)
    assert verify(challenge) == ()


def test_the_split_is_by_patient_and_follows_the_seed(world):
    one, same, other = (
        world.create(f"c{i}", public_share=0.4, seed=seed).truth for i, seed in enumerate((1, 1, 2))
    )
    assert one.public.tolist() == same.public.tolist() != other.public.tolist()
    assert one.public.sum() == 24
    text = (world.folder / "c0" / "challenge.toml").read_text()
    assert "seed" not in text


def test_a_board_is_the_same_bytes_from_the_same_ledger(held, world):
    files = write_board(make_board(held, resamples=50), world.folder / "one")
    again = write_board(make_board(held, resamples=50), world.folder / "two")
    assert [x.read_bytes() for x in files] == [x.read_bytes() for x in again]
