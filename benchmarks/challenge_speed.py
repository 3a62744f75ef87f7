"""How long a board takes on one core, on made-up studies, without data of anybody.

    export OPENBLAS_NUM_THREADS=1
    python benchmarks/challenge_speed.py              # 107 submissions x 500 studies x 5
    python benchmarks/challenge_speed.py --large      # one submission of 1,000,000 images x 14

Seconds of the processor (what other work on the machine does not change much) and of the clock.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from lingula.challenge import Terms, create, make_board, open_challenge, submit
from lingula.challenge.board_files import write_board
from lingula.challenge.creation import Sources
from lingula.challenge.submission import check
from lingula.challenge.submitting import Entrant
from lingula.evaluation.inputs import FIVE
from lingula.schemas import load_schema
from lingula.tables.write_table import write_table

#: Shares of positives of the five observations in CheXpert's hidden test.
SHARES = (0.302, 0.156, 0.058, 0.306, 0.208)


@contextmanager
def timed(what: str) -> Iterator[None]:
    clock, processor = time.perf_counter(), time.process_time()
    yield
    spent = time.process_time() - processor
    print(f"{what}: {spent:.1f} s of one core, {time.perf_counter() - clock:.1f} s of the clock")


def made(folder: Path, n: int, names: tuple[str, ...], rng: np.random.Generator):
    """A challenge on n made-up studies, and its truth as scores of 0 and 1."""
    shares = np.resize(SHARES, len(names))
    truth = (rng.random((n, len(names))) < shares).astype(np.int8)
    ids = [f"patient{i:07d}/study1" for i in range(n)]
    table = pa.table({"Study": ids, **dict(zip(names, truth.T, strict=True))})
    write_table(folder / "truth.csv", table)
    sources = Sources(folder / "truth.csv", (), (), load_schema("chexpert14").restrict(names))
    terms = Terms("Speed", sources.schema.names, limit=1000)
    create(folder / "challenge", sources, terms)
    return open_challenge(folder / "challenge"), ids, dict(zip(names, truth.T, strict=True))


def scores(path: Path, ids: list[str], truth: dict, rng: np.random.Generator) -> Path:
    found = {k: np.round(1.5 * v + rng.normal(size=len(v)), 6) for k, v in truth.items()}
    write_table(path, pa.table({"Study": ids, **found}))
    return path


def board(folder: Path, entries: int) -> None:
    rng = np.random.default_rng(0)
    challenge, ids, truth = made(folder, 500, FIVE, rng)
    with timed(f"{entries} submissions"):
        for at in range(entries):
            path = scores(folder / "scores.csv", ids, truth, rng)
            submit(challenge, path, Entrant(f"Team {at}"))
    with timed(f"board of {entries} x 500 x 5, 10,000 paired resamples"):
        found = make_board(challenge)
    with timed("page, JSON, CSV, Markdown"):
        write_board(found, folder / "board")
    print(f"pairs, p < 0.05, after Holm: {found.pairs_apart}")


def large(folder: Path) -> None:
    rng = np.random.default_rng(0)
    names = load_schema("chexpert14").names
    challenge, ids, truth = made(folder, 1_000_000, names, rng)
    path = scores(folder / "scores.csv", ids, truth, rng)
    form = challenge.form
    with timed("check of 1,000,000 x 14"):
        if check(path, form).problems:
            raise RuntimeError("the submission was to be right")
    with timed("submission of 1,000,000 x 14, checked and scored"):
        submit(challenge, path, Entrant("Team"))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"most memory, with making the challenge: {most:.2f} GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=107)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if options.large:
            large(Path(name))
        else:
            board(Path(name), options.entries)


if __name__ == "__main__":
    main()
