"""Films -> scores of films and of studies, as tables that ``lingula evaluate`` reads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.images.film_set import Films
from lingula.images.model import FilmModel, SelectedModel
from lingula.images.pictures import Gray, Pixels, fit_size, read_gray
from lingula.images.recipe import Joined, PictureSettings
from lingula.images.studies import Studies, studies_of
from lingula.scores import Scores

if TYPE_CHECKING:
    import pyarrow

#: Films that are held at once, at their own size.
_BLOCK = 64


@dataclass(frozen=True, eq=False)
class FilmScores:
    """Scores of n films and of their m studies.

    Attributes:
        films: The films.
        scores: Of films; NaN where the picture could not be read.
        studies: Which films are one study.
        study_scores: Of studies.
        broken: Pictures that could not be read, and why.
    """

    films: Films
    scores: Scores
    studies: Studies
    study_scores: Scores
    broken: tuple[str, ...]


def predict_films(
    model: FilmModel | SelectedModel,
    films: Films,
    *,
    joined: Joined | None = None,
    skip_broken: bool = False,
    told: Callable[[int, int], None] | None = None,
) -> FilmScores:
    """Score films.

    Args:
        model: Scores them.
        films: n films whose files are there.
        joined: How the views of a study are joined; as the model's recipe says if not given.
        skip_broken: Leave pictures without a score that cannot be read.
        told: Called with films done and in all.

    Raises:
        InputError: If a picture cannot be read.
    """
    values, broken = [], []
    for at in range(0, len(films), _BLOCK):
        block = _read(films.files[at : at + _BLOCK])
        failed = {row: item for row, item in enumerate(block) if isinstance(item, str)}
        if failed and not skip_broken:
            raise InputError(f"{next(iter(failed.values()))}; leave such out with --skip-broken")
        broken += list(failed.values())
        found = model.scores(HeldImages(block).at_size, len(block)).values.copy()
        found[list(failed)] = np.nan
        values.append(found)
        if told is not None:
            told(min(at + _BLOCK, len(films)), len(films))
    scores = Scores(model.schema, np.concatenate(values))
    studies = studies_of(list(films.studies))
    of_study = studies.scores(scores.values, joined or model.recipe.studies)
    return FilmScores(films, scores, studies, Scores(model.schema, of_study), tuple(broken))


def film_table(found: FilmScores) -> pyarrow.Table:
    """One row a film: its path as in the input table, study, view, and scores."""
    films = found.films
    return _table(
        {films.id_column: films.paths, "Study": films.studies, "View": films.views}, found.scores
    )


def study_table(found: FilmScores) -> pyarrow.Table:
    """One row a study: the path of its first film, the study, its number of views, and scores."""
    films, studies = found.films, found.studies
    columns = {
        films.id_column: films.paths[studies.first],
        "Study": films.studies[studies.first],
        "Views": studies.views,
    }
    return _table(columns, found.study_scores)


def study_path(path: Path) -> Path:
    """Where the table of studies stands beside that of films."""
    stem, dot, rest = path.name.partition(".")
    return path.with_name(f"{stem}.studies{dot}{rest}")


def _table(columns: dict[str, npt.NDArray[np.generic]], scores: Scores) -> pyarrow.Table:
    import pyarrow as pa

    held = {name: pa.array(list(values)) for name, values in columns.items()}
    for place, name in enumerate(scores.schema.names):
        held[name] = pa.array(scores.values[:, place].astype(np.float32), from_pandas=True)
    return pa.table(held)


def _read(files: tuple[Path, ...]) -> list[Gray | str]:
    """Gray images at their own size, or why one cannot be read."""

    def one(path: Path) -> Gray | str:
        try:
            return read_gray(path)
        except InputError as error:
            return str(error)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, files))


class HeldImages:
    """Gray images in memory, at any size."""

    def __init__(self, images: Sequence[Gray | str]) -> None:
        self._images = images

    def at_size(self, settings: PictureSettings) -> _Sized:
        """The same at a recipe's size; what is no image is black."""
        return _Sized(self._images, settings)


class _Sized:
    def __init__(self, images: Sequence[Gray | str], settings: PictureSettings) -> None:
        black = np.zeros((settings.size, settings.size), dtype=np.uint16)
        self._pixels = np.stack(
            [black if isinstance(item, str) else fit_size(item, settings) for item in images]
        )

    def read(self, rows: npt.NDArray[np.intp]) -> Pixels:
        return self._pixels[rows]
