"""Make a challenge: read the truth, split it, and write its folder whole or not at all."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from lingula.challenge.folder import (
    BOARD,
    KEY,
    LEDGER,
    PRIVATE,
    PUBLIC,
    SUBMISSIONS,
    TERMS,
    Challenge,
    open_challenge,
    standing_files,
)
from lingula.challenge.invitation import write_public
from lingula.challenge.ladder import usual_margin
from lingula.challenge.ledger import Ledger, Record
from lingula.challenge.signing import new_key
from lingula.challenge.terms import Terms, stamp, terms_text
from lingula.challenge.truth import (
    Reader,
    Truth,
    binary,
    codes,
    joined,
    patients_of,
    write_truth,
)
from lingula.errors import ChallengeError
from lingula.labels import Schema
from lingula.metrics.counts import BoolArray
from lingula.metrics.readers import majority_vote
from lingula.tables.columns import usual_column
from lingula.tables.label_table import LabelTable, read_label_table
from lingula.tables.label_values import READER_WORDS
from lingula.tables.reading import column_names
from lingula.tables.row_match import check_unique, match_rows
from lingula.tables.usual_names import ID_NAMES

#: Splits that are drawn until both parts hold both classes of every observation.
_DRAWS = 1000


@dataclass(frozen=True)
class Sources:
    """Where the truth comes from.

    Attributes:
        truth: A table of labels; or None, and it is the majority of ``majority_of``.
        majority_of: Tables of people whose majority is the truth.
        readers: Tables of people to hold the curves against.
        schema: Of the tables.
        id_column: Of the tables; found by its name if not given.
        study_column: Column of the truth that says which study a row (an image) belongs to.
        patient_column: Column that says whose study it is; if not given, the paths of the ids.
    """

    truth: Path | None
    majority_of: tuple[Path, ...]
    readers: tuple[Path, ...]
    schema: Schema
    id_column: str | None = None
    study_column: str | None = None
    patient_column: str | None = None


def create(
    folder: str | Path,
    sources: Sources,
    terms: Terms,
    *,
    seed: int | None = None,
    now: datetime | None = None,
) -> Challenge:
    """Write a challenge's folder.

    Args:
        folder: That is not there yet.
        sources: Of the truth.
        terms: What is asked; its id column, key and time are filled in.
        seed: Of the split; drawn, and written nowhere, if not given. Who knows it can draw the
            split again.
        now: For the ledger.

    Raises:
        ChallengeError: If the folder is there, or the tables make no truth.
        LingulaError: If a table cannot be read or does not match.
    """
    folder = Path(folder)
    if folder.exists():
        raise ChallengeError(f"{folder}: is there already; name a new folder")
    truth = _split(_read(sources, terms.observations), terms.public_share, seed)
    when = stamp(now or datetime.now(timezone.utc))
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        beside.mkdir(parents=True)
        for name in (PRIVATE, PUBLIC, SUBMISSIONS, BOARD):
            (beside / name).mkdir(mode=0o755 if name in (PUBLIC, BOARD) else 0o700)
        signer = new_key(beside / PRIVATE / KEY)
        source = sources.truth or sources.majority_of[0]
        terms = replace(
            terms,
            id_column=_id_name(source, sources),
            margin=_margin(terms, truth),
            created=when,
            key=signer.public,
        )
        (beside / TERMS).write_text(terms_text(terms), encoding="utf-8")
        write_truth(beside / PRIVATE, truth)
        write_public(beside / PUBLIC, terms, truth)
        ledger = Ledger(beside / LEDGER)
        ledger.make()
        with ledger.writing(signer) as writer:
            writer.append(Record("created", when, title=terms.title, files=standing_files(beside)))
        beside.rename(folder)
    except OSError as error:
        raise ChallengeError(f"{folder}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return open_challenge(folder)


def _margin(terms: Terms, truth: Truth) -> float:
    if not terms.sealed:
        return 0.0
    return terms.margin or usual_margin(truth.positive[truth.public])


def _id_name(path: Path, sources: Sources) -> str:
    return sources.id_column or usual_column(column_names(path), ID_NAMES) or "id"


def _read(sources: Sources, observations: tuple[str, ...]) -> Truth:
    paths = sources.majority_of if sources.truth is None else (sources.truth,)
    if not paths:
        raise ChallengeError(
            "a challenge needs a truth: a table, or readers to take the majority of"
        )
    _check_names(sources.readers)
    voters = [_table(path, sources, first=at == 0) for at, path in enumerate(paths)]
    people = [_table(path, sources) for path in sources.readers]
    for table in voters + people:
        if not len(table):
            raise ChallengeError(f"{table.source}: the table has no rows")
        if table.ids is None:
            raise ChallengeError(f"{table.source}: no id column was found; name it (--id-column)")
        check_unique(table.source, table.ids)
    matched = match_rows([*voters, *people], if_apart="Complete the tables")
    labels = [
        binary(table, observations)[rows]
        for table, rows in zip([*voters, *people], matched, strict=True)
    ]
    first, rows = voters[0], matched[0]
    ids = np.array(first.ids, dtype=object)[rows]
    names = ids
    if sources.study_column is not None and first.extra is not None:
        column = first.extra.column(0).take(rows).to_pylist()
        names = np.array([str(text) for text in column], dtype=object)
    studies, study, start = codes(names)
    if first.patients is not None:
        patients = np.array(first.patients, dtype=object)[rows]
    else:
        patients = np.array(patients_of(list(ids), list(names)), dtype=object)
    vote = majority_vote(np.stack(labels[: len(voters)]))
    return Truth(
        observations,
        ids,
        study,
        studies,
        patients[start],
        joined(vote.positive, study, studies),
        np.ones(len(studies), dtype=np.bool_),
        tuple(
            Reader(path.stem, joined(each, study, studies))
            for path, each in zip(sources.readers, labels[len(voters) :], strict=True)
        ),
    )


def _table(path: Path, sources: Sources, *, first: bool = False) -> LabelTable:
    return read_label_table(
        path,
        schema=sources.schema,
        id_column=sources.id_column,
        patient_column=sources.patient_column if first else None,
        extra_columns=[sources.study_column] if first and sources.study_column else (),
        words=READER_WORDS,
    )


def _check_names(readers: Sequence[Path]) -> None:
    names = [path.stem for path in readers]
    for name in names:
        if names.count(name) > 1:
            raise ChallengeError(f"two readers are called {name!r}; rename one file")


def _split(truth: Truth, share: float, seed: int | None) -> Truth:
    """The truth with its public part: whole patients, both classes of everything in each part."""
    part = np.ones(len(truth.studies), dtype=np.bool_)
    if not share:
        lacking = _one_class(truth, part)
        if lacking:
            raise ChallengeError(
                f"{lacking}: all studies are alike, so nothing can be measured; leave it out "
                "(--observations)"
            )
        return truth
    _, patient = np.unique(truth.patients.astype(str), return_inverse=True)
    generator = np.random.default_rng(seed)
    size = np.bincount(patient)
    for _ in range(_DRAWS):
        order = generator.permutation(len(size))
        chosen = np.zeros(len(size), dtype=np.bool_)
        chosen[order[np.cumsum(size[order]) <= round(share * len(part))]] = True
        part = chosen[patient]
        if not (_one_class(truth, part) or _one_class(truth, ~part)):
            return replace(truth, public=part)
    raise ChallengeError(
        f"no split leaves both classes of {_one_class(truth, part) or _one_class(truth, ~part)} in "
        "the public and in the private part; leave it out (--observations), or change "
        "--public-share"
    )


def _one_class(truth: Truth, part: BoolArray) -> str:
    """An observation of which a part has one class only, or nothing."""
    count = truth.positive[part].sum(0)
    wrong = (count == 0) | (count == part.sum())
    return truth.observations[int(np.argmax(wrong))] if wrong.any() else ""
