"""From tables to what a run trains and validates on, with all that was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lingula.errors import ColumnError, InputError, RecipeError
from lingula.images.cache import CachedPictures, CacheSettings, cached_pictures, pictures_key
from lingula.images.dicom import counted_remarks
from lingula.images.film_set import Films
from lingula.images.films import FilmTable, has_own_labels, read_films, refuse_shared_patients
from lingula.images.recipe import ImageRecipe
from lingula.images.source import Part
from lingula.labels import Label, Labels, Schema
from lingula.schemas import load_schema

#: What tables call the two parts.
_TRAIN = frozenset({"train", "training"})
_VALID = frozenset({"validate", "validation", "valid", "val", "dev"})


@dataclass(frozen=True, eq=False)
class Side:
    """Films of one part, decoded.

    Attributes:
        films: n films that can be read, with the observations of the run.
        pixels: Their images.
        key: Identifies the images.
    """

    films: Films
    pixels: Part
    key: str


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a run trains and validates on.

    Attributes:
        schema: The observations of the run.
        train: Training films.
        valid: Validation films, of other patients.
        notes: What was left out or is odd, in sentences.
        broken: Files that could not be read, and why.
        narrow: Images whose gray range is narrow.
        clipped: Images that are clipped.
    """

    schema: Schema
    train: Side
    valid: Side
    notes: tuple[str, ...]
    broken: tuple[str, ...]
    narrow: int
    clipped: int


@dataclass(frozen=True)
class Tables:
    """The tables of a run, and how broken pictures are dealt with.

    Attributes:
        train: Training films.
        valid: Validation films, whose own labels go before those of another table; if not given,
            those that the table's split column says, or else some patients of ``train``.
        cache: Where decoded images are kept.
        skip_broken: Leave out pictures that cannot be read, in place of refusing the table.
        told: Called with images decoded and in all.
    """

    train: FilmTable
    valid: FilmTable | None
    cache: CacheSettings
    skip_broken: bool = False
    told: Callable[[int, int], None] | None = None


def prepare(recipe: ImageRecipe, tables: Tables) -> Prepared:
    """Read tables and decode images.

    Raises:
        InputError: If films are missing, broken or of one patient on both sides.
        ColumnError: If an observation of the recipe has no column.
        RecipeError: If there is nothing to learn.
    """
    schema = load_schema(recipe.schema)
    whole = read_films(tables.train, schema)
    if tables.valid is not None:
        train, valid = whole, _read_validation(tables.valid, schema)
    else:
        train, valid = _divided(whole, recipe)
    train, valid = train.of_view(recipe.views), valid.of_view(recipe.views)
    refuse_shared_patients(train, valid)
    schema, left_out = _observations(train, valid, recipe, schema)
    train, valid = _restricted(train, schema), _restricted(valid, schema)
    sides: list[Side] = []
    broken: list[str] = []
    odd: list[str] = []
    narrow = clipped = 0
    for films in (train, valid):
        held = cached_pictures(films.files, recipe.pictures, tables.cache, tables.told)
        broken += list(held.broken.values())
        odd += counted_remarks(
            [path for row, path in enumerate(films.files) if row not in held.broken]
        )
        narrow, clipped = narrow + held.narrow, clipped + held.clipped
        sides.append(_readable(films, held, recipe, skip=tables.skip_broken))
    notes = (*dict.fromkeys((*sides[0].films.notes, *sides[1].films.notes)), *odd, *left_out)
    return Prepared(schema, sides[0], sides[1], notes, tuple(broken), narrow, clipped)


def _read_validation(table: FilmTable, schema: Schema) -> Films:
    """Validation films with their own labels, if they have any: an expert's, beside mined ones."""
    if table.labels is None or not has_own_labels(table.path, schema):
        return read_films(table, schema)
    films = read_films(replace(table, labels=None), schema)
    note = f"{table.path}: the labels are the table's own, not those of {table.labels}."
    return replace(films, notes=(*films.notes, note))


def _divided(films: Films, recipe: ImageRecipe) -> tuple[Films, Films]:
    """Training and validation films of one table."""
    said = [np.flatnonzero([part in names for part in films.parts]) for names in (_TRAIN, _VALID)]
    if all(len(rows) for rows in said):
        return films.take(said[0]), films.take(said[1])
    if not any(films.patients):
        raise InputError(
            f"{films.source}: has no column of patients to keep apart; name a table of validation "
            "films with --valid"
        )
    chosen = np.array([_drawn(patient, recipe) for patient in films.patients])
    if chosen.all() or not chosen.any():
        raise InputError(
            f"{films.source}: has too few patients to keep some for validation; name a table of "
            "validation films with --valid"
        )
    patients = len(set(films.patients[chosen]))
    note = (
        f"{films.source}: {int(chosen.sum()):,} films of {patients:,} patients are kept for "
        "validation, drawn by the patient and the seed."
    )
    train = films.take(np.flatnonzero(~chosen))
    return replace(train, notes=(*train.notes, note)), films.take(np.flatnonzero(chosen))


def _drawn(patient: str, recipe: ImageRecipe) -> bool:
    digest = hashlib.sha256(f"{recipe.seed}\0{patient}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < recipe.validation


def _observations(
    train: Films, valid: Films, recipe: ImageRecipe, schema: Schema
) -> tuple[Schema, list[str]]:
    """The observations that can be learned, and a note on those that cannot."""
    held = [set(films.labels.schema.names) for films in (train, valid) if films.labels is not None]
    shared = [name for name in schema.names if all(name in names for names in held)]
    wanted = schema.restrict(recipe.observations).names if recipe.observations else tuple(shared)
    for name in wanted:
        if name not in shared:
            raise ColumnError(f"{train.source} and {valid.source}: have no column {name!r} both")
    if not wanted:
        raise ColumnError(f"{train.source} and {valid.source}: share no observation")
    found = _restricted(train, schema.restrict(wanted))
    if (found.classes == Label.BLANK).all():
        raise RecipeError(f"{train.source}: every label is blank; there is nothing to learn")
    positive = (found.classes == Label.POSITIVE).any(axis=0)
    other = (found.classes == Label.NEGATIVE).any(axis=0)
    if recipe.blank == "negative":
        other |= (found.classes == Label.BLANK).any(axis=0)
    names = found.labels.schema.names if found.labels is not None else ()
    kept = [name for name, good in zip(names, positive & other, strict=True) if good]
    lost = [name for name in names if name not in kept]
    if not kept or (lost and recipe.observations):
        raise RecipeError(
            f"{train.source}: {', '.join(lost)}: positive or negative films are lacking, so that "
            f"there is nothing to learn (blank counts as {recipe.blank})"
        )
    note = f"{train.source}: not learned, for one class only occurs: {', '.join(lost)}."
    return schema.restrict(kept), [note] if lost else []


def _restricted(films: Films, schema: Schema) -> Films:
    if films.labels is None:
        raise InputError(f"{films.source}: was read without labels")
    own = films.labels.schema
    columns = [own.index(name) for name in schema.names]
    return replace(films, labels=Labels(schema, films.classes[:, columns]))


def _readable(films: Films, held: CachedPictures, recipe: ImageRecipe, *, skip: bool) -> Side:
    if held.broken and not skip:
        first = next(iter(held.broken.values()))
        raise InputError(
            f"{films.source}: {len(held.broken):,} of {len(films):,} pictures cannot be read; the "
            f"first: {first}. Leave them out with --skip-broken"
        )
    rows: npt.NDArray[np.intp] = np.setdiff1d(
        np.arange(len(films)), np.array(sorted(held.broken), dtype=np.intp)
    )
    key = pictures_key(films.files, recipe.pictures)
    kept = films.without(sorted(held.broken), "the picture cannot be read")
    return Side(kept, Part(held, rows), key)
