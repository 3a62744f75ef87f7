"""A competition: a hidden test, submissions, a leaderboard beside readers.

    create(folder, sources, terms)  # writes challenge.toml, private/, public/, ledger.sqlite
    check(path, form)               # all that is wrong with a submission; needs no truth
    submit(challenge, path, entrant)   # scored at once, one transaction, one entry of the ledger
    make_board(challenge)           # figures, intervals, rank ranges; drawn by ``documents``
    close(challenge)                # private figures may be shown from now on
    verify(challenge)               # a changed, dropped or reordered entry is named

The truth never leaves ``private/``. The ledger is append-only, its entries are chained by hash and
signed (Ed25519); boards are made from it and from nothing else.
"""

from lingula.challenge.board import make_board
from lingula.challenge.closing import close
from lingula.challenge.creation import create
from lingula.challenge.folder import open_challenge
from lingula.challenge.submission import check
from lingula.challenge.submitting import submit
from lingula.challenge.terms import Terms
from lingula.challenge.verification import verify

__all__ = [
    "Terms",
    "check",
    "close",
    "create",
    "make_board",
    "open_challenge",
    "submit",
    "verify",
]
