"""Figures of one submission on one part of the studies."""

from __future__ import annotations

import hashlib
import math
import os
import platform
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import lingula
from lingula.challenge.folder import Challenge
from lingula.challenge.ledger import Record
from lingula.challenge.submission import SubmissionError, check
from lingula.challenge.truth import Truth
from lingula.errors import ChallengeError
from lingula.metrics.counts import BoolArray, FloatArray
from lingula.metrics.curves import area_under_roc, average_precision, threshold_counts


@dataclass(frozen=True, eq=False)
class Scored:
    """A submission that was read.

    Attributes:
        record: Its record in the ledger.
        number: Of the entry.
        scores: float64, shape (n, k), by study.
        decisions: Bool, shape (n, k), or None if the team gave none.
    """

    number: int
    record: Record
    scores: FloatArray
    decisions: BoolArray | None = None


def metric_of(truth: Truth, scores: FloatArray, part: BoolArray, metric: str) -> FloatArray:
    """The metric of each observation on a part of the studies, shape (k,); NaN if undefined."""
    area = area_under_roc if metric == "auroc" else average_precision
    return np.array(
        [
            area(threshold_counts(truth.positive[part, at], scores[part, at]))
            for at in range(len(truth.observations))
        ]
    )


def mean_of(values: FloatArray) -> float:
    """Mean over the observations; NaN if one is undefined, so that leaving out gains nothing."""
    return float(math.fsum(values) / len(values))


def take(path: Path, store: Path, most_bytes: int) -> tuple[Path, str]:
    """Copy a submission into a folder, under a name that no other process has.

    Links are not followed: a submission that a program made could be a link to the truth.

    Returns:
        The copy, and the sha256 of its bytes.

    Raises:
        SubmissionError: If it is no regular file, or larger than it may be.
        ChallengeError: If it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise SubmissionError(str(path), ["is a link; a submission is a file"]) from None
        raise ChallengeError(f"{path}: cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SubmissionError(str(path), ["is no regular file"])
    with os.fdopen(descriptor, "rb") as stream:
        data = stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise SubmissionError(
            str(path), [f"is larger than {most_bytes:,} bytes, the most that this form needs"]
        )
    digest = hashlib.sha256(data).hexdigest()
    copy = store / f".{digest[:16]}.{os.getpid()}.csv"
    with copy.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return copy, digest


def stored_scores(challenge: Challenge, number: int, record: Record) -> Scored:
    """A submission from the store, by study.

    Raises:
        ChallengeError: If it is missing, or is not what was scored.
    """
    scores = _stored(challenge, number, record.sha256, decisions=False)
    if not record.decisions:
        return Scored(number, record, scores)
    decided = _stored(challenge, number, record.decisions, decisions=True)
    return Scored(number, record, scores, decided > 0)


def _stored(challenge: Challenge, number: int, digest: str, *, decisions: bool) -> FloatArray:
    path = challenge.stored(digest)
    if not path.is_file():
        raise ChallengeError(f"{path}: the submission of entry {number} is missing")
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise ChallengeError(f"{path}: the submission of entry {number} was changed")
    found = check(path, challenge.form, decisions=decisions)
    if found.scores is None:
        raise ChallengeError(f"{path}: entry {number} cannot be scored: {found.problems[0]}")
    # What is decided of one image is decided of its study.
    how = "max" if decisions else challenge.terms.images
    return challenge.truth.by_study(found.scores, how)


def versions() -> tuple[tuple[str, str], ...]:
    """Of what scored a submission."""
    return (
        ("lingula", lingula.__version__),
        ("numpy", np.__version__),
        ("python", platform.python_version()),
    )
