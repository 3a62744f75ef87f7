"""What an audit finds: plain frozen records, with the exhibits that ``documents`` draws.

A check returns one ``CheckResult``. Its numbers are typed by ``Kind``, so that every form of
document knows how to write them and the JSON file can hold them unrounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.documents import Cell, Curve, Grid, Level, Measure, Stack, Table

#: Scores from which a check counts as good, or as worth a look; below them it asks for action.
#: Ours: the checks' scores are all shares of the data (or of the labels) without the issue.
GOOD_FROM = 0.95
LOOK_FROM = 0.75


def level_of(score: float | None) -> Level:
    """The level of a score in 0 to 1; a check without a score was not checked."""
    if score is None or math.isnan(score):
        return Level.MISSING
    if score >= GOOD_FROM:
        return Level.GOOD
    return Level.LOOK if score >= LOOK_FROM else Level.ACT


#: What a check shows.
Exhibit = Table | Stack | Grid | Curve


@dataclass(frozen=True)
class Finding:
    """One sentence of what was found, and how much it matters."""

    text: str
    level: Level = Level.LOOK


@dataclass(frozen=True)
class Example:
    """A row that shows an issue. ``text`` is only there when report text was asked for."""

    row: int
    id: str
    why: str
    text: str | None = None


@dataclass(frozen=True, eq=False)
class CheckResult:
    """What one check found.

    Attributes:
        name: The check's name, as in ``Audit.check(name)``.
        title: Its heading.
        score: 0 to 1, higher is better; None when it was not checked. Each check's documentation
            says of what the score is a share.
        summary: One sentence.
        advice: What to do, one sentence each.
        missing: Why it was not checked; empty when it was.
        rows: Positions of all rows with the issue, or None where the issue is not one of rows.
        row_ids: Their ids, where somebody will want to look them up; the JSON file lists them.
        label_scores: One score in 0 to 1 a label (NaN where it cannot be had), for the star
            rating; None for a check that says nothing of single labels.
    """

    name: str
    title: str
    score: float | None
    summary: str
    findings: tuple[Finding, ...] = ()
    advice: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    examples: tuple[Example, ...] = ()
    missing: str = ""
    rows: npt.NDArray[np.intp] | None = None
    row_ids: tuple[str, ...] | None = None
    label_scores: npt.NDArray[np.float64] | None = None

    @property
    def level(self) -> Level:
        """The level of the score."""
        return level_of(self.score)

    def value(self, name: str) -> Cell:
        """The value of a measure.

        Raises:
            KeyError: If the check has no measure of that name.
        """
        for measure in self.measures:
            if measure.name == name:
                return measure.value
        raise KeyError(name)

    def table(self, name: str) -> Table:
        """A table by name.

        Raises:
            KeyError: If the check has no table of that name.
        """
        for exhibit in self.exhibits:
            if isinstance(exhibit, Table) and exhibit.name == name:
                return exhibit
        raise KeyError(name)


@dataclass(frozen=True, eq=False)
class Audit:
    """The whole audit of one label table.

    Attributes:
        name: What was audited, as a reader should see it.
        schema: Name of the schema.
        label_names: The k label names, in column order.
        overview: Counts of rows, patients, studies, texts.
        checks: One result a check, in the order of the registry.
    """

    name: str
    schema: str
    label_names: tuple[str, ...]
    overview: tuple[Measure, ...]
    checks: tuple[CheckResult, ...]

    def _repr_html_(self) -> str:
        from lingula.audit.document import audit_document

        return audit_document(self)._repr_html_()

    def check(self, name: str) -> CheckResult:
        """The result of one check.

        Raises:
            KeyError: If no check of that name was run.
        """
        for result in self.checks:
            if result.name == name:
                return result
        raise KeyError(name)
