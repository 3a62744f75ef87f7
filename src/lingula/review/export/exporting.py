"""One door to every form of export: which reports, whose labels, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError, ReviewError
from lingula.review.export.deciding import FINAL, OPEN, Decided, decide
from lingula.review.export.forms import (
    long_table,
    readers_table,
    trail_table,
    training_table,
)
from lingula.review.export.label_studio import write_tasks
from lingula.review.records import Collected
from lingula.review.store import Store
from lingula.tables.write_table import write_table

if TYPE_CHECKING:
    import pyarrow as pa

FORMS = ("training", "readers", "long", "trail", "label-studio")


@dataclass(frozen=True)
class Wish:
    """What is exported.

    Attributes:
        form: One of ``FORMS``.
        whose: "final", "majority" or a person's name.
        every: Whether reports are taken that not all of their readers have submitted.
        practice: Whether the practice set is taken too.
    """

    form: str = "training"
    whose: str = FINAL
    every: bool = False
    practice: bool = False


@dataclass(frozen=True)
class Written:
    """What was written: rows, and a sentence on each thing that was left out."""

    rows: int
    notes: tuple[str, ...]


def export(store: Store, output: Path, wish: Wish, *, overwrite: bool = False) -> Written:
    """Write an export.

    Raises:
        ReviewError: If nobody's labels are there to be written, or the wish cannot be followed.
        InputError: If the output is there already, or cannot be written.
    """
    if wish.form not in FORMS:
        raise ReviewError(f"{wish.form!r} is no form; there are {', '.join(FORMS)}")
    if output.exists() and not overwrite:
        raise InputError(f"{output}: is there already; add --overwrite to replace it")
    if wish.form == "trail":
        table = trail_table(store)
        write_table(output, table)
        return Written(table.num_rows, ())
    data = store.collected()
    decided = decide(data, wish.whose)
    rows, notes = _chosen(data, decided, wish)
    if not len(rows):
        raise ReviewError(
            f"{store.name}: nothing is complete yet. " + " ".join(notes) + " Export what there is "
            "with --all, or see lingula review progress"
        )
    if wish.form == "label-studio":
        write_tasks(store, data, rows, output)
        return Written(len(rows), notes)
    table = _table(store, data, decided, wish, rows)
    write_table(output, table)
    return Written(table.num_rows, notes)


def _table(
    store: Store, data: Collected, decided: Decided, wish: Wish, rows: npt.NDArray[np.intp]
) -> pa.Table:
    if wish.form == "long":
        return long_table(store, data, rows)
    if wish.form == "readers":
        return readers_table(store, data, decided, rows)
    return training_table(store, data, decided, rows)


def _chosen(
    data: Collected, decided: Decided, wish: Wish
) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
    """The rows that are written, and what was left out."""
    is_practice = np.array([why == "practice" for why in data.why], dtype=np.bool_)
    asked = np.ones(len(data), dtype=np.bool_) if wish.practice else ~is_practice
    started = data.submitted.any(axis=0)
    settled = (decided.classes != OPEN).all(axis=1) & ~decided.flagged
    if wish.form in ("long", "readers", "label-studio"):
        kept = asked & (started if wish.every else decided.complete | decided.flagged)
    else:
        # A training row says something of every cell: an empty cell would say "blank".
        kept = asked & (settled if wish.every else decided.complete)
    notes = []
    for count, what in (
        (int((asked & ~started).sum()), "nobody has submitted yet"),
        (
            int((asked & started & ~kept & ~decided.flagged & ~settled).sum()),
            "are not settled: readers differ, or not all have submitted",
        ),
        (
            int((asked & started & ~kept & settled & ~decided.flagged).sum()),
            "not all readers have submitted",
        ),
        (int((asked & decided.flagged & ~kept).sum()), "were flagged as no report to label"),
        (int((~asked & started).sum()), "are of the practice set"),
    ):
        if count:
            notes.append(
                f"{count:,} reports are left out: they {what}."
                if what.startswith(("are", "were"))
                else f"{count:,} reports are left out, which {what}."
            )
    return np.flatnonzero(kept), tuple(notes)
