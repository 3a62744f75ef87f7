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
from lingula.errors import MissingExtraError
from lingula.labels import Label, Schema
from lingula.metrics.bootstrap import percentile_intervals
from lingula.metrics.counts import confusion_matrices
from lingula.metrics.gwet import gwet_ac1, gwet_ac1_of_votes
from lingula.metrics.kappa import cohen_kappa
from lingula.metrics.reader_agreement import vote_agreement
from lingula.review.records import Person, Readings
from lingula.review.store import Store

_RESAMPLES = 1_000
_SEED = 20
_CLASSES = len(Label)
#: Below so many shared reports a figure is too loose to stop for.
ENOUGH = 50
#: Kappa up to here is called moderate at best (Landis and Koch, Biometrics 33, 1977, 159-174).
MODERATE = 0.6
#: A rare label can have a low kappa and be agreed on; then AC1 is high.
HIGH_AC1 = 0.8
#: Of all tests on who uses a label unlike the others: chance of one false alarm at most.
_ALARM = 0.05
#: Reports up to which that chance is worked out exactly.
_EXACT = 2_000


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


@dataclass(frozen=True)
class UnlikeRow:
    """A label that one reader uses unlike the others, on the same reports.

    Attributes:
        observation: Its name.
        label: The label.
        reader: Who.
        given: On how many reports this reader gave it, of those that another has labeled too.
        expected: On how many, if the readers of each report were as likely to give it.
        p_value: Two-sided, of that.
    """

    observation: str
    label: Label
    reader: str
    given: int
    expected: float
    p_value: float


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
    unlike: tuple[UnlikeRow, ...]
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
    """All figures, from labels.

    Raises:
        MissingExtraError: If the libraries of the extra "agreement" are not installed.
    """
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
    unlike = tuple(_unlike(readings, schema, names))
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
    if len(readings.people) < 2 or not len(readings.reports):
        return tuple(OverallRow(n, 0, *[float("nan")] * 3) for n in schema.names)
    found = vote_agreement(readings.classes, _CLASSES)
    rows = []
    for column, observation in enumerate(schema.observations):
        some = [int(label) for label in observation.labels]
        votes = np.stack(
            [(readings.classes[:, :, column] == label).sum(axis=0) for label in some], axis=1
        )
        rows.append(
            OverallRow(
                observation.name,
                int(found.reports[column]),
                float(found.fleiss[column]),
                float(found.krippendorff[column]),
                gwet_ac1_of_votes(votes),
            )
        )
    return tuple(rows)


def _unlike(readings: Readings, schema: Schema, names: tuple[str, ...]) -> Iterator[UnlikeRow]:
    """Habits beyond chance, by Holm's step-down over all tests (Scand. J. Statistics 6, 1979).

    If the m readers of a report are alike, and v of them give a label, each is one of these with
    the chance v / m; how often a reader gives it over all reports is then a sum of such chances.
    """
    found = []
    labeled = readings.classes[:, :, 0] >= 0
    readers = labeled.sum(axis=0)
    for column, observation in enumerate(schema.observations):
        for label in observation.labels:
            gave = readings.classes[:, :, column] == label
            votes = gave.sum(axis=0)
            for row, name in enumerate(names):
                # Where all or none give it, nothing is said of anybody.
                telling = labeled[row] & (votes > 0) & (votes < readers)
                if telling.any():
                    given = int(gave[row, telling].sum())
                    p_value = _chance(given, votes[telling], readers[telling])
                    expected = float((votes[telling] / readers[telling]).sum())
                    found.append(UnlikeRow(observation.name, label, name, given, expected, p_value))
    found.sort(key=lambda item: item.p_value)
    for rank, item in enumerate(found):
        if item.p_value * (len(found) - rank) > _ALARM:
            return
        yield item


def _chance(given: int, votes: npt.NDArray[np.int64], readers: npt.NDArray[np.int64]) -> float:
    """Chance of a count as far from its mean: exact, or by the normal curve where it is long.

    A sum of yes and no with different chances: binomials of each chance, convolved.

    Args:
        given: The count.
        votes: How many gave the label, one a report.
        readers: Of how many.
    """
    try:
        from scipy.stats import binom, norm
    except ImportError:
        raise MissingExtraError("Agreement between readers", "agreement") from None
    chances, counts = np.unique(votes / readers, return_counts=True)
    if counts.sum() > _EXACT:
        mean, variance = (counts * chances).sum(), (counts * chances * (1 - chances)).sum()
        far = max(0.0, abs(given - mean) - 0.5)
        return float(min(1.0, 2 * norm.sf(far / np.sqrt(variance))))
    mass = np.ones(1)
    for chance, count in zip(chances, counts, strict=True):
        mass = np.convolve(mass, binom.pmf(np.arange(count + 1), count, chance))
    return float(min(1.0, 2 * min(mass[: given + 1].sum(), mass[given:].sum())))


def _suggestions(pairs: list[PairRow], unlike: tuple[UnlikeRow, ...]) -> Iterator[str]:
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
