"""Which generated report belongs to which reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.score.conventions import CONVENTIONS, Convention

_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Pairs:
    """Positions of n pairs.

    Attributes:
        references: Position of each pair's reference, shape (n,).
        generated: Position of each pair's generated report, shape (n,).
        dropped: How many pairs were left out because their id had occurred before.
    """

    references: npt.NDArray[np.intp]
    generated: npt.NDArray[np.intp]
    dropped: int = 0


def pair_by_id(
    reference_ids: Sequence[str],
    generated_ids: Sequence[str],
    *,
    drop_duplicates: bool = False,
    names: tuple[str, str] = ("the references", "the generated reports"),
) -> Pairs:
    """Pair equal ids, in the references' order.

    Args:
        reference_ids: One id a reference.
        generated_ids: One id a generated report, in any order.
        drop_duplicates: Of rows with one id only the first counts; otherwise they are an error.
        names: What messages call the two sides, such as file names.

    Raises:
        InputError: If an id occurs twice, or on one side only; the message names some.
    """
    if not drop_duplicates:
        check_unique(reference_ids, names[0])
        check_unique(generated_ids, names[1])
    first_reference, first_generated = first_places(reference_ids), first_places(generated_ids)
    here = [text for text in first_reference if text not in first_generated]
    there = [text for text in first_generated if text not in first_reference]
    problems = [
        f"{_number(alone)} in {name} only: {_examples(alone)}"
        for name, alone in zip(names, (here, there), strict=True)
        if alone
    ]
    if problems:
        raise InputError(
            "; ".join(problems) + ". Every reference needs its generated report and the other way "
            "round: leaving reports out would change the score"
        )
    return Pairs(
        np.array(list(first_reference.values()), dtype=np.intp),
        np.array([first_generated[text] for text in first_reference], dtype=np.intp),
        max(len(reference_ids), len(generated_ids)) - len(first_reference),
    )


def pair_by_row(
    n_references: int,
    n_generated: int,
    ids: Sequence[str] | None = None,
    *,
    drop_duplicates: bool = False,
    names: tuple[str, str] = ("the references", "the generated reports"),
) -> Pairs:
    """Pair rows by their order.

    Args:
        n_references: Number of references.
        n_generated: Number of generated reports.
        ids: Ids of the pairs; only read to drop duplicates.
        drop_duplicates: Of pairs with one id only the first counts.
        names: What messages call the two sides.

    Raises:
        InputError: If the two differ in length.
    """
    if n_references != n_generated:
        raise InputError(
            f"by row order the two need the same length: {names[0]} have {n_references} rows, "
            f"{names[1]} have {n_generated}"
        )
    rows = np.arange(n_references)
    if ids is not None and drop_duplicates:
        rows = np.array(list(first_places(ids).values()), dtype=np.intp)
    return Pairs(rows, rows, n_references - len(rows))


def check_unique(ids: Sequence[str], name: str) -> None:
    """Refuse repeated ids.

    Raises:
        InputError: If an id occurs twice; the message names some, and the conventions that would
            drop them.
    """
    if len(set(ids)) == len(ids):
        return
    repeated = [text for text, count in Counter(ids).items() if count > 1]
    dropping = ", ".join(c.name for c in CONVENTIONS.values() if c.drops_duplicates)
    raise InputError(
        f"{_number(repeated)} more than once in {name}: {_examples(repeated)}. Remove the extra "
        f"rows; of the conventions only {dropping} drops them itself"
    )


def all_drop_duplicates(conventions: Sequence[Convention]) -> bool:
    """Whether every one of the conventions drops repeated ids."""
    return all(convention.drops_duplicates for convention in conventions)


def dropped_note(count: int) -> str:
    """A sentence on dropped duplicates, for the reader of the scores."""
    rows = (
        "1 report with a repeated id was"
        if count == 1
        else f"{count} reports with a repeated id were"
    )
    return f"{rows} dropped; of each id the first counts."


def first_places(ids: Sequence[str]) -> dict[str, int]:
    """Where each id first occurs."""
    places: dict[str, int] = {}
    for place, text in enumerate(ids):
        places.setdefault(text, place)
    return places


def _number(ids: Sequence[str]) -> str:
    return "1 id is" if len(ids) == 1 else f"{len(ids)} ids are"


def _examples(ids: Sequence[str]) -> str:
    shown = ", ".join(repr(text) for text in ids[:_SHOWN])
    return shown + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")
