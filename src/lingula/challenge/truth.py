"""The hidden truth: what is asked by row, and what is known by study."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import ChallengeError
from lingula.labels import Label
from lingula.metrics.bootstrap import Units, units_of
from lingula.metrics.counts import BoolArray, FloatArray, IntArray
from lingula.tables.label_table import LabelTable
from lingula.tables.reading import read_columns
from lingula.tables.write_table import write_table

if TYPE_CHECKING:
    import pyarrow

#: A patient in the path of an image, as CheXpert and PadChest's kin write it.
_PATIENT = re.compile(r"patient_?\d+", re.IGNORECASE)
TABLE, READERS = "truth.csv", "readers"


@dataclass(frozen=True, eq=False)
class Reader:
    """A person to hold the curves against.

    Attributes:
        name: Shown on the board.
        positive: Bool, shape (n, k).
    """

    name: str
    positive: BoolArray


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of n studies, which m rows (images, or the studies themselves) are asked of.

    Attributes:
        observations: The k names.
        ids: Of the rows, object, shape (m,).
        study: Study of each row, as a position, int64, shape (m,).
        studies: Names of the studies, shape (n,).
        patients: Names of their patients, shape (n,).
        positive: Bool, shape (n, k).
        public: Bool, shape (n,): studies whose figure is shown before the close.
        readers: People, on the same studies.
    """

    observations: tuple[str, ...]
    ids: npt.NDArray[np.object_]
    study: IntArray
    studies: npt.NDArray[np.object_]
    patients: npt.NDArray[np.object_]
    positive: BoolArray
    public: BoolArray
    readers: tuple[Reader, ...] = ()

    def units(self, part: BoolArray) -> Units:
        """What a bootstrap over the studies of a part draws: patients, with all their studies."""
        patients = self.patients[part].astype(str)
        if len(np.unique(patients)) == len(patients):
            return units_of(len(patients))
        return units_of(len(patients), patients)

    def by_study(self, scores: FloatArray, how: str) -> FloatArray:
        """Scores of rows, shape (m, k), as scores of studies, shape (n, k).

        CheXpert's rule is the maximum over a study's images (Irvin et al., AAAI 2019, section 6).
        """
        if how == "max":
            out = np.full((len(self.studies), scores.shape[1]), -np.inf)
            np.maximum.at(out, self.study, scores)
            return out
        sums = np.zeros((len(self.studies), scores.shape[1]))
        np.add.at(sums, self.study, scores)
        return sums / np.bincount(self.study, minlength=len(self.studies))[:, None]


def patients_of(ids: Sequence[str], studies: Sequence[str]) -> list[str]:
    """Patients by the paths of the ids; a study whose path names none is a patient of its own."""
    found = (_PATIENT.search(text) for text in ids)
    return [match[0] if match else study for match, study in zip(found, studies, strict=True)]


def binary(table: LabelTable, observations: Sequence[str]) -> BoolArray:
    """Whether each cell is positive, shape (n, k), in the order of ``observations``.

    Raises:
        ChallengeError: If an observation is missing or a cell is uncertain: a truth decides.
    """
    for name in observations:
        if name not in table.schema.names:
            raise ChallengeError(
                f"{table.source}: has no column {name!r}; name those it has (--observations)"
            )
    columns = [table.schema.index(name) for name in observations]
    classes = table.labels.classes[:, columns]
    wrong = np.argwhere(classes == Label.UNCERTAIN)
    if len(wrong):
        row, column = wrong[0]
        raise ChallengeError(
            f"{table.source}, row {row + 1}, {observations[column]}: uncertain; whoever makes the "
            "truth must decide it: write 1, or 0 or nothing"
        )
    positive: BoolArray = classes == Label.POSITIVE
    return positive


def joined(positive: BoolArray, study: IntArray, names: npt.NDArray[np.object_]) -> BoolArray:
    """Labels of rows as labels of their studies.

    Raises:
        ChallengeError: If the rows of one study do not agree.
    """
    out = np.zeros((len(names), positive.shape[1]), dtype=np.bool_)
    np.logical_or.at(out, study, positive)
    apart = np.flatnonzero((out[study] != positive).any(1))
    if len(apart):
        raise ChallengeError(
            f"row {apart[0] + 1}: the rows of study {names[study[apart[0]]]!r} have different "
            "labels; the truth is one a study"
        )
    return out


def write_truth(folder: Path, truth: Truth) -> None:
    """Write a truth and its readers into a folder that is there."""
    import pyarrow as pa

    rows = truth.study
    columns = {
        "id": list(truth.ids),
        "study": list(truth.studies[rows]),
        "patient": list(truth.patients[rows]),
        "part": ["public" if x else "private" for x in truth.public[rows].tolist()],
    }
    labels = dict(zip(truth.observations, truth.positive[rows].T.astype(np.int8), strict=True))
    write_table(folder / TABLE, pa.table(columns | labels))
    (folder / READERS).mkdir()
    for reader in truth.readers:
        labels = dict(zip(truth.observations, reader.positive.T.astype(np.int8), strict=True))
        table = pa.table({"study": list(truth.studies), **labels})
        write_table(folder / READERS / f"{reader.name}.csv", table)


def read_truth(folder: Path, observations: tuple[str, ...]) -> Truth:
    """A truth as ``write_truth`` wrote it.

    Raises:
        InputError: If a file is missing or damaged.
    """
    table = read_columns(folder / TABLE)
    ids, names, patients = (_texts(table.column(name)) for name in ("id", "study", "patient"))
    studies, study, first = codes(names)
    positive = _flags(table, observations)
    public = np.array([x == "public" for x in table.column("part").to_pylist()], dtype=np.bool_)
    readers = []
    for path in sorted((folder / READERS).glob("*.csv")):
        readers.append(Reader(path.stem, _flags(read_columns(path), observations)))
    return Truth(
        observations,
        ids,
        study,
        studies,
        patients[first],
        positive[first],
        public[first],
        tuple(readers),
    )


def codes(
    names: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.object_], IntArray, IntArray]:
    """Distinct names in order of appearance, the position of each row's, and each one's first."""
    places: dict[str, int] = {}
    at = np.array([places.setdefault(name, len(places)) for name in names], dtype=np.int64)
    first = np.full(len(places), len(at), dtype=np.int64)
    np.minimum.at(first, at, np.arange(len(at)))
    return np.array(list(places), dtype=object), at, first


def _texts(column: pyarrow.ChunkedArray) -> npt.NDArray[np.object_]:
    texts: npt.NDArray[np.object_] = np.array(column.to_pylist(), dtype=np.object_)
    return texts


def _flags(table: pyarrow.Table, observations: Sequence[str]) -> BoolArray:
    columns = [table.column(name).to_pylist() for name in observations]
    flags = np.array([[str(x) == "1" for x in column] for column in columns], dtype=np.bool_)
    return np.ascontiguousarray(flags.T)
