"""Scores and what they carry: convention, policy, class set, average, labeler, versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lingula.documents import plain
from lingula.errors import InputError
from lingula.score.conventions import CONVENTIONS, Figure
from lingula.score.provenance import Provenance

if TYPE_CHECKING:
    import pyarrow

#: Stands in the place of a convention's name for the mean cosine of CheXbert's vectors.
SIMILARITY = "chexbert_similarity"


@dataclass(frozen=True)
class Bootstrap:
    """How intervals were made: percentile bootstrap over reports.

    Attributes:
        resamples: Number of resamples.
        seed: Seed of the generator.
        confidence: Coverage, 0.95 for a 95% interval.

    Raises:
        InputError: If a number is out of range.
    """

    resamples: int
    seed: int
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.resamples < 0:
            raise InputError(f"the number of resamples must be 0 or more, not {self.resamples}")
        if self.seed < 0:
            raise InputError(f"the seed must be 0 or more, not {self.seed}")
        if not 0 < self.confidence < 1:
            raise InputError(f"the confidence must lie between 0 and 1, not at {self.confidence}")


@dataclass(frozen=True)
class Score:
    """One figure under one convention.

    Attributes:
        convention: Name of the convention, or "chexbert_similarity".
        figure: What it is.
        value: NaN where the figure is undefined.
        zero_division: Value that 0/0 got; None where no such quotient occurs.
        support: Positive labels in the references; None for the similarity.
        lower: Lower end of the bootstrap interval, or None.
        upper: Upper end of the bootstrap interval, or None.
        note: What to know of this figure on these data, or an empty string.
        is_zero_by_zero: Whether the value is a 0/0 itself (not an average over some).
    """

    convention: str
    figure: Figure
    value: float
    zero_division: float | None
    support: int | None = None
    lower: float | None = None
    upper: float | None = None
    note: str = ""
    is_zero_by_zero: bool = False


@dataclass(frozen=True)
class GenerationScores:
    """All scores of one run, with their provenance.

    Attributes:
        scores: In the order of the conventions, figures in each convention's order.
        reports: Number of pairs of reports.
        provenance: Labeler, section, versions.
        bootstrap: How the intervals were made, or None.
        notes: What to know of these data (empty reports, dropped duplicates), a sentence each.
    """

    scores: tuple[Score, ...]
    reports: int
    provenance: Provenance
    bootstrap: Bootstrap | None = None
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        from lingula.score.document import to_page

        return to_page(self)._repr_html_()

    @property
    def conventions(self) -> tuple[str, ...]:
        """Names of the conventions, in order."""
        return tuple(
            dict.fromkeys(s.convention for s in self.scores if s.convention in CONVENTIONS)
        )

    def of(self, convention: str) -> Iterator[Score]:
        """The scores of one convention."""
        return (score for score in self.scores if score.convention == convention)

    def value(
        self,
        convention: str,
        measure: str = "f1",
        *,
        average: str = "micro",
        class_set: str | int = "14",
        uncertain: str | None = None,
        observation: str = "",
    ) -> float:
        """One number.

        Args:
            convention: Name of the convention.
            measure: As in ``Figure``.
            average: As in ``Figure``.
            class_set: "14" or "5".
            uncertain: Needed only where the convention has the figure under two policies.
            observation: For the average "per-observation".

        Raises:
            InputError: If the convention has no such figure, or has it under two policies.
        """
        found = [
            score
            for score in self.of(convention)
            if (score.figure.measure, score.figure.average) == (measure, average)
            and score.figure.class_set == str(class_set)
            and score.figure.observation == observation
            and uncertain in (None, score.figure.uncertain)
        ]
        if len(found) == 1:
            return found[0].value
        what = f"{convention} has {measure}, {average}, {class_set} observations"
        if found:
            policies = ", ".join(score.figure.uncertain for score in found)
            raise InputError(f"{what} under several policies: give uncertain= one of {policies}")
        raise InputError(f"{what.replace(' has ', ' has no ')}; see .of({convention!r})")

    @property
    def similarity(self) -> float | None:
        """Mean CheXbert similarity, or None if it was not asked for."""
        return next((score.value for score in self.of(SIMILARITY)), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; an undefined figure is None."""
        boot = None if self.bootstrap is None else asdict(self.bootstrap)
        return {
            **self._ground(),
            "versions": dict(self.provenance.versions),
            "bootstrap": boot and {"unit": "report", "method": "percentile", **boot},
            "notes": list(self.notes),
            "conventions": {
                name: {
                    "source": CONVENTIONS[name].source,
                    "peculiarities": list(CONVENTIONS[name].peculiarities),
                }
                for name in self.conventions
            },
            "scores": [_score_row(score) for score in self.scores],
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """One flat row a score, each with the whole provenance: what the CSV file holds."""
        boot = self.bootstrap
        shared = {
            "confidence": None if boot is None else boot.confidence,
            "resamples": None if boot is None else boot.resamples,
            "seed": None if boot is None else boot.seed,
            **self._ground(),
            "versions": self.provenance.versions_line,
        }
        return ({**_score_row(score), **shared} for score in self.scores)

    def to_arrow(self) -> pyarrow.Table:
        """The rows as a table; an undefined figure is null."""
        import pyarrow as pa

        numbers = ("zero_division", "value", "lower", "upper", "confidence")
        counts = ("support", "resamples", "seed", "reports")
        types = dict.fromkeys(numbers, pa.float64()) | dict.fromkeys(counts, pa.int64())
        rows = list(self.rows())
        schema = pa.schema([(name, types.get(name, pa.string())) for name in rows[0]])
        return pa.Table.from_pylist(rows, schema=schema)

    def _ground(self) -> dict[str, Any]:
        made = self.provenance
        return {
            "reports": self.reports,
            "labeler": made.labeler,
            "labeler_sha256": made.labeler_sha256,
            "schema": made.schema,
            "section": made.section,
        }


def _score_row(score: Score) -> dict[str, Any]:
    figure = score.figure
    return {
        "convention": score.convention,
        "measure": figure.measure,
        "average": figure.average,
        "class_set": figure.class_set,
        "observation": figure.observation,
        "uncertain": figure.uncertain,
        "zero_division": score.zero_division,
        "value": plain(score.value),
        "lower": plain(score.lower),
        "upper": plain(score.upper),
        "support": score.support,
        "source_key": figure.source_key,
        "note": score.note,
    }
