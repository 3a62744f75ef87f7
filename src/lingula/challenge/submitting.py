"""Take a submission: checked, scored, and written into the ledger once or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from lingula.challenge.folder import SUBMISSIONS, Challenge
from lingula.challenge.ladder import best_shown
from lingula.challenge.ledger import Entry, Record
from lingula.challenge.scoring import mean_of, metric_of, take, versions
from lingula.challenge.submission import SubmissionError, check
from lingula.challenge.terms import moment, stamp
from lingula.errors import ChallengeError
from lingula.metrics.counts import FloatArray

#: Characters of a name, a title and a link in the ledger; pages show fewer.
NAME_CHARACTERS, TITLE_CHARACTERS = 10_000, 10_000


@dataclass(frozen=True)
class Entrant:
    """Who submits what.

    Attributes:
        team: Whose quota it is.
        title: Of the model.
        link: To a paper or page: http or https.
        ensemble: Whether it is an ensemble of models; None if unsaid.
    """

    team: str
    title: str = ""
    link: str = ""
    ensemble: bool | None = None

    def __post_init__(self) -> None:
        if not self.team.strip():
            raise ChallengeError("a submission needs the name of a team (--team)")
        if max(len(self.team), len(self.title), len(self.link)) > NAME_CHARACTERS:
            raise ChallengeError(
                f"names, titles and links have at most {NAME_CHARACTERS:,} characters"
            )
        try:
            f"{self.team}{self.title}{self.link}".encode()
        except UnicodeEncodeError:
            raise ChallengeError("names, titles and links are UTF-8 text") from None
        if self.link and not self.link.startswith(("https://", "http://")):
            raise ChallengeError("a link (--link) begins with https:// or http://")


def submit(
    challenge: Challenge,
    path: str | Path,
    entrant: Entrant,
    *,
    decisions: str | Path | None = None,
    now: datetime | None = None,
) -> Entry:
    """Score a submission and write it down.

    What is refused is written down too, with its reason; what comes after the deadline, the close
    or a team's quota is not looked at, and leaves no entry.

    Args:
        challenge: From ``open_challenge``.
        path: A CSV file of scores.
        entrant: Who submits.
        decisions: A CSV file of the same form with 1 or 0, for F1 and Matthews correlation.
        now: For the ledger.

    Returns:
        The entry; its number and hash are the team's receipt.

    Raises:
        SubmissionError: If it is refused.
        ChallengeError: If the challenge takes none now, or the team had it scored before.
    """
    when = now or datetime.now(timezone.utc)
    admit(challenge, challenge.ledger.entries(), entrant.team, when)
    taken: list[Taken] = []
    try:
        for source, decided in ((path, False), (decisions, True)):
            if source is not None:
                taken.append(_take(challenge, Path(source), entrant, when, decisions=decided))
        # In the store before it is in the ledger: an entry never lacks its submission.
        for each in taken:
            each.copy.replace(challenge.stored(each.sha256))
        return _write(challenge, entrant, when, taken)
    finally:
        for each in taken:
            each.copy.unlink(missing_ok=True)


@dataclass(frozen=True, eq=False)
class Taken:
    """A table of a submission, checked.

    Attributes:
        copy: In the store, under a name of its own.
        sha256: Of its bytes.
        by_study: float64, shape (n, k).
    """

    copy: Path
    sha256: str
    by_study: FloatArray


def _take(
    challenge: Challenge, path: Path, entrant: Entrant, when: datetime, *, decisions: bool
) -> Taken:
    """Copy and check a table; what is refused is written down.

    Raises:
        SubmissionError: If it is refused.
    """
    digest, copy = "", None
    try:
        copy, digest = take(path.resolve(), challenge.path / SUBMISSIONS, challenge.form.most_bytes)
        found = check(copy, challenge.form, decisions=decisions)
        if found.scores is None:
            raise SubmissionError(str(path), found.problems)
    except SubmissionError as error:
        if copy is not None:
            copy.unlink(missing_ok=True)
        refuse(challenge, entrant, when, error.problems, digest)
        raise SubmissionError(str(path), error.problems) from None
    how = "max" if decisions else challenge.terms.images
    return Taken(copy, digest, challenge.truth.by_study(found.scores, how))


def admit(
    challenge: Challenge, entries: Iterable[Entry], team: str, when: datetime, digest: str = ""
) -> None:
    """Refuse a submission before it is looked at.

    Raises:
        ChallengeError: If the challenge is closed or over, the team has no submission left today,
            or it had these very bytes scored before.
    """
    terms = challenge.terms
    today = stamp(when)[:10]
    scored = refused = 0
    for entry in entries:
        record = entry.record
        if record.kind == "closed":
            raise ChallengeError(f"the challenge was closed at {record.time}")
        if record.team != team:
            continue
        if digest and record.sha256 == digest and record.kind == "scored":
            raise ChallengeError(
                f"{team!r} had this file scored before: entry {entry.number}, receipt {entry.hash}"
            )
        if record.time[:10] == today:
            scored += record.kind == "scored"
            refused += record.kind in ("refused", "failed")
    if terms.deadline and when > moment(terms.deadline):
        raise ChallengeError(f"the deadline was {terms.deadline}")
    if scored >= terms.limit:
        raise ChallengeError(
            f"{team!r} had {scored} of {terms.limit} submissions scored on {today} (UTC); the next "
            "day has new ones"
        )
    if refused >= terms.refused_limit:
        raise ChallengeError(
            f"{team!r} had {refused} submissions refused on {today} (UTC), which is the limit; run "
            "lingula challenge check before the next"
        )


def refuse(
    challenge: Challenge,
    entrant: Entrant,
    when: datetime,
    problems: Iterable[str],
    digest: str = "",
    *,
    kind: str = "refused",
) -> Entry:
    """Write down a submission that was refused, or whose program failed."""
    record = Record(
        kind,
        stamp(when),
        entrant.team,
        entrant.title,
        entrant.link,
        entrant.ensemble,
        sha256=digest,
        reason="; ".join(problems)[:2000],
        versions=versions(),
    )
    with challenge.ledger.writing(challenge.signer()) as writer:
        return writer.append(record)


def _write(challenge: Challenge, entrant: Entrant, when: datetime, taken: Sequence[Taken]) -> Entry:
    truth, terms = challenge.truth, challenge.terms
    scores, digest = taken[0].by_study, taken[0].sha256
    public = metric_of(truth, scores, truth.public, terms.metric)
    private = np.array([])
    if terms.sealed:
        private = metric_of(truth, scores, ~truth.public, terms.metric)
    with challenge.ledger.writing(challenge.signer()) as writer:
        # Looked at again where no other process can write: of two at once, one has the last place.
        entries = writer.entries()
        admit(challenge, entries, entrant.team, when, digest)
        return writer.append(
            Record(
                "scored",
                stamp(when),
                entrant.team,
                entrant.title,
                entrant.link,
                entrant.ensemble,
                sha256=digest,
                decisions=taken[1].sha256 if len(taken) > 1 else "",
                shown=_shown(challenge, entries, entrant.team, mean_of(public)),
                public=_plain(public),
                private=_plain(private),
                versions=versions(),
            )
        )


def _shown(challenge: Challenge, entries: Iterable[Entry], team: str, mean: float) -> float | None:
    """The figure that the team sees now; without a split nothing is hidden."""
    if np.isnan(mean):
        return None
    if not challenge.terms.sealed:
        return mean
    before = [
        entry.record.shown
        for entry in entries
        if entry.record.team == team and entry.record.shown is not None
    ]
    return best_shown(max(before, default=None), mean, challenge.terms.margin)


def _plain(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else value for value in values.tolist())
