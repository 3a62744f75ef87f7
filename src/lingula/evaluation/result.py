"""What an evaluation found, as frozen records of arrays; documents are made from these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lingula.documents import Estimate
from lingula.evaluation.figures import Figure
from lingula.evaluation.people import ReaderComparison
from lingula.evaluation.probabilities import ColumnCurves
from lingula.evaluation.settings import Settings
from lingula.labels import Schema
from lingula.metrics.bootstrap import Difference, Interval
from lingula.metrics.counts import BinaryCounts, FloatArray, IntArray
from lingula.metrics.uncertain import F1Bounds


@dataclass(frozen=True, eq=False)
class CandidateResult:
    """One labeler's figures.

    Attributes:
        name: Of the labeler or its table.
        figures: The f figures of this labeler.
        values: float64, shape (f,); NaN where undefined.
        intervals: One a figure, None where no bootstrap was asked or none applies.
        confusion: int64, shape (k, 4, 4): observation, true class, predicted class; None for
            scores without labels.
        counts: Of the binary columns, shape (m,); None likewise.
        bounds: Of the positive F1, over all ways to resolve uncertain labels; None for
            positive-only truth, and for scores.
        curves: One a binary column with probabilities or scores; empty if there are none.
    """

    name: str
    figures: tuple[Figure, ...]
    values: FloatArray
    intervals: tuple[Interval | None, ...]
    confusion: IntArray | None
    counts: BinaryCounts | None
    bounds: F1Bounds | None
    curves: tuple[ColumnCurves, ...] = ()

    def value(self, figure: Figure) -> float:
        """The value of one figure.

        Raises:
            KeyError: If this labeler has no such figure.
        """
        return float(self.values[self._place(figure)])

    def interval(self, figure: Figure) -> Interval | None:
        """The interval of one figure, or None if it has none.

        Raises:
            KeyError: If this labeler has no such figure.
        """
        return self.intervals[self._place(figure)]

    def estimates(self) -> dict[Figure, Estimate]:
        """All figures with their intervals, ready to be shown."""
        ends = [() if each is None else (each.low, each.high) for each in self.intervals]
        return {
            figure: Estimate(value, *both)
            for figure, value, both in zip(self.figures, self.values.tolist(), ends, strict=True)
        }

    def _place(self, figure: Figure) -> int:
        try:
            return self.figures.index(figure)
        except ValueError:
            raise KeyError(figure) from None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One or two labelers against one truth.

    Attributes:
        truth: Name of the truth.
        schema: The k observations.
        columns: Names of the m binary columns.
        n_reports: Number of reports n.
        n_units: Number of units that the bootstrap draws.
        unit: "reports" or "patients".
        settings: What the figures depend on.
        candidates: One or two labelers.
        differences: Second minus first, for figures that both have; empty with one labeler or
            without bootstrap.
        readers: The comparison with people, or None.
        notes: What a reader must know: zero-divisions, classes that do not occur, what was left
            out. One sentence each.
        version: Of Lingula.
    """

    truth: str
    schema: Schema
    columns: tuple[str, ...]
    n_reports: int
    n_units: int
    unit: str
    settings: Settings
    candidates: tuple[CandidateResult, ...]
    differences: tuple[tuple[Figure, Difference], ...]
    readers: ReaderComparison | None
    notes: tuple[str, ...]
    version: str

    def _repr_html_(self) -> str:
        from lingula.evaluation.document import to_document

        return to_document(self)._repr_html_()

    def named(self, truth: str, notes: Sequence[str] = ()) -> Evaluation:
        """The same, with the truth's name, and with sentences before its own notes."""
        return replace(self, truth=truth, notes=(*notes, *self.notes))

    @property
    def convention(self) -> str:
        """One line that names everything a figure depends on."""
        parts = [
            f"uncertain={self.settings.uncertain.value} ({self.settings.uncertain.meaning})",
            f"{len(self.schema)} observations of {self.schema.name}",
            f"0/0={self.settings.zero_division_text}",
            f"{self.n_reports:,} reports",
        ]
        if self.settings.bootstrap:
            parts.append(
                f"{100 * self.settings.level:g}% percentile bootstrap, "
                f"{self.settings.bootstrap:,} resamples of {self.n_units:,} {self.unit}, "
                f"seed {self.settings.seed}"
            )
        parts.append(f"lingula {self.version}")
        return "; ".join(parts)
