"""The bundle: ``competition.yaml`` (version 2), pages, tasks, scoring program, reference data.

The keys are those of Codabench's documentation ("YAML Structure", docs.codabench.org) and of the
program that unpacks a bundle there.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lingula.challenge.folder import Challenge
from lingula.challenge.invitation import EXAMPLE, FORM, invitation
from lingula.challenge.names import harmless
from lingula.challenge.terms import moment
from lingula.challenge.truth import TABLE
from lingula.documents import to_markdown
from lingula.errors import ChallengeError

#: Image in which the host runs the scoring program; it has Python and needs nothing else.
IMAGE = "codalab/codalab-legacy:py37"
#: Seconds that a scoring may take.
SECONDS = 600
_SCORE = Path(__file__).with_name("score.py")
#: Every file of a zip has this time, so that the same challenge gives the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DAYS = 3650

TERMS_PAGE = """# Terms

- The truth is hidden. Do not try to reconstruct it from the figures.
- A submission is a zip with one CSV file, in the form of `form.csv`.
- `lingula challenge check FILE --form form.csv` says before all that is wrong with it.
"""
HOST_PAGE = """# For the host

- The scoring program needs no network. Run the queue's containers without one
  (`--network none`): submissions are tables, nothing of a team is executed.
- Reference data and scoring program are not for participants: this bundle sets
  `make_programs_available` and `make_input_data_available` to false, submissions cannot be made
  public, and outputs are hidden.
- The engine keeps no state between submissions, so the Ladder of `lingula challenge` is not there:
  before the close the one figure is rounded to two digits, and the limit of submissions is what
  stands against probing. Score the last phase from its own studies only, as it is set up here.
- Intervals, rank ranges and readers come from `lingula challenge board`.
"""


def export_codabench(challenge: Challenge, target: str | Path) -> Path:
    """Write a challenge as a bundle.

    Args:
        challenge: From ``open_challenge``.
        target: The zip; it must not be there.

    Raises:
        ChallengeError: If it is there or cannot be written.
    """
    target = Path(target)
    if target.exists():
        raise ChallengeError(f"{target}: is there already; name a new file")
    files: dict[str, bytes] = {
        "competition.yaml": _yaml(_competition(challenge)).encode(),
        "logo.png": _logo(),
        "overview.md": to_markdown(invitation(challenge.terms, challenge.truth)).encode(),
        "terms.md": TERMS_PAGE.encode(),
        "host.md": HOST_PAGE.encode(),
        "scoring_program/score.py": _SCORE.read_bytes(),
        "scoring_program/metadata.yaml": b"command: python3 /app/program/score.py /app/input "
        b"/app/output\n",
    }
    for name in (FORM, EXAMPLE):
        files[f"starting_kit/{name}"] = (challenge.path / "public" / name).read_bytes()
    for name, settings in _references(challenge).items():
        files[f"{name}/terms.json"] = json.dumps(settings, indent=1, sort_keys=True).encode()
        files[f"{name}/truth.csv"] = (challenge.private / TABLE).read_bytes()
    beside = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.external_attr = 0o600 << 16
                bundle.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
        beside.chmod(0o600)  # the truth is in it
        beside.rename(target)
    except OSError as error:
        raise ChallengeError(f"{target}: cannot be written: {error.strerror or error}") from None
    finally:
        beside.unlink(missing_ok=True)
    return target


def _references(challenge: Challenge) -> dict[str, dict[str, Any]]:
    """Folder -> what the scoring program is told of a phase."""
    terms = challenge.terms
    common = {
        "id_column": terms.id_column,
        "observations": list(terms.observations),
        "metric": terms.metric,
        "images": terms.images,
    }
    if not terms.sealed:
        return {"reference": {**common, "parts": ["public"], "each": True}}
    return {
        "reference_public": {**common, "parts": ["public"], "each": False},
        "reference_private": {**common, "parts": ["private"], "each": True},
    }


def _competition(challenge: Challenge) -> dict[str, Any]:
    """The content of competition.yaml."""
    terms = challenge.terms
    names = list(_references(challenge))
    found: dict[str, Any] = {
        "version": 2,
        "title": harmless(terms.title, 200),
        "description": f"{len(terms.observations)} observations, {terms.metric}.",
        "image": "logo.png",
        "terms": "terms.md",
        "registration_auto_approve": False,
        "docker_image": IMAGE,
        "enable_detailed_results": False,
        "can_participants_make_submissions_public": False,
        "make_programs_available": False,
        "make_input_data_available": False,
        "pages": [
            {"title": "Overview", "file": "overview.md"},
            {"title": "For the host", "file": "host.md"},
        ],
        "tasks": [
            {
                "index": index,
                "name": name.replace("_", " "),
                "description": "Scores of studies against a hidden truth.",
                "scoring_program": "scoring_program",
                "reference_data": name,
            }
            for index, name in enumerate(names)
        ],
        "phases": _phases(challenge, len(names)),
        "leaderboards": [_leaderboard(challenge)],
    }
    return found


def _phases(challenge: Challenge, count: int) -> list[dict[str, Any]]:
    """One phase, or one before and one after the close."""
    terms = challenge.terms
    start = moment(terms.created)
    end = moment(terms.deadline) if terms.deadline else start + timedelta(days=_DAYS)
    names = ["Submissions"] if count == 1 else ["Before the close", "After the close"]
    starts = [start, end]
    return [
        {
            "index": index,
            "name": name,
            "description": name,
            "start": _time(starts[index]),
            **({"end": _time(end)} if index == 0 else {}),
            "max_submissions_per_day": terms.limit if index == 0 else 1,
            "max_submissions": 1000 if index == 0 else 1,
            "execution_time_limit": SECONDS,
            "auto_migrate_to_this_phase": index > 0,
            "hide_output": True,
            "tasks": [index],
            "starting_kit": "starting_kit",
        }
        for index, name in enumerate(names)
    ]


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")


def _leaderboard(challenge: Challenge) -> dict[str, Any]:
    """Best first; a submission without a score has no row and so no rank."""
    columns = [("mean", f"Mean {challenge.terms.metric}")]
    columns += [
        (f"observation{at + 1}", name) for at, name in enumerate(challenge.terms.observations)
    ]
    return {
        "index": 0,
        "title": "Results",
        "key": "main",
        "submission_rule": "Force_Best",
        "columns": [
            {"index": index, "key": key, "title": title, "sorting": "desc", "precision": 4}
            for index, (key, title) in enumerate(columns)
        ],
    }


def _yaml(value: Any, indent: int = 0) -> str:
    """Mappings and lists as YAML; scalars as JSON writes them, which is YAML too."""
    space = "  " * indent
    lines = []
    items = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    for key, each in items:
        head = f"{space}-" if key is None else f"{space}{key}:"
        if isinstance(each, (dict, list)) and each:
            lines.append(f"{head}\n{_yaml(each, indent + 1)}")
        else:
            lines.append(f"{head} {json.dumps(each, ensure_ascii=False)}\n")
    return "".join(lines)


def _logo(side: int = 64) -> bytes:
    """A plain square as PNG, for a bundle must have an image (RFC 2083)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    row = b"\x00" + bytes((18, 98, 104)) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * side, 9))
        + chunk(b"IEND", b"")
    )
