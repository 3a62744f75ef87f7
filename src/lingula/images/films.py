"""Tables of films: where each is, of whom, in which view, and its labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError
from lingula.images.film_set import Films, Texts
from lingula.images.mimic import COLUMNS, has_mimic_columns, mimic_path
from lingula.images.paths import missing_files, resolve_files
from lingula.labels import Labels, Schema
from lingula.tables.columns import listed, usual_column
from lingula.tables.film_columns import (
    AGE_NAMES,
    PATH_NAMES,
    SEX_NAMES,
    VIEW_NAMES,
    VISIT_NAMES,
    view_of,
)
from lingula.tables.label_columns import list_column
from lingula.tables.label_table import read_label_table
from lingula.tables.label_values import parse_number
from lingula.tables.reading import column_names, column_texts, read_columns
from lingula.tables.usual_names import IMAGE_ID_NAMES, PATIENT_NAMES, SPLIT_NAMES, STUDY_NAMES

if TYPE_CHECKING:
    import pyarrow

#: Patients and studies as the folders of CheXpert and of MIMIC-CXR name them.
_PATIENT = re.compile(r"(?:^|/)(patient\d+|p\d{3,})(?=/)")
_STUDY = re.compile(r"(?:^|/)(study\d+|s\d{3,})(?=/)")
_VIEW = re.compile(r"view\d+_(frontal|lateral)")
_SHOWN = 5


@dataclass(frozen=True)
class FilmTable:
    """Which table is read, and how.

    Attributes:
        path: The table.
        root: Folder of the images; the table's own if not given.
        path_column: Column of the paths; found by its name if not given.
        labels: Another table with the labels, one row a study or a film; the table's own columns
            if not given.
        skip_missing: Leave out films whose file is missing, in place of refusing the table.
        missing_list: File that all missing files are listed in.
        splits: Another table with the parts (train, validate, test), one row a film or a study.
    """

    path: Path
    root: Path | None = None
    path_column: str | None = None
    labels: Path | None = None
    skip_missing: bool = False
    missing_list: Path | None = None
    splits: Path | None = None


def read_films(table: FilmTable, schema: Schema | None) -> Films:
    """Read a table of films.

    Args:
        table: What is read.
        schema: Observations whose labels are read; None for no labels.

    Raises:
        InputError: If the table cannot be read, or files are missing.
        ColumnError: If it has no column of paths, or none of an observation.
    """
    names = column_names(table.path)
    path_name = _path_column(table, names)
    roles = {
        role: usual_column(names, usual)
        for role, usual in (
            ("patient", PATIENT_NAMES),
            ("study", STUDY_NAMES),
            ("view", VIEW_NAMES),
            ("sex", SEX_NAMES),
            ("age", AGE_NAMES),
            ("visit", VISIT_NAMES),
            ("part", SPLIT_NAMES),
        )
    }
    mine = COLUMNS if path_name is None else (path_name,)
    wanted = dict.fromkeys([*mine, *(name for name in roles.values() if name is not None)])
    held = read_columns(table.path, list(wanted))
    if not held.num_rows:
        raise InputError(f"{table.path}: the table has a header but no rows")
    named = [_texts(held, name) for name in mine]
    paths = named[0] if path_name is not None else _array(list(map(mimic_path, *named)))
    files = resolve_files(list(paths), table.root or table.path.parent, str(table.path))
    columns = {role: _texts(held, name) for role, name in roles.items()}
    patients = _known(columns["patient"], [_first(_PATIENT, path) for path in paths])
    views = [view_of(text) for text in columns["view"]]
    films = Films(
        source=str(table.path),
        id_column=path_name or "path",
        paths=paths,
        files=files,
        patients=patients,
        studies=_studies(columns, paths, patients),
        views=_known(_array(views), [_first(_VIEW, path) for path in paths]),
        sexes=_array([text.strip().casefold()[:1] for text in columns["sex"]]),
        ages=np.array([_years(text) for text in columns["age"]], dtype=np.float64),
        parts=_array([text.casefold() for text in columns["part"]]),
    )
    if table.splits is not None:
        films = _with_splits(films, table.splits)
    if schema is not None:
        _refuse_repeats(films)
        films = _with_labels(films, table, schema)
    return _present(films, table)


def rows_of_films(films: Films, ids: Sequence[str], source: Path) -> npt.NDArray[np.intp]:
    """For each film the row of another table by path, file name or study; -1 where it has none.

    Of several rows with one id the first counts.

    Args:
        films: n films.
        ids: Of the other table's rows.
        source: The other table, for messages.

    Returns:
        Shape (n,).

    Raises:
        InputError: If no film has a row.
    """
    places = {_plain(text): row for row, text in reversed(list(enumerate(ids)))}
    stems = [PurePosixPath(path).stem for path in films.paths]
    keys = (
        films.paths,
        stems,
        [study.rpartition("/")[2] for study in films.studies],
        films.studies,
    )
    rows = max(
        ([places.get(_plain(key), -1) for key in side] for side in keys),
        key=lambda found: sum(row >= 0 for row in found),
    )
    found = np.array(rows, dtype=np.intp)
    if (found < 0).all():
        raise InputError(
            f"{source}: none of its ids is a path or a study of {films.source}; the first are "
            f"{ids[0]!r} and {films.studies[0]!r}"
        )
    return found


def has_own_labels(table: Path, schema: Schema) -> bool:
    """Whether a table of films has a column of an observation, or one that lists labels."""
    names = column_names(table)
    return any(name in schema for name in names) or list_column(names, schema) is not None


def refuse_shared_patients(first: Films, second: Films) -> None:
    """Refuse two parts of which both have films of one patient, or the same file.

    Raises:
        InputError: If they do; the message names the first such patient.
    """
    shared = sorted((set(first.patients) & set(second.patients)) - {""})
    if shared:
        raise InputError(
            f"{first.source} and {second.source} both have films of {len(shared):,} patients "
            f"({', '.join(shared[:_SHOWN])}{', ...' if len(shared) > _SHOWN else ''}); "
            "a patient belongs to one side"
        )
    if both := set(first.files) & set(second.files):
        raise InputError(f"{first.source} and {second.source} both have the film {min(both)}")


def _path_column(table: FilmTable, names: Sequence[str]) -> str | None:
    """The column of paths; None where they are made of MIMIC-CXR-JPG's columns."""
    if table.path_column is not None:
        if table.path_column not in names:
            raise ColumnError(f"{table.path}: has no column {table.path_column!r}; {listed(names)}")
        return table.path_column
    found = usual_column(names, PATH_NAMES)
    if found is None and not has_mimic_columns(names):
        raise ColumnError(
            f"{table.path}: no column is named as columns of paths are "
            f"({', '.join(PATH_NAMES[:5])}, ...); name it with --path-column; {listed(names)}"
        )
    return found


def _with_splits(films: Films, path: Path) -> Films:
    """The films with the parts that another table says; those that it lacks are in none."""
    names = column_names(path)
    id_name = usual_column(names, (*IMAGE_ID_NAMES, *PATH_NAMES, *STUDY_NAMES))
    part_name = usual_column(names, SPLIT_NAMES)
    if id_name is None or part_name is None:
        raise ColumnError(
            f"{path}: needs a column of films or studies and one of parts ({SPLIT_NAMES[0]!r}); "
            f"{listed(names)}"
        )
    held = read_columns(path, [id_name, part_name])
    rows = rows_of_films(films, list(_texts(held, id_name)), path)
    parts = [text.casefold() for text in _texts(held, part_name)]
    return replace(films, parts=_array([parts[row] if row >= 0 else "" for row in rows]))


def _refuse_repeats(films: Films) -> None:
    seen: dict[str, int] = {}
    for row, path in enumerate(films.paths, 1):
        if (first := seen.setdefault(path, row)) != row:
            raise InputError(
                f"{films.source}: rows {first} and {row} are of one film ({path}); give one row a "
                "film, as by joining what several readers or boxes say of it"
            )


def _with_labels(films: Films, table: FilmTable, schema: Schema) -> Films:
    """The films with the labels of their own table, or of another by path or study."""
    if table.labels is None:
        read = read_label_table(table.path, schema=schema, by_row_order=True)
        return replace(films, labels=read.labels, notes=read.notes)
    read = read_label_table(table.labels, schema=schema)
    if read.ids is None:
        raise ColumnError(f"{table.labels}: has no column of studies or paths to find labels by")
    found = rows_of_films(films, list(read.ids), table.labels)
    films = films.without(np.flatnonzero(found < 0).tolist(), f"no labels in {table.labels}")
    return replace(films, labels=Labels(read.schema, read.labels.classes[found[found >= 0]]))


def _plain(text: str) -> str:
    """An id as tables spell it: MIMIC-CXR's s50414267 is 50414267 in its tables."""
    return text[1:] if text[:1] == "s" and text[1:].isdigit() else text.removesuffix(".0")


def _present(films: Films, table: FilmTable) -> Films:
    absent = missing_files(films.files)
    if absent and table.missing_list is not None:
        table.missing_list.write_text("".join(f"{films.paths[row]}\n" for row in absent), "utf-8")
    if absent and not table.skip_missing:
        shown = ", ".join(str(films.files[row]) for row in absent[:_SHOWN])
        more = f" and {len(absent) - _SHOWN:,} more" if len(absent) > _SHOWN else ""
        every = f" (all are listed in {table.missing_list})" if table.missing_list else ""
        raise InputError(
            f"{films.source}: {len(absent):,} of {len(films):,} files are missing: {shown}{more}"
            f"{every}; correct --images, or leave them out with --skip-missing"
        )
    return films.without(absent, "the file is missing")


def _studies(columns: dict[str, Texts], paths: Texts, patients: Texts) -> Texts:
    inside = [_first(_STUDY, path) for path in paths]
    named = _known(columns["study"], inside)
    if not any(named):
        named = columns["visit"]
    return _array(
        [
            f"{patient}/{study}" if study and patient else study or path
            for patient, study, path in zip(patients, named, paths, strict=True)
        ]
    )


def _known(first: Texts, second: Sequence[str]) -> Texts:
    return _array([one or two for one, two in zip(first, second, strict=True)])


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _years(text: str) -> float:
    """An age in years; DICOM writes 058Y, 006M (months), 010D (days)."""
    text = text.strip()
    unit = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}.get(text[-1:].upper())
    number = parse_number(text if unit is None else text[:-1])
    return float("nan") if number is None or not text else number * (unit or 1.0)


def _texts(table: pyarrow.Table, name: str | None) -> Texts:
    return _array([""] * table.num_rows if name is None else column_texts(table, name))


def _array(texts: Sequence[str]) -> Texts:
    out = np.empty(len(texts), dtype=object)
    out[:] = texts
    return out
