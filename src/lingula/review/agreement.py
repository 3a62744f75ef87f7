"""How far readers agree, where one uses a label unlike the others, and what to talk about.

Kappa is Cohen's, per observation and pair; beside it stands Gwet's AC1, which a rare label does not
pull down, and for all readers together Fleiss' kappa and Krippendorff's alpha. Classes are the four
of ``Label``, or those that the schema lets an observation take. Intervals are percentile bootstraps
over reports: of one observation and pair every report falls into one cell of the confusion matrix,
so that drawing reports is drawing cells from a multinomial.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from lingula.documents import Estimate
from lingula.labels import Label, Schema
from lingula.metrics.bootstrap import percentile_intervals
from lingula.metrics.counts import confusion_matrices
from lingula.metrics.gwet import gwet_ac1
from lingula.metrics.kappa import cohen_kappa
from lingula.metrics.votes import fleiss_kappa, gwet_ac1_of_votes, krippendorff_alpha, votes_of
from lingula.review.habits import Habit, habits
from lingula.review.records import Person, Readings
from lingula.review.store import Store

_RESAMPLES = 500
_SEED = 20
_CLASSES = len(Label)
#: Below so many shared reports a figure is too loose to stop for.
ENOUGH = 50
#: Kappa up to here is called moderate at best (Landis and Koch, Biometrics 33, 1977, 159-174).
MODERATE = 0.6
#: A rare label can have a low kappa and be agreed on; then AC1 is high.
HIGH_AC1 = 0.8


@dataclass(frozen=True)
class PairRow:
    """Two readers on one observation.

    Attributes:
        observation: Its name.
        first: A reader's name.
        second: Another's.
        n: Reports that both have labeled.
        agree: Share of them with the same label; NaN without reports.
        kappa: Cohen's kappa, with its 95% interval; NaN where both use one label only.
        ac1: Gwet's AC1, likewise.
    """

    observation: str
    first: str
    second: str
    n: int
    agree: float
    kappa: Estimate
    ac1: Estimate


@dataclass(frozen=True)
class OverallRow:
    """All readers on one observation.

    Attributes:
        observation: Its name.
        n: Reports that two readers or more have labeled.
        fleiss: Fleiss' kappa; NaN where it is undefined.
        krippendorff: Krippendorff's alpha.
        ac1: Gwet's AC1.
    """

    observation: str
    n: int
    fleiss: float
    krippendorff: float
    ac1: float


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement of the r readers of a review.

    Attributes:
        readers: Their names.
        reports: Reports that at least one has labeled.
        shared: Reports that two readers or more have labeled.
        pairs: Every observation and pair, in the schema's order.
        overall: Every observation.
        confusion: Pair of names -> int64, shape (k, 4, 4): the first reader's class, the second's.
        rates: Share of a reader's reports with a positive label, float64, shape (r, k).
        unlike: Labels that one reader uses unlike the others, the surest first.
        suggestions: What to talk about, one sentence each.
    """

    readers: tuple[str, ...]
    reports: int
    shared: int
    pairs: tuple[PairRow, ...]
    overall: tuple[OverallRow, ...]
    confusion: dict[tuple[str, str], npt.NDArray[np.int64]]
    rates: npt.NDArray[np.float64]
    unlike: tuple[Habit, ...]
    suggestions: tuple[str, ...]


def agreement(store: Store, *, practice: bool = False) -> Agreement:
    """Agreement of all readers so far; not for the eyes of a reader.

    Args:
        store: Of the review.
        practice: Of the practice set, instead of all other reports.
    """
    readings = store.readings()
    return agreement_of(_some(readings, readings.practice == practice), store.settings().schema)


def practice_agreement(store: Store, person: Person) -> Agreement | None:
    """Agreement on the practice set, for a reader who is done with it; None before.

    Only readers who are done with it are compared.
    """
    readings = store.practice_readings(person)
    return None if readings is None else agreement_of(readings, store.settings().schema)


def _some(readings: Readings, kept: npt.NDArray[np.bool_]) -> Readings:
    return Readings(
        readings.people,
        readings.reports[kept],
        readings.classes[:, kept],
        readings.practice[kept],
    )


def agreement_of(readings: Readings, schema: Schema) -> Agreement:
    """All figures, from labels."""
    names = tuple(person.name for person in readings.people)
    labeled: npt.NDArray[np.bool_] = readings.classes[:, :, 0] >= 0
    rng = np.random.default_rng(_SEED)
    pairs: list[PairRow] = []
    confusion = {}
    for a, b in combinations(range(len(names)), 2):
        both = labeled[a] & labeled[b]
        counts = confusion_matrices(readings.classes[a, both], readings.classes[b, both])
        confusion[names[a], names[b]] = counts
        pairs += _pair_rows(schema, (names[a], names[b]), counts, rng)
    pairs.sort(key=lambda row: schema.index(row.observation))
    with np.errstate(invalid="ignore", divide="ignore"):
        positive = (readings.classes == Label.POSITIVE).sum(axis=1)
        rates = positive / labeled.sum(axis=1)[:, None]
    overall = _overall(readings, schema)
    unlike = tuple(habits(readings.classes, schema, names))
    return Agreement(
        readers=names,
        reports=len(readings.reports),
        shared=int((labeled.sum(axis=0) > 1).sum()),
        pairs=tuple(pairs),
        overall=overall,
        confusion=confusion,
        rates=rates,
        unlike=unlike,
        suggestions=tuple(_suggestions(pairs, unlike)),
    )


def _pair_rows(
    schema: Schema,
    pair: tuple[str, str],
    counts: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> Iterator[PairRow]:
    """One row an observation, from confusion matrices of shape (k, 4, 4)."""
    for column, observation in enumerate(schema.observations):
        some = [int(label) for label in observation.labels]
        cells = counts[column][np.ix_(some, some)]
        n = int(cells.sum())
        if not n:
            nothing = Estimate(float("nan"))
            yield PairRow(observation.name, *pair, 0, float("nan"), nothing, nothing)
            continue
        drawn = rng.multinomial(n, cells.ravel() / n, _RESAMPLES)
        drawn = drawn.reshape(_RESAMPLES, len(some), len(some))
        figures = np.stack([cohen_kappa(drawn), gwet_ac1(drawn)], axis=1)
        kappa, ac1 = percentile_intervals(figures)
        yield PairRow(
            observation.name,
            *pair,
            n,
            float(np.trace(cells) / n),
            Estimate(float(cohen_kappa(cells)), kappa.low, kappa.high),
            Estimate(float(gwet_ac1(cells)), ac1.low, ac1.high),
        )


def _overall(readings: Readings, schema: Schema) -> tuple[OverallRow, ...]:
    rows = []
    for column, observation in enumerate(schema.observations):
        found = votes_of(readings.classes[:, :, column], _CLASSES).shared()
        some = found.of_classes([int(label) for label in observation.labels])
        rows.append(
            OverallRow(
                observation.name,
                int(found.counts.sum()),
                fleiss_kappa(found),
                krippendorff_alpha(found),
                gwet_ac1_of_votes(some),
            )
        )
    return tuple(rows)


def _suggestions(pairs: list[PairRow], unlike: tuple[Habit, ...]) -> Iterator[str]:
    """What is worth a talk: weak agreement that is no matter of chance or rarity, then habits."""
    weak = [
        row
        for row in pairs
        if row.n >= ENOUGH and row.kappa.value < MODERATE and row.ac1.value < HIGH_AC1
    ]
    for row in sorted(weak, key=lambda row: row.kappa.value):
        yield (
            f"{row.observation}: kappa {row.kappa.value:.2f} between {row.first} and {row.second} "
            f"after {row.n:,} reports: agree on a definition."
        )
    for item in unlike:
        more = "more" if item.given > item.expected else "less"
        yield (
            f"{item.observation}: {item.reader} gives {item.label.name.lower()} {more} often than "
            f"the others on the same reports ({item.given:,} times where readers differ; "
            f"{item.expected:,.0f} if all were alike): compare some."
        )
