"""The board: figures of all entries, from the ledger and the store and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lingula.challenge.comparing import ALPHA, Comparison, compare, rank_ranges, ranks
from lingula.challenge.folder import Challenge
from lingula.challenge.ledger import Entry
from lingula.challenge.scoring import mean_of, metric_of, stored_scores
from lingula.challenge.terms import FEW_POSITIVES
from lingula.challenge.truth import Truth
from lingula.metrics.bootstrap import Progress
from lingula.metrics.correlation import binary_confusion, matthews_correlation
from lingula.metrics.counts import BinaryCounts, BoolArray, FloatArray, binary_counts
from lingula.metrics.curves import (
    ThresholdCounts,
    average_precision,
    threshold_counts,
    true_positives_at,
)
from lingula.metrics.f1 import per_class
from lingula.metrics.readers import (
    OperatingPoint,
    is_below_precision_recall,
    is_below_roc,
    majority_vote,
)

#: Resamples of a board's bootstrap, and their seed: the same ledger gives the same board.
RESAMPLES, SEED = 10_000, 0


@dataclass(frozen=True, eq=False)
class Person:
    """A reader, or the majority of all of them, on the studies of the board.

    Attributes:
        name: To show.
        point: Rates of shape (k,).
        is_majority: Whether it is the vote of the readers, which is no reader.
    """

    name: str
    point: OperatingPoint
    is_majority: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """One entry on an open board.

    Attributes:
        entry: In the ledger.
        metric: Of each observation, shape (k,).
        mean: Over the observations.
        precision: Average precision of each observation, shape (k,).
        rank: From 1; equal entries share it.
        ranks: The first and the last rank that the test cannot exclude.
        below_roc: Whether each person lies below the ROC curve, by person and observation; None
            where there is no curve.
        below_precision_recall: The same in the precision-recall plane.
        sensitivity: The curve's at each person's specificity, by person and observation.
        curves: One an observation.
        decisions: Counts of the team's decisions, of shape (k,), or None if it gave none.
    """

    entry: Entry
    metric: FloatArray
    mean: float
    precision: FloatArray
    rank: int
    ranks: tuple[int, int]
    below_roc: tuple[tuple[bool | None, ...], ...]
    below_precision_recall: tuple[tuple[bool | None, ...], ...]
    sensitivity: tuple[tuple[float | None, ...], ...]
    curves: tuple[ThresholdCounts, ...]
    decisions: BinaryCounts | None = None

    @property
    def f1(self) -> FloatArray | None:
        """F1 of the decisions, shape (k,); None without decisions."""
        return None if self.decisions is None else per_class(self.decisions).f1

    @property
    def matthews(self) -> FloatArray | None:
        """Matthews correlation of the decisions, shape (k,), NaN where undefined."""
        if self.decisions is None:
            return None
        return matthews_correlation(binary_confusion(self.decisions))


@dataclass(frozen=True, eq=False)
class Board:
    """A board.

    Attributes:
        challenge: Whose board it is.
        entries: The whole ledger.
        open: Whether figures of the hidden part are shown: always without a split, or else after
            the close.
        studies: Number of studies that the figures stand on.
        positives: Of each observation, among them.
        people: Readers, and behind them their majority, if there are two or more.
        rows: Best first; empty while sealed.
        comparison: Of the rows, in their order; None without rows.
    """

    challenge: Challenge
    entries: tuple[Entry, ...]
    open: bool
    studies: int
    positives: tuple[int, ...]
    people: tuple[Person, ...]
    rows: tuple[Row, ...] = ()
    comparison: Comparison | None = None

    def _repr_html_(self) -> str:
        from lingula.challenge.board_document import to_document

        return to_document(self)._repr_html_()

    @property
    def few(self) -> tuple[bool, ...]:
        """Observations with fewer positives than ``FEW_POSITIVES``."""
        return tuple(count < FEW_POSITIVES for count in self.positives)

    @property
    def pairs_apart(self) -> tuple[int, int, int]:
        """Pairs of entries, and those that differ with p below 5%, before and after correction."""
        if self.comparison is None:
            return 0, 0, 0
        at = np.triu_indices(len(self.rows), 1)
        raw, adjusted = self.comparison.p_values[at], self.comparison.adjusted[at]
        return len(raw), int((raw < ALPHA).sum()), int((adjusted < ALPHA).sum())

    def mean_below(self, flags: tuple[tuple[bool | None, ...], ...]) -> float | None:
        """Mean over the observations of the number of readers below a curve; majority aside.

        CheXpert's "Num Rads Below Curve". None without readers.
        """
        each = [
            flag for flag, person in zip(flags, self.people, strict=True) if not person.is_majority
        ]
        if not each:
            return None
        counts = [sum(bool(flag) for flag in column) for column in zip(*each, strict=True)]
        return sum(counts) / len(counts)


def make_board(
    challenge: Challenge, *, resamples: int = RESAMPLES, progress: Progress | None = None
) -> Board:
    """The board of a challenge.

    Args:
        challenge: From ``open_challenge``.
        resamples: Of the bootstrap over patients.
        progress: Told of work done, in resamples.

    Raises:
        ChallengeError: If the ledger cannot be read, or a submission is missing or was changed.
    """
    entries, truth, terms = challenge.ledger.entries(), challenge.truth, challenge.terms
    is_open = not terms.sealed or challenge.closed(entries)
    part = ~truth.public if terms.sealed else truth.public
    board = Board(
        challenge,
        entries,
        is_open,
        int(part.sum()),
        tuple(truth.positive[part].sum(0).tolist()),
        _people(truth, part),
    )
    scored = [entry for entry in entries if entry.record.kind == "scored"]
    if not is_open or not scored:
        return board
    read = [stored_scores(challenge, entry.number, entry.record) for entry in scored]
    metric = [metric_of(truth, each.scores, part, terms.metric) for each in read]
    means = np.array([mean_of(each) for each in metric])
    order = sorted(range(len(read)), key=lambda at: (ranks(means)[at], scored[at].number))
    means = means[order]
    comparison = compare(
        truth.positive[part],
        [read[at].scores[part] for at in order],
        truth.units(part),
        metric=terms.metric,
        resamples=resamples,
        seed=SEED,
        progress=progress,
    )
    places = zip(order, ranks(means).tolist(), rank_ranges(means, comparison.adjusted), strict=True)
    rows = tuple(
        replace(
            _row(
                scored[at],
                (truth.positive[part], read[at].scores[part]),
                board.people,
                metric[at],
                (rank, between),
            ),
            decisions=_decided(truth, part, read[at].decisions),
        )
        for at, rank, between in places
    )
    return replace(board, rows=rows, comparison=comparison)


def _decided(truth: Truth, part: BoolArray, decisions: BoolArray | None) -> BinaryCounts | None:
    return None if decisions is None else binary_counts(truth.positive[part], decisions[part])


def _people(truth: Truth, part: BoolArray) -> tuple[Person, ...]:
    ratings = [(reader.name, reader.positive[part]) for reader in truth.readers]
    if len(ratings) > 1:
        vote = majority_vote(np.stack([positive for _, positive in ratings]))
        names = ", ".join(name for name, _ in ratings)
        ratings.append((f"majority of {names}", vote.positive))
    return tuple(
        Person(
            name,
            OperatingPoint(binary_counts(truth.positive[part], positive)),
            at == len(truth.readers),
        )
        for at, (name, positive) in enumerate(ratings)
    )


def _row(
    entry: Entry,
    cells: tuple[BoolArray, FloatArray],
    people: tuple[Person, ...],
    metric: FloatArray,
    place: tuple[int, tuple[int, int]],
) -> Row:
    positive, scores = cells
    curves = tuple(
        threshold_counts(positive[:, at], scores[:, at]) for at in range(positive.shape[1])
    )
    roc, other, sensitivity = [], [], []
    for person in people:
        tp = person.point.counts.true_positive.tolist()
        fp = person.point.counts.false_positive.tolist()
        triples = list(zip(curves, tp, fp, strict=True))
        roc.append(tuple(is_below_roc(*each) for each in triples))
        other.append(tuple(is_below_precision_recall(*each) for each in triples))
        sensitivity.append(tuple(_sensitivity_at(curve, count) for curve, _, count in triples))
    return Row(
        entry,
        metric,
        mean_of(metric),
        np.array([average_precision(curve) for curve in curves]),
        *place,
        tuple(roc),
        tuple(other),
        tuple(sensitivity),
        curves,
    )


def _sensitivity_at(curve: ThresholdCounts, false_positive: int) -> float | None:
    height = true_positives_at(curve, false_positive)
    return None if height is None else float(height / curve.positives)
