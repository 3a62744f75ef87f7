"""Metadata columns as groups to break labels down by: categories, age bands, years, quarters."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lingula.audit.inputs import Codes, Groups
from lingula.tables.label_values import describe_cell

if TYPE_CHECKING:
    import pyarrow as pa

#: Words of column names that say what labels are worth breaking down by. Ours, from the columns
#: of CheXpert, MIMIC-CXR-JPG, ChestX-ray14, PadChest and VinDr-CXR.
TELLING = re.compile(
    r"age|ap|date|ethnicity|frontal|gender|hospital|institution|insurance|lateral|manufacturer|"
    r"modality|orientation|pa|portable|position|procedure|projection|race|scanner|sex|site|view|"
    r"year"
)
AGE_BANDS = ((0, 17), (18, 39), (40, 59), (60, 79), (80, 120))
#: DICOM writes ages as "057Y", "006M", "010W", "003D" (PS3.5, value representation AS).
AGE = re.compile(r"\s*(\d{1,3})(?:\.\d+)?\s*([YMWD]?)\s*", re.IGNORECASE)
YEARS_OF_UNIT = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
DATE = re.compile(r"\s*(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[ T].*)?")
#: X-rays were described in November 1895: no earlier radiograph has a true date.
FIRST_YEAR = 1895
#: A column of numbers with more distinct values than this is cut into quarters.
MOST_NUMBERS = 12
LONGEST_TITLE = 40


@dataclass(frozen=True, eq=False)
class Grouping:
    """A metadata column, each row in one group.

    Attributes:
        name: The column's name.
        codes: intp, shape (n,): position in ``names``.
        names: The groups' names, in the order to show them.
        odd: Sentences on cells that could not be true, as in an age of 999.
    """

    name: str
    codes: Codes
    names: tuple[str, ...]
    odd: tuple[str, ...] = ()


def words_of(name: str) -> set[str]:
    """The words of a column name: "ViewPosition", "AP/PA" and "patient_age" alike."""
    return {word.casefold() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def is_telling(name: str) -> bool:
    """Whether a column's name promises a breakdown that a reader expects."""
    return any(TELLING.fullmatch(word) for word in words_of(name))


def group_column(name: str, values: pa.ChunkedArray, most_levels: int) -> Grouping:
    """Groups of one metadata column.

    A column named as an age becomes age bands, one named as a date becomes years (decades, where
    there are many), one of many numbers becomes quarters of equal size, and any other its values,
    the most frequent first and those beyond ``most_levels`` pooled as "other". Blank cells are a
    group of their own.
    """
    cells = Groups.of(values)
    words = words_of(name)
    if "age" in words:
        return _ages(name, cells)
    if "date" in words:
        return _dates(name, cells, most_levels)
    numbers = [_number(text) for text in cells.names]
    if len(numbers) > MOST_NUMBERS and all(number is not None for number in numbers):
        return _quarters(name, cells, np.array(numbers, dtype=np.float64))
    return _categories(name, cells, most_levels)


def _ages(name: str, cells: Groups) -> Grouping:
    bands = [f"{low}–{high}" if high < 120 else f"{low}+" for low, high in AGE_BANDS]
    chosen: list[str | None] = []
    for text in cells.names:
        match = AGE.fullmatch(text)
        years = float(match[1]) * YEARS_OF_UNIT[match[2].upper()] if match else -1.0
        band = next(
            (b for b, (_, high) in zip(bands, AGE_BANDS, strict=True) if 0 <= years < high + 1),
            None,
        )
        chosen.append(band)
    return _named(name, cells, chosen, tuple(bands), "no age between 0 and 120 years")


def _dates(name: str, cells: Groups, most_levels: int) -> Grouping:
    years = [_year(text) for text in cells.names]
    known = sorted({year for year in years if year is not None})
    step = 1
    while len({year // step for year in known}) > most_levels:
        step *= 10
    titles = {
        year: str(year) if step == 1 else f"{year // step * step}–{year // step * step + step - 1}"
        for year in known
    }
    chosen = [None if year is None else titles[year] for year in years]
    order = tuple(dict.fromkeys(titles[year] for year in known))
    return _named(name, cells, chosen, order, f"no date from {FIRST_YEAR} on")


def _year(text: str) -> int | None:
    match = DATE.fullmatch(text)
    if match is None:
        return None
    try:
        date = datetime.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return date.year if date.year >= FIRST_YEAR else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _quarters(
    name: str, cells: Groups, numbers: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> Grouping:
    known = cells.codes >= 0
    edges = np.unique(np.quantile(numbers[cells.codes[known]], [0, 0.25, 0.5, 0.75, 1]))
    if len(edges) < 2:
        return _categories(name, cells, 2)
    position = np.clip(np.searchsorted(edges, numbers, side="left") - 1, 0, len(edges) - 2)
    titles = [
        f"{low:.6g} to {high:.6g}" if place == 0 else f"over {low:.6g} to {high:.6g}"
        for place, (low, high) in enumerate(pairwise(edges))
    ]
    chosen: list[str | None] = [titles[place] for place in position]
    return _named(name, cells, chosen, tuple(titles), "")


def _categories(name: str, cells: Groups, most_levels: int) -> Grouping:
    counts = cells.counts()
    order = sorted(range(len(counts)), key=lambda place: (-counts[place], cells.names[place]))
    kept = order if len(order) <= most_levels else order[: most_levels - 1]
    titles = {place: _title(cells.names[place]) for place in kept}
    pooled = len(order) - len(kept)
    other = f"other ({pooled} values)"
    chosen: list[str | None] = [titles.get(place, other) for place in range(len(counts))]
    names = tuple(titles[place] for place in kept) + ((other,) if pooled else ())
    return _named(name, cells, chosen, names, "")


def _title(value: str) -> str:
    # A long cell may be a report's text, which is shown only when it is asked for.
    return value if len(value) <= LONGEST_TITLE else f"a text of {len(value)} characters"


def _named(
    name: str, cells: Groups, chosen: list[str | None], order: tuple[str, ...], expected: str
) -> Grouping:
    """Groups by the name chosen for each distinct value; None is unreadable, no cell is blank."""
    names = list(dict.fromkeys(order))
    place = {title: position for position, title in enumerate(names)}
    unreadable, blank = len(names), len(names) + 1
    by_value = np.array([unreadable if c is None else place[c] for c in chosen] + [blank])
    codes = by_value[cells.codes].astype(np.intp)
    odd: tuple[str, ...] = ()
    wrong = [value for value, title in zip(cells.names, chosen, strict=True) if title is None]
    if wrong:
        shown = ", ".join(describe_cell(value) for value in wrong[:3])
        count = int((codes == unreadable).sum())
        odd = (f"{name}: {count:,} cells hold {expected} (as in {shown}).",)
    names += ["unreadable", "blank"]
    used = [position for position in range(len(names)) if (codes == position).any()]
    renumber = np.full(len(names), -1, dtype=np.intp)
    renumber[used] = np.arange(len(used))
    return Grouping(name, renumber[codes], tuple(names[position] for position in used), odd)
