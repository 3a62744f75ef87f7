"""AUROC by what a label hides: pneumothorax drained or not, fracture healed or not.

A stratum (Oakden-Rayner et al., Hidden stratification, CHIL 2020) divides the positive films of one
observation, as its report tells; each part is measured against all negative films, so that a model
that has learned the chest tube shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lingula.documents import Column, Exhibit, Kind, Note, Table
from lingula.errors import ColumnError
from lingula.images.film_set import Films
from lingula.images.films import rows_of_films
from lingula.images.group_areas import FEWEST, Bools, GroupSettings, group_area, judged_films
from lingula.scores import Scores
from lingula.strata import strata
from lingula.tables.columns import listed, usual_column
from lingula.tables.reading import column_names, column_texts, read_columns
from lingula.tables.usual_names import ID_NAMES, STUDY_NAMES


@dataclass(frozen=True, eq=False)
class FilmStratum:
    """A stratum of n films.

    Attributes:
        name: Of the stratum, as in ``lingula strata --list``.
        observation: Whose positive films it divides.
        values: Those that it can have, in order.
        cells: What each film's report tells; empty where it tells nothing.
    """

    name: str
    observation: str
    values: tuple[str, ...]
    cells: tuple[frozenset[str], ...]

    def having(self, value: str) -> Bools:
        """Films whose report tells a value, bool, shape (n,)."""
        return np.array([value in cell for cell in self.cells], dtype=np.bool_)

    @property
    def told(self) -> Bools:
        """Films whose report tells any value, bool, shape (n,)."""
        return np.array([bool(cell) for cell in self.cells], dtype=np.bool_)


def read_film_strata(path: Path, films: Films) -> tuple[FilmStratum, ...]:
    """The strata of films from a table that ``lingula strata`` wrote.

    Rows are found by study or path; a film without a row has no strata.

    Args:
        path: The table.
        films: n films.

    Raises:
        InputError: If it cannot be read, or no film has a row.
        ColumnError: If it has no column of a stratum, or none of studies or paths.
    """
    names = column_names(path)
    known = {item.name: item for item in strata() if item.of and item.values}
    held = [name for name in names if name in known]
    if not held:
        raise ColumnError(
            f"{path}: has no column of a stratum of a finding, such as 'Fracture Age'; write them "
            f"with `lingula strata`; {listed(names)}"
        )
    id_name = usual_column(names, (*STUDY_NAMES, *ID_NAMES, films.id_column.casefold()))
    if id_name is None:
        raise ColumnError(f"{path}: has no column of studies or paths; {listed(names)}")
    table = read_columns(path, [id_name, *held])
    rows = rows_of_films(films, column_texts(table, id_name), path)
    found = []
    for name in held:
        told = column_texts(table, name)
        cells = tuple(
            frozenset(told[row].split(";")) - {""} if row >= 0 else frozenset() for row in rows
        )
        found.append(FilmStratum(name, known[name].of, known[name].values, cells))
    return tuple(found)


def strata_table(
    films: Films, scores: Scores, settings: GroupSettings, found: Sequence[FilmStratum]
) -> tuple[Exhibit, ...]:
    """AUROC of each stratum's positive films against all negative ones."""
    rows = []
    for stratum in found:
        if stratum.observation not in scores.schema:
            continue
        column = scores.schema.index(stratum.observation)
        truth, known = judged_films(films, scores, column, settings)
        for value in stratum.values:
            inside = stratum.having(value)
            both = [
                group_area(
                    films, truth, scores.values[:, column], known & (~truth | positives), settings
                )
                for positives in (inside, stratum.told & ~inside)
            ]
            if both[0] is None:
                continue
            counts = (int((truth & known & inside).sum()), int((~truth & known).sum()))
            rows.append((stratum.name, value, *both, *counts))
    untold = Note(
        "What a report does not tell is in no stratum, and a stratum is as right as the rules that "
        "read it."
    )
    table = Table(
        "strata",
        "AUROC of positive films by stratum",
        (
            Column("stratum", "Stratum"),
            Column("value", ""),
            Column("auroc", "AUROC", Kind.FIGURE),
            Column("others", "Of other values", Kind.FIGURE),
            Column("positives", "Positive", Kind.COUNT),
            Column("negatives", "Negative", Kind.COUNT),
        ),
        tuple(rows),
        note="Positive films of a stratum against all negative films of the observation. Strata "
        f"with fewer than {FEWEST} films of either class are left out. Intervals: bootstrap over "
        f"patients, 95%, {settings.resamples:,} resamples.",
    )
    return (table, untold)
