"""Executable submissions: a team's program on the hidden images, and its answer as a submission."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from lingula.challenge.folder import PRIVATE, Challenge
from lingula.challenge.ledger import Entry
from lingula.challenge.sandbox import Confined, Limits, Outcome, run_confined
from lingula.challenge.sandbox.bubblewrap import NOBODY, SYSTEM
from lingula.challenge.submission import Form, check
from lingula.challenge.submitting import Entrant, admit, refuse, submit
from lingula.errors import ChallengeError
from lingula.tables.write_table import write_table

#: Ends of image files that are looked for where an id has none.
SUFFIXES = (".png", ".jpg", ".jpeg", ".dcm", ".tif", ".tiff", ".pgm")
#: Where the program's own folder lies inside.
_PROGRAM = "/program"
RUNS = "runs"
#: What a team is told of a wrong answer, in the words of ``submission.check``.
_KINDS = (
    "is compressed or an archive",
    "there is no column of ids",
    "columns are missing",
    "ids that are not asked for",
    "ids that occur twice",
    "ids that are missing",
    "cells are empty or NaN",
    "cells are no number",
    "scores are infinite",
    "scores are all the same",
)


@dataclass(frozen=True)
class Program:
    """What a team hands in.

    Attributes:
        command: For /bin/sh; it finds the images' folder, the form and the file to write in
            ``$LINGULA_IMAGES``, ``$LINGULA_FORM`` and ``$LINGULA_ANSWER``.
        images: The organizer's folder of images, named by the ids.
        folder: Of the program and its weights, or None; read-only inside, as /program.
        read_only: Further folders that it needs, such as a virtual environment, at their own place.
        limits: What it may use.
    """

    command: str
    images: Path
    folder: Path | None = None
    read_only: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Ran:
    """What became of a program.

    Attributes:
        entry: Of the ledger: scored, refused or failed.
        held_by: What held it to its limits.
        logs: Its output and errors and what is wrong with its answer, for the organizer alone.
    """

    entry: Entry
    held_by: str
    logs: tuple[Path, ...]


def run(
    challenge: Challenge, program: Program, entrant: Entrant, *, now: datetime | None = None
) -> Ran:
    """Run a team's program on the hidden images and score its answer.

    Args:
        challenge: From ``open_challenge``.
        program: What is run.
        entrant: Whose it is.
        now: For the ledger.

    Raises:
        ChallengeError: If the challenge takes nothing now, an image is missing, or the program
            cannot be confined here; then it was not run and no entry was written.
    """
    when = now or datetime.now(timezone.utc)
    admit(challenge, challenge.ledger.entries(), entrant.team, when)
    _keep_apart(challenge, program)
    files = find_images(program.images, list(challenge.form.ids))
    with _staged(challenge.form, files) as (folder, form):
        shown = [(folder / "images", "/images"), (folder / "images.csv", "/images.csv")]
        if program.folder is not None:
            shown.append((program.folder.resolve(), _PROGRAM))
        shown += [(path.resolve(), str(path.resolve())) for path in program.read_only]
        limits = replace(program.limits, answer_bytes=form.most_bytes)
        start = "/tmp" if program.folder is None else _PROGRAM
        outcome = run_confined(Confined(program.command, tuple(shown), limits, start))
        entry, problems = _enter(challenge, outcome, folder, form, (entrant, when))
    return Ran(entry, outcome.held_by, _keep_logs(challenge, entry, outcome, problems))


def _enter(
    challenge: Challenge,
    outcome: Outcome,
    folder: Path,
    form: Form,
    who: tuple[Entrant, datetime],
) -> tuple[Entry, tuple[str, ...]]:
    """Score an answer, or write down why there is none; and all that is wrong with it."""
    entrant, when = who
    if outcome.failure:
        return refuse(challenge, entrant, when, [outcome.failure], kind="failed"), ()
    if outcome.answer is None:
        return refuse(challenge, entrant, when, [outcome.refusal]), ()
    answer = folder / "answer.csv"
    answer.write_bytes(outcome.answer)
    found = check(answer, form)
    if found.scores is None:
        return refuse(challenge, entrant, when, kinds_of(found.problems)), found.problems
    import pyarrow as pa

    own = challenge.form
    columns = dict(zip(own.observations, found.scores.T, strict=True))
    write_table(answer, pa.table({own.id_column: list(own.ids), **columns}))
    return submit(challenge, answer, entrant, now=when), ()


def kinds_of(problems: Sequence[str]) -> tuple[str, ...]:
    """Problems of an answer without their cells, rows and counts.

    A program could write what it saw into ids and cells; a reason that quotes them would carry it
    out to the team.
    """
    found = tuple(kind for kind in _KINDS if any(kind in text for text in problems))
    return found or ("the answer is no table of the form that is asked for",)


def find_images(folder: Path, ids: Sequence[str]) -> list[Path]:
    """The file (or, of a study, the folder) of each id.

    Raises:
        ChallengeError: If some are missing; the message names the first.
    """
    found, lacking = [], []
    for text in ids:
        if Path(text).is_absolute() or ".." in Path(text).parts:
            raise ChallengeError(f"{text!r} is no name of an image below {folder}")
        names = (text, *(f"{text}{suffix}" for suffix in SUFFIXES))
        path = next((folder / name for name in names if (folder / name).exists()), None)
        if path is None:
            lacking.append(text)
        else:
            found.append(path)
    if lacking:
        raise ChallengeError(
            f"{folder}: {len(lacking):,} images are missing, the first is {lacking[0]!r}, by this "
            f"name or with {', '.join(SUFFIXES)}"
        )
    return found


@contextmanager
def _staged(form: Form, files: Sequence[Path]) -> Iterator[tuple[Path, Form]]:
    """Copies of the images under names in a chance order, and the form that asks for those.

    Copies, made in the new order: names, times and inodes tell nothing of the old one.
    """
    import pyarrow as pa

    generator = np.random.default_rng(secrets.randbits(128))
    order = generator.permutation(len(files))
    place = np.argsort(order)
    names = np.array([f"case{at + 1:07d}" for at in place], dtype=np.object_)
    base = Path(tempfile.mkdtemp(prefix="lingula-run-"))
    try:
        # Nobody else of this machine reads the hidden images meanwhile.
        if os.getuid() == 0:
            os.chown(base, NOBODY, NOBODY)
        images = base / "images"
        images.mkdir()
        for at in order:
            _copy(
                files[at], images / f"{names[at]}{files[at].suffix if files[at].is_file() else ''}"
            )
        blank = dict.fromkeys(form.observations, [""] * len(names))
        write_table(base / "images.csv", pa.table({form.id_column: sorted(names), **blank}))
        for path in (base / "images.csv", *images.rglob("*"), images):
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield base, Form(form.id_column, names, form.observations)
    finally:
        for path in (base / "images").rglob("*"):
            if path.is_dir():
                path.chmod(0o755)
        if (base / "images").is_dir():
            (base / "images").chmod(0o755)
        shutil.rmtree(base, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    try:
        if source.is_dir():
            shutil.copytree(source, target, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, target)
    except (OSError, shutil.Error) as error:
        raise ChallengeError(f"{source}: cannot be copied for the program: {error}") from None


def _keep_apart(challenge: Challenge, program: Program) -> None:
    """Refuse to show a folder that holds the challenge, or lies in it.

    Raises:
        ChallengeError: If one does, is none, or cannot be read by the user who runs the program.
    """
    own = challenge.path.resolve()
    given = [*program.read_only, *([] if program.folder is None else [program.folder])]
    for path in (*map(Path, SYSTEM), *given):
        real = path.resolve()
        if own.is_relative_to(real) or real.is_relative_to(own):
            raise ChallengeError(
                f"{path}: the program would see the challenge {own} by this folder; move one of "
                "the two"
            )
    for path in given:
        if not path.is_dir():
            raise ChallengeError(f"{path}: is no folder")
        if os.getuid() == 0:
            for folder in (path.resolve(), *path.resolve().parents):
                if not folder.stat().st_mode & 0o001:
                    raise ChallengeError(
                        f"{folder}: the program runs as another user, who cannot enter it: "
                        f"chmod o+rx {folder}"
                    )


def _keep_logs(
    challenge: Challenge, entry: Entry, outcome: Outcome, problems: Sequence[str]
) -> tuple[Path, ...]:
    """Output, errors and what is wrong with the answer, where only the organizer reads them."""
    folder = challenge.path / PRIVATE / RUNS
    folder.mkdir(mode=0o700, exist_ok=True)
    paths = []
    told = "\n".join(problems).encode("utf-8", "replace")
    for name, data in (
        ("output", outcome.output),
        ("errors", outcome.errors),
        ("problems", told),
    ):
        path = folder / f"entry{entry.number}.{name}.txt"
        path.write_bytes(data)
        paths.append(path)
    return tuple(paths)
