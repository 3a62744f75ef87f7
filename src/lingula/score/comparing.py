"""Two generators of reports on the same references: paired differences of every figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lingula.documents import plain
from lingula.errors import InputError
from lingula.evaluation.resampling import resampled_figures
from lingula.labels import Labels
from lingula.metrics.bootstrap import Difference, paired_difference, units_of
from lingula.metrics.counts import FloatArray
from lingula.score.conventions import Convention, Figure
from lingula.score.figures import compare
from lingula.score.generation import GenerationScore
from lingula.score.result import Bootstrap, GenerationScores
from lingula.score.scoring import Group, computes_of, group_of, groups_of, resampled_mean
from lingula.score.state import GenerationState

if TYPE_CHECKING:
    import pyarrow

#: Resamples of a comparison if nothing is said: without them a difference has no interval.
RESAMPLES = 1000


@dataclass(frozen=True)
class FigureDifference:
    """One figure of two generators.

    Attributes:
        convention: Name of the convention, or "chexbert_similarity".
        figure: What it is.
        first: Value of the first generator; NaN where it is undefined.
        second: Value of the second.
        difference: Second minus first, with the interval and p value of a paired bootstrap.
    """

    convention: str
    figure: Figure
    first: float
    second: float
    difference: Difference


@dataclass(frozen=True)
class GenerationComparison:
    """Two generators' scores on the same pairs, and their differences.

    Attributes:
        names: What the two are called.
        first: Scores of the first.
        second: Scores of the second.
        differences: One a figure, in the order of the scores.
        bootstrap: How intervals and p values were made.
    """

    names: tuple[str, str]
    first: GenerationScores
    second: GenerationScores
    differences: tuple[FigureDifference, ...]
    bootstrap: Bootstrap

    def _repr_html_(self) -> str:
        from lingula.score.comparison_document import to_page

        return to_page(self)._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; an undefined figure is None."""
        return {
            "names": list(self.names),
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "differences": list(self.rows()),
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """One flat row a figure: what the CSV file holds."""
        for each in self.differences:
            figure, gap = each.figure, each.difference
            yield {
                "convention": each.convention,
                "measure": figure.measure,
                "average": figure.average,
                "class_set": figure.class_set,
                "observation": figure.observation,
                "uncertain": figure.uncertain,
                "first": plain(each.first),
                "second": plain(each.second),
                "difference": plain(gap.estimate),
                "lower": plain(gap.interval.low),
                "upper": plain(gap.interval.high),
                "p_value": plain(gap.p_value),
                "undefined_resamples": gap.interval.undefined,
                "confidence": self.bootstrap.confidence,
                "resamples": self.bootstrap.resamples,
                "seed": self.bootstrap.seed,
                "reports": self.first.reports,
                "first_name": self.names[0],
                "second_name": self.names[1],
            }

    def to_arrow(self) -> pyarrow.Table:
        """The rows as a table; an undefined figure is null."""
        import pyarrow as pa

        rows = list(self.rows())
        numbers = ("first", "second", "difference", "lower", "upper", "p_value", "confidence")
        counts = ("undefined_resamples", "resamples", "seed", "reports")
        types = dict.fromkeys(numbers, pa.float64()) | dict.fromkeys(counts, pa.int64())
        schema = pa.schema([(name, types.get(name, pa.string())) for name in rows[0]])
        return pa.Table.from_pylist(rows, schema=schema)


def compare_generators(
    first: GenerationScore,
    second: GenerationScore,
    *,
    names: tuple[str, str] = ("first", "second"),
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> GenerationComparison:
    """Second minus first of every figure, with intervals and p values of a paired bootstrap.

    A resample draws the same references for both generators; see
    ``lingula.metrics.bootstrap.paired_difference`` for the p value.

    Args:
        first: Fed with the references and the first generator's reports.
        second: Fed with the same references in the same order, and the second's reports.
        names: What the two are called.
        bootstrap: Number of resamples of the references, at least 1.
        seed: Seed of the resamples.
        confidence: Coverage of the intervals, between 0 and 1.

    Raises:
        InputError: If the two have other references, conventions or labelers, or a choice is out
            of range.
        SchemaError: If the schema lacks one of CheXpert's 14 observations.
    """
    boot = Bootstrap(bootstrap, seed, confidence)
    if not bootstrap:
        raise InputError("a paired comparison needs resamples: 1000 are usual (--bootstrap)")
    states = first.pairs()[0], second.pairs()[0]
    _check_same(first, second, states)
    options: dict[str, Any] = {"bootstrap": bootstrap, "seed": seed, "confidence": confidence}
    scores = first.compute(**options), second.compute(**options)
    gaps = _resampled_gaps(states, first.conventions, boot)
    differences = tuple(
        FigureDifference(
            one.convention,
            one.figure,
            one.value,
            other.value,
            paired_difference(one.value, other.value, gap, confidence),
        )
        for one, other, gap in zip(scores[0].scores, scores[1].scores, gaps, strict=True)
    )
    return GenerationComparison(names, *scores, differences, boot)


def _check_same(
    first: GenerationScore,
    second: GenerationScore,
    states: tuple[GenerationState, GenerationState],
) -> None:
    if first.conventions != second.conventions:
        raise InputError("the two generators are scored under different conventions")
    one, other = states
    same: bool = (
        one.ids == other.ids
        and one.references.schema.names == other.references.schema.names
        and np.array_equal(one.references.classes, other.references.classes)
    )
    if not same:
        raise InputError(
            "a paired comparison needs the same references, in the same order, for both generators"
        )
    if (one.similarity is None) != (other.similarity is None):
        raise InputError("one generator has CheXbert similarity and the other has not")


def _resampled_gaps(
    states: tuple[GenerationState, GenerationState],
    conventions: Sequence[Convention],
    boot: Bootstrap,
) -> list[FloatArray]:
    """Second minus first in every resample, shape (R,), of each figure in the scores' order."""
    groups = groups_of(conventions)
    computes = computes_of(groups)
    references: Labels = states[0].references
    labelers = [
        (compare(references, state.generated, *group[:2]), computes[group])
        for state in states
        for group in groups
    ]
    tables = resampled_figures(labelers, units_of(len(references)), boot.resamples, boot.seed)
    found: dict[tuple[Group, Figure], FloatArray] = {}
    for place, (group, figures) in enumerate(groups.items()):
        gap = tables[place + len(groups)] - tables[place]
        found.update(
            ((group, figure), np.ascontiguousarray(gap[:, column]))
            for column, figure in enumerate(figures)
        )
    gaps = [
        found[group_of(convention, figure), replace(figure, source_key="")]
        for convention in conventions
        for figure in convention.figures()
    ]
    one, other = (state.similarity for state in states)
    if one is not None and other is not None:
        gaps.append(resampled_mean(other - one, boot))
    return gaps
