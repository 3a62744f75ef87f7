"""What a challenge asks: open to everyone, written as ``challenge.toml``."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lingula.errors import ChallengeError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Ways in which the scores of a study's images become the study's.
IMAGES = ("max", "mean")
#: What a board is ranked by.
METRICS = ("auroc", "average precision")
#: Refused and failed submissions a team may have in a day: they cost no quota.
REFUSED_LIMIT = 20
#: Positives of an observation below which its figures are marked: the standard error of an AUROC
#: of .9 is then about .03 or more (Hanley and McNeil, Radiology 1982).
FEW_POSITIVES = 30


@dataclass(frozen=True)
class Terms:
    """What is asked of everybody.

    Attributes:
        title: Of the challenge.
        observations: What is scored; the metric is averaged over them.
        id_column: Column of the ids in a submission.
        metric: One of ``METRICS``.
        images: One of ``IMAGES``, where studies have several images.
        limit: Scored submissions that a team has in a day (UTC).
        refused_limit: Refused and failed ones.
        deadline: UTC, ISO 8601, or empty.
        public_share: Share of the studies whose figure is shown before the close; 0 if there is
            no split and every figure is shown at once.
        margin: What a figure must gain before the close to be shown (``ladder``); 0 without a
            split.
        created: UTC, ISO 8601.
        key: Public Ed25519 key of the ledger, hexadecimal.
    """

    title: str
    observations: tuple[str, ...]
    id_column: str = "Study"
    metric: str = "auroc"
    images: str = "max"
    limit: int = 2
    refused_limit: int = REFUSED_LIMIT
    deadline: str = ""
    public_share: float = 0.0
    margin: float = 0.0
    created: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if self.metric not in METRICS or self.images not in IMAGES:
            raise ChallengeError(
                f"a board is ranked by {' or '.join(METRICS)} and images are joined by "
                f"{' or '.join(IMAGES)}, not by {self.metric!r} and {self.images!r}"
            )
        if not 0 <= self.public_share < 1 or not 0 <= self.margin < 1:
            raise ChallengeError("the public share and the margin lie in 0 to 1")
        if self.limit < 1 or self.refused_limit < 1:
            raise ChallengeError("a team needs at least one submission a day")
        if self.deadline:
            moment(self.deadline)

    @property
    def sealed(self) -> bool:
        """Whether there is a part whose figures wait for the close."""
        return self.public_share > 0


def moment(text: str) -> datetime:
    """A time as ISO 8601; without a zone it is UTC.

    Raises:
        ChallengeError: If it is no time.
    """
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ChallengeError(f"{text!r} is no time; write 2027-03-01T12:00:00Z") from None
    return found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found


def stamp(when: datetime) -> str:
    """A time as the ledger writes it: UTC, whole seconds."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def terms_text(terms: Terms) -> str:
    """The terms as TOML. JSON's strings, numbers and lists are TOML's too, but for one sign."""
    lines = ["# What this challenge asks. Everyone may read it; its hash stands in the ledger."]
    for each in fields(terms):
        value = getattr(terms, each.name)
        value = list(value) if isinstance(value, tuple) else value
        lines.append(f"{each.name} = {json.dumps(value).replace(chr(127), '')}")
    return "\n".join(lines) + "\n"


def read_terms(path: Path) -> Terms:
    """Terms from their file.

    Raises:
        ChallengeError: If it is missing, damaged, or has a key that is unknown.
    """
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ChallengeError(
            f"{path.parent}: is no challenge (it has no {path.name}); make one with "
            "lingula challenge create"
        ) from None
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise ChallengeError(f"{path}: cannot be read: {error}") from None
    kinds = {each.name: each.type for each in fields(Terms)}
    unknown = sorted(found.keys() - kinds.keys())
    if unknown or not {"title", "observations"} <= found.keys():
        odd = f"has the unknown key {unknown[0]!r}" if unknown else "lacks title or observations"
        raise ChallengeError(f"{path}: {odd}")
    try:
        found["observations"] = tuple(found["observations"])
        return Terms(**found)
    except TypeError as error:
        raise ChallengeError(f"{path}: a value is of the wrong kind: {error}") from None
