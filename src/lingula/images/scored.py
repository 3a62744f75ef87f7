"""Films with labels, and the scores that a table holds of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lingula.errors import InputError
from lingula.images.film_set import Films
from lingula.images.films import FilmTable, read_films
from lingula.schemas import load_schema
from lingula.scores import Scores
from lingula.tables.score_table import read_score_table


def films_with_scores(
    table: FilmTable, path: Path, schema: str = "chexpert14"
) -> tuple[Films, Scores]:
    """Films of a table that another table has scores of, matched by the path of the film.

    Args:
        table: Films with labels.
        path: Of the table of scores.
        schema: Of both.

    Returns:
        n films, and the scores of the observations that both have, in the same order.

    Raises:
        InputError: If no film has scores, a film has them twice, or no observation is shared.
    """
    films = read_films(table, load_schema(schema))
    scores = read_score_table(path, schema=schema)
    if scores.ids is None:
        raise InputError(f"{path}: has no column of the films' paths")
    places = {text: row for row, text in enumerate(scores.ids)}
    if len(places) < len(scores.ids):
        raise InputError(f"{path}: has several rows with one path")
    rows = np.array([places.get(text, -1) for text in films.paths], dtype=np.intp)
    if (rows < 0).all():
        raise InputError(
            f"{path}: none of its paths is one of {films.source}; the first are "
            f"{scores.ids[0]!r} and {films.paths[0]!r}"
        )
    films = films.without(np.flatnonzero(rows < 0).tolist(), f"no scores in {path}")
    held = () if films.labels is None else films.labels.schema.names
    shared = [name for name in scores.schema.names if name in held]
    if not shared:
        raise InputError(f"{path} and {films.source}: share no observation")
    return films, scores.scores.take(rows[rows >= 0]).select(shared)
