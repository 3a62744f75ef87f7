"""What is wrong with a submission, all at once, told without the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import ChallengeError, LingulaError
from lingula.metrics.counts import FloatArray
from lingula.schemas import load_schema, shipped_schemas
from lingula.tables.columns import usual_column
from lingula.tables.label_values import describe_cell, parse_number
from lingula.tables.opening import MAGIC
from lingula.tables.reading import column_names, read_columns
from lingula.tables.usual_names import ID_NAMES

if TYPE_CHECKING:
    import pyarrow

#: Rows that are told of one kind of problem; more are counted.
SHOWN = 20
#: Characters that one score may take, on average, before a file is too large to be read.
_SCORE_CHARACTERS = 40
#: What every file may take beside its cells.
_SLACK = 1 << 20


class SubmissionError(ChallengeError):
    """A submission is refused.

    Attributes:
        problems: One sentence each.
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{source}: {'; '.join(self.problems)}")


@dataclass(frozen=True, eq=False)
class Form:
    """What a submission must hold: a column of ids and one of scores for each observation.

    Attributes:
        id_column: Its name.
        ids: Texts, object, shape (m,).
        observations: The k names.
    """

    id_column: str
    ids: npt.NDArray[np.object_]
    observations: tuple[str, ...]

    @property
    def most_bytes(self) -> int:
        """Size above which a file is no submission of this form."""
        ids = int(sum(len(text.encode()) + 4 for text in self.ids))
        return _SLACK + ids + len(self.ids) * len(self.observations) * _SCORE_CHARACTERS


def read_form(path: Path) -> Form:
    """The form that a challenge gives out: a header and a column of ids.

    Raises:
        ChallengeError: If it is none.
    """
    names = column_names(path)
    if len(names) < 2:
        raise ChallengeError(f"{path}: a form has a column of ids and one an observation")
    ids = read_columns(path, names[:1]).column(0).to_pylist()
    return Form(names[0], np.array([str(text) for text in ids], dtype=object), tuple(names[1:]))


@dataclass(frozen=True, eq=False)
class Checked:
    """What a check found.

    Attributes:
        scores: float64, shape (m, k), in the form's order; None if there are problems.
        problems: One sentence each; empty if the submission can be scored.
        notes: What was seen and does not matter.
    """

    scores: FloatArray | None
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def check(path: Path, form: Form, *, decisions: bool = False) -> Checked:
    """Read a submission and say all that is wrong with it.

    Args:
        path: A CSV file, by its content; its name must end in .csv.
        form: What is asked.
        decisions: Whether the cells are decisions, 1 or 0, instead of scores. A column of them may
            hold one of the two only: that is a bad model and no bad table.
    """
    try:
        wrong = _kind(path, form)
        if wrong:
            return Checked(None, (wrong,))
        names = column_names(path)
        columns, problems = _columns(names, form)
        where = _id_column(names, form)
        if where is None:
            problems.append(f"there is no column of ids {form.id_column!r}")
        if problems and (where is None or not columns):
            return Checked(None, tuple(problems))
        return _read(path, form, (str(where), columns), problems, decisions=decisions)
    except LingulaError as error:
        return Checked(None, (str(error).removeprefix(f"{path}: "),))


def _kind(path: Path, form: Form) -> str:
    """What is wrong with the file as a file."""
    size = path.stat().st_size if path.is_file() else None
    if size is None:
        return "there is no such file" if not path.exists() else "is no regular file"
    if size > form.most_bytes:
        return f"has {size:,} bytes; a submission of this form has at most {form.most_bytes:,}"
    with path.open("rb") as stream:
        start = stream.read(max(map(len, MAGIC)))
    if any(start.startswith(magic) for magic in (*MAGIC, b"PAR1")):
        return "is compressed or an archive; a submission is plain CSV"
    return ""


def _columns(names: Sequence[str], form: Form) -> tuple[dict[str, str], list[str]]:
    """Observation -> column, and what is missing or doubled."""
    asked = {_spelled(name): name for name in form.observations}
    aliases = _aliases(form.observations)
    columns: dict[str, str] = {}
    problems = []
    for name in names:
        wanted = asked.get(_spelled(name)) or aliases.get(_spelled(name))
        if wanted is None:
            continue
        if wanted in columns:
            problems.append(f"the columns {columns[wanted]!r} and {name!r} are both {wanted!r}")
        columns.setdefault(wanted, name)
    lacking = [name for name in form.observations if name not in columns]
    if lacking:
        problems.append(f"columns are missing: {', '.join(lacking)}")
    return columns, problems


def _aliases(observations: Sequence[str]) -> dict[str, str]:
    """Other names of observations that the schemas know."""
    found: dict[str, str] = {}
    for shipped in shipped_schemas():
        for item in load_schema(shipped).observations:
            if item.name in observations:
                found |= {_spelled(alias): item.name for alias in item.aliases}
    return found


def _spelled(name: str) -> str:
    return "".join(x for x in name.casefold() if x not in " _-\t")


def _id_column(names: Sequence[str], form: Form) -> str | None:
    for name in names:
        if name.strip().casefold() == form.id_column.casefold():
            return name
    return usual_column(names, ID_NAMES)


def _read(
    path: Path,
    form: Form,
    names: tuple[str, dict[str, str]],
    problems: list[str],
    *,
    decisions: bool,
) -> Checked:
    import pyarrow as pa

    where, columns = names
    types = dict.fromkeys(columns.values(), pa.float64())
    table = read_columns(path, [where, *columns.values()], types=types)
    ids = [str(text).strip() for text in table.column(where).to_pylist()]
    rows, wrong = _rows(ids, form)
    problems += wrong
    scores = np.full((len(form.ids), len(form.observations)), np.nan)
    for position, name in enumerate(form.observations):
        if name not in columns:
            continue
        values, wrong = _scores(table.column(columns[name]), name)
        problems += wrong
        if decisions:
            other = [f"row {row + 1}" for row in np.flatnonzero((values != 0) & (values != 1))]
            if other and not wrong:
                problems.append(f"{name}: {len(other):,} cells are not 1 or 0: {_some(other)}")
        elif not wrong and len(values) > 1 and (values == values[0]).all():
            problems.append(f"{name}: the {len(values):,} scores are all the same, {values[0]:g}")
        if rows is not None and not problems:
            scores[:, position] = values[rows]
    used = {where, *columns.values()}
    extra = [name for name in column_names(path) if name not in used]
    notes = (f"columns that are not asked for are not read: {', '.join(extra)}",) if extra else ()
    return Checked(None if problems else scores, tuple(problems), notes)


def _rows(ids: list[str], form: Form) -> tuple[npt.NDArray[np.intp] | None, list[str]]:
    """The row of each id of the form; None if some are missing, doubled or unknown."""
    wanted = {text: at for at, text in enumerate(form.ids)}
    rows = np.full(len(wanted), -1, dtype=np.intp)
    unknown, doubled = [], []
    for row, text in enumerate(ids):
        at = wanted.get(text)
        if at is None:
            unknown.append(f"row {row + 1} ({describe_cell(text)})")
        elif rows[at] >= 0:
            doubled.append(f"row {row + 1} ({describe_cell(text)}, also row {rows[at] + 1})")
        else:
            rows[at] = row
    lacking = [describe_cell(form.ids[at]) for at in np.flatnonzero(rows < 0)]
    problems = []
    for found, what in (
        (unknown, "ids that are not asked for"),
        (doubled, "ids that occur twice"),
        (lacking, "ids that are missing"),
    ):
        if found:
            problems.append(f"{len(found):,} {what}: {_some(found)}")
    return (None if problems else rows), problems


def _scores(column: pyarrow.ChunkedArray, name: str) -> tuple[FloatArray, list[str]]:
    """Numbers of a column, and the rows that hold none."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        values: FloatArray = column.to_numpy()
        bad = [f"row {row + 1}" for row in np.flatnonzero(np.isnan(values))]
        problems = [f"{name}: {len(bad):,} cells are empty or NaN: {_some(bad)}"] if bad else []
    else:
        cells = column.to_pylist()
        parsed = [parse_number(cell) for cell in cells]
        values = np.array([np.nan if x is None else x for x in parsed], dtype=np.float64)
        bad = [
            f"row {row + 1} ({describe_cell(cells[row])})"
            for row in np.flatnonzero(np.isnan(values))
        ]
        problems = [f"{name}: {len(bad):,} cells are no number: {_some(bad)}"] if bad else []
    endless = [f"row {row + 1}" for row in np.flatnonzero(np.isinf(values))]
    if endless:
        problems.append(f"{name}: {len(endless):,} scores are infinite: {_some(endless)}")
    return values, problems


def _some(found: Sequence[str]) -> str:
    more = len(found) - SHOWN
    return ", ".join(found[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
