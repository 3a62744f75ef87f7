"""A rating of one to five stars for each label, from what the other checks found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lingula.audit.check import Check, Earlier
from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Finding
from lingula.audit.wording import join
from lingula.documents import Kind, Level, Measure, Table


@dataclass(frozen=True)
class Part:
    """One ingredient of the rating: the label scores of one check, cut into stars.

    Attributes:
        check: Name of the check whose ``label_scores`` it reads.
        title: Column heading.
        figure: What the score is, as a reader should see it.
        steps: Scores from which a label has two, three, four and five stars.
        evidence: Whether it says that the label is right, not only that it can be measured.
        most: Most stars that it can give.
    """

    check: str
    title: str
    figure: str
    steps: tuple[float, float, float, float]
    evidence: bool = False
    most: int = 5

    def stars(self, score: float) -> int:
        """Stars of a score."""
        return min(self.most, 1 + sum(score >= step for step in self.steps))


#: docs/star-rating.md explains each. The kappa steps are Landis and Koch's bands (Biometrics 1977);
#: the others are ours. Two labelers that agree can be wrong together: at most four stars.
PARTS = (
    Part("truth", "Right", "lower bound of F1 against experts", (0.4, 0.6, 0.8, 0.9), True),
    Part("agreement", "Agreed", "lower bound of kappa", (0.2, 0.4, 0.6, 0.8), True, 4),
    Part("prevalence", "Measurable", "1 minus the widest interval", (0.5, 0.7, 0.8, 0.9)),
    Part("uncertainty", "Certain", "1 minus the uncertain share", (0.5, 0.7, 0.85, 0.95)),
    Part("strata", "Uniform", "share of positives of the larger kind", (0.5, 0.7, 0.85, 0.95)),
)
#: Most stars of a label that nobody checked.
UNCHECKED = 2


@dataclass(frozen=True)
class Rating:
    """One label's stars: the whole, and each part (None where it is missing)."""

    stars: int | None
    parts: tuple[int | None, ...]
    checked: bool


def rate(scores: tuple[float | None, ...]) -> Rating:
    """The rating of one label from the scores of ``PARTS``, in their order.

    Evidence is the experts' part, or else the agreement's. Support is the mean of the other parts
    that are there. The rating is the mean of evidence and support, rounded half up, but never above
    the evidence: a common label is not the better for being wrong often. Without evidence it is the
    rounded support, and at most two stars. Without any part there is no rating.
    """
    parts = tuple(
        None if score is None or math.isnan(score) else part.stars(score)
        for part, score in zip(PARTS, scores, strict=True)
    )
    evidence = next(
        (s for part, s in zip(PARTS, parts, strict=True) if part.evidence and s is not None), None
    )
    support = [
        s for part, s in zip(PARTS, parts, strict=True) if not part.evidence and s is not None
    ]
    mean = sum(support) / len(support) if support else None
    if evidence is None:
        stars = None if mean is None else min(UNCHECKED, math.floor(mean + 0.5))
        return Rating(stars, parts, False)
    if mean is None:
        return Rating(evidence, parts, True)
    return Rating(min(evidence, math.floor((evidence + mean) / 2 + 0.5)), parts, True)


class Reliability(Check):
    """Stars for each label, each part shown, missing parts shown as missing."""

    name = "reliability"
    title = "Reliability"
    question = "Which labels can be trusted, and on what grounds?"
    meaning = "mean rating over the labels, one star being 0 and five stars 1"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Rate each label by the results of the checks before this one."""
        k = len(data.label_names)
        columns = []
        for part in PARTS:
            result = earlier.get(part.check)
            scores = None if result is None else result.label_scores
            columns.append(np.full(k, np.nan) if scores is None else scores)
        ratings = [rate(tuple(float(c[i]) for c in columns)) for i in range(k)]
        absent = [
            part.title.lower()
            for part, scores in zip(PARTS, columns, strict=True)
            if not np.isfinite(scores).any()
        ]
        names = ("label", "Label", Kind.TEXT, data.label_names)
        table = Table.of(
            "ratings",
            "Stars of each label",
            names,
            ("rating", "Rating", Kind.STARS, [rating.stars for rating in ratings]),
            *(
                (f"{part.check}_stars", part.title, Kind.STARS, [r.parts[i] for r in ratings])
                for i, part in enumerate(PARTS)
            ),
            note="Missing: nobody has measured that part. "
            + "; ".join(f"{part.title}: {part.figure}" for part in PARTS)
            + ".",
        )
        figures = Table.of(
            "figures",
            "The figures behind the stars",
            names,
            *(
                (part.check, part.figure, Kind.NUMBER, scores)
                for part, scores in zip(PARTS, columns, strict=True)
            ),
            detail=True,
        )
        stars = [rating.stars for rating in ratings if rating.stars is not None]
        checked = sum(rating.checked for rating in ratings)
        mean = sum(stars) / len(stars) if stars else None
        return CheckResult(
            self.name,
            self.title,
            None if mean is None else (mean - 1) / 4,
            f"{mean:.1f} stars on average over {len(stars)} labels."
            if mean is not None
            else "No rating.",
            tuple(_findings(data.label_names, ratings, absent)),
            (
                "Publish the stars with their parts, and do not average models over labels of one "
                "or two stars.",
            ),
            (
                Measure("mean_stars", "Mean stars", mean, Kind.NUMBER),
                Measure("rated", "Rated labels", len(stars)),
                Measure("checked", "Labels with evidence", checked),
            ),
            (table, figures),
            missing="" if stars else "no part of the rating could be had",
        )


def _findings(
    names: Sequence[str], ratings: Sequence[Rating], absent: Sequence[str]
) -> Iterator[Finding]:
    rated = list(zip(names, ratings, strict=True))
    unchecked = [name for name, rating in rated if not rating.checked]
    if unchecked:
        who = "No label has" if len(unchecked) == len(names) else f"{join(unchecked)}: without"
        yield Finding(
            f"{who} a figure that says it is right, so at most {UNCHECKED} stars: give "
            "expert labels (--truth) or second labels (--compare).",
            Level.ACT,
        )
    weak = [n for n, r in rated if r.checked and r.stars is not None and r.stars <= 2]
    if weak:
        yield Finding(f"Checked and found weak: {join(weak)}.", Level.ACT)
    strong = [n for n, r in rated if r.stars is not None and r.stars >= 4]
    if strong:
        yield Finding(f"Four stars or more: {join(strong, 14)}.", Level.GOOD)
    if absent:
        yield Finding(f"Parts missing for every label: {join(absent)}.", Level.LOOK)
