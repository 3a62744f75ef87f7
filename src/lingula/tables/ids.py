"""Ids of rows: made comparable between tables, and settled where several rows have one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.labels import Labels
from lingula.scores import Scores
from lingula.tables.label_table import LabelTable
from lingula.tables.score_table import ScoreTable

#: What may become of several rows with one id.
DUPLICATES = ("fail", "first", "last", "max")

#: MIMIC-CXR writes a study as s50414267 in its files' names and as 50414267 in its tables, and
#: pandas turns the latter into 50414267.0 where a cell of the column is empty.
_STUDY_NUMBER = re.compile(r"s?(\d+)(?:\.0)?")

#: Order of labels for "max": what is said of a study is said by any of its rows.
_RANK = np.array([0, 3, 1, 2], dtype=np.int8)
_OF_RANK = np.argsort(_RANK).astype(np.int8)

Table: TypeAlias = "LabelTable | ScoreTable"


def comparable_ids(sides: Sequence[Iterable[str]]) -> tuple[list[list[str]], str]:
    """Ids of several tables in one spelling, if they have none in common as they are.

    The rule: an ``s`` before a number and a ``.0`` behind it are left out, of every id that is
    such a number, and only where the tables share no id otherwise.

    Returns:
        The ids, and a sentence on what was left out; empty if nothing was.
    """
    lists = [list(side) for side in sides]
    if len(lists) < 2:
        return lists, ""
    in_all = set(lists[0])
    for side in lists[1:]:
        in_all.intersection_update(side)
    if in_all - {""}:
        return lists, ""
    plain = [[_plain(text) for text in side] for side in lists]
    shared = set.intersection(*map(set, plain)) - {""}
    unique = all(len(set(new)) == len(set(old)) for new, old in zip(plain, lists, strict=True))
    if not shared or not unique:
        return lists, ""
    odd = next(text for side in lists for text in side if text != _plain(text))
    return plain, f"Ids are compared without an s before and a .0 behind: {odd} is {_plain(odd)}."


def settled(table: Table, how: str) -> tuple[Table, str]:
    """The table with one row an id, and a sentence on what was done; empty if nothing was.

    Args:
        table: With ids.
        how: "first" or "last" keeps that row; "max" takes of each observation the highest score,
            or the label that says most (positive over uncertain over negative over blank), as for
            the images of one study or the boxes of one image; "fail" leaves the table as it is.

    Raises:
        InputError: If ``how`` is unknown, or "max" is asked of labels with probabilities.
    """
    check_duplicates(how)
    if table.ids is None or how == "fail":
        return table, ""
    rows, group = rows_of_ids(table.ids, how)
    extra = len(group) - len(rows)
    if not extra:
        return table, ""
    kept = _highest(table, rows, group) if how == "max" else table.take(rows, table.schema.names)
    what = "the highest counts" if how == "max" else f"the {how} counts"
    return kept, f"{table.source}: {extra:,} rows repeat an id; of each id {what}."


def check_duplicates(how: str) -> None:
    """Refuse a choice that is none of ``DUPLICATES``.

    Raises:
        InputError: If it is unknown.
    """
    if how not in DUPLICATES:
        raise InputError(f"rows of one id can be {', '.join(DUPLICATES)}, not {how!r}")


def rows_of_ids(ids: Iterable[str], how: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Of each of u different ids in n rows the row that counts, in order of first appearance.

    Args:
        ids: One a row.
        how: "last" for each id's last row, else its first.

    Returns:
        Positions of rows, shape (u,), and for each row the place of its id, shape (n,).
    """
    places: dict[str, int] = {}
    group = np.array([places.setdefault(text, len(places)) for text in ids], dtype=np.intp)
    rows = np.zeros(len(places), dtype=np.intp)
    at = np.arange(len(group))
    rows[group[::-1]] = at[::-1]
    if how == "last":
        rows[group] = at
    return rows, group


def _highest(table: Table, rows: npt.NDArray[np.intp], group: npt.NDArray[np.intp]) -> Table:
    if isinstance(table, ScoreTable):
        best = np.full((len(rows), len(table.schema)), np.nan)
        np.fmax.at(best, group, table.scores.values)
        return replace(table.take(rows, table.schema.names), scores=Scores(table.schema, best))
    if table.probabilities is not None:
        raise InputError(
            f"{table.source}: rows of one id cannot be joined by max where probabilities stand "
            "beside the labels; keep the first or the last"
        )
    labels = Labels(table.schema, highest_classes(table.labels.classes, group))
    return replace(table.take(rows, table.schema.names), labels=labels)


def highest_classes(
    classes: npt.NDArray[np.int8], group: npt.NDArray[np.intp]
) -> npt.NDArray[np.int8]:
    """Of each observation the label that says most among the rows of each group.

    Args:
        classes: int8 class indices, shape (n, k).
        group: Group of each row, shape (n,), numbered from 0 without gaps.

    Returns:
        int8, shape (groups, k).
    """
    rank = np.zeros((int(group.max(initial=-1)) + 1, classes.shape[1]), dtype=np.int8)
    np.maximum.at(rank, group, _RANK[classes])
    highest: npt.NDArray[np.int8] = _OF_RANK[rank]
    return highest


def _plain(text: str) -> str:
    match = _STUDY_NUMBER.fullmatch(text)
    return match[1] if match else text
