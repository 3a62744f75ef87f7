"""Do the tokens that an attribution names matter? Remove them, and see what the label does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lingula.errors import InputError
from lingula.explain.attribution import Attribution, Method, attribute
from lingula.labels import Label

if TYPE_CHECKING:
    from lingula.bert import BertLabeler

_RESAMPLES = 1000


@dataclass(frozen=True)
class DeletionTest:
    """What removing words does to the labels of a BERT labeler.

    Attributes:
        method: How the words were ranked.
        reports: Reports with at least one label that is not blank.
        labels: Labels that were tested, one attribution each.
        share: Share of each report's words that was removed.
        top_drop: Mean fall of the label's probability without its top words.
        random_drop: The same without as many random words.
        difference: ``top_drop - random_drop``.
        low: Lower end of the difference's 95% interval (bootstrap over reports).
        high: Upper end.
        top_flips: Share of the labels that change without their top words.
        random_flips: The same for random words.
        wins: Share of the labels whose probability falls more without the top words than, on
            average, without random ones.
    """

    method: Method
    reports: int
    labels: int
    share: float
    top_drop: float
    random_drop: float
    difference: float
    low: float
    high: float
    top_flips: float
    random_flips: float
    wins: float


def deletion_test(
    labeler: BertLabeler,
    texts: Sequence[str],
    *,
    method: Method = "integrated-gradients",
    share: float = 0.1,
    draws: int = 10,
    observations: Sequence[str] = (),
    seed: int = 0,
) -> DeletionTest:
    """Compare removing the words with the highest weights to removing random ones.

    For each label of each report that is not blank, ``share`` of the report's words (at least
    one) is removed, and the probability of that label is looked at again.

    Args:
        labeler: A BERT labeler.
        texts: Reports.
        method: How to rank words: the sum of their tokens' weights.
        share: Share of the words to remove, above 0 and below 1.
        draws: How many random removals each is compared with.
        observations: Which labels to test; all if none.
        seed: Of the random words and the bootstrap.

    Raises:
        InputError: If the share is out of range or no report has a label.
    """
    if not 0 < share < 1:
        raise InputError(f"the share of words to remove must be between 0 and 1, not {share}")
    chance = np.random.default_rng(seed)
    labels = labeler.label(texts)
    columns = [labels.schema.index(x) for x in observations] or list(range(len(labels.schema)))
    variants: list[str] = []
    cases: list[tuple[int, int]] = []
    for row, text in enumerate(texts):
        for column in columns:
            if labels.classes[row, column] == Label.BLANK:
                continue
            name = labels.schema.names[column]
            words = word_weights(attribute(labeler, text, name, method=method))
            count = max(1, round(share * len(words)))
            if len(words) <= count:
                continue
            cases.append((row, column))
            order = sorted(range(len(words)), key=lambda at: -words[at][2])
            variants.append(_without(text, [words[at] for at in order[:count]]))
            for _ in range(draws):
                chosen = chance.choice(len(words), size=count, replace=False)
                variants.append(_without(text, [words[int(at)] for at in chosen]))
    if not cases:
        raise InputError("no report has a label whose words could be removed")
    answers = labeler.label(variants)
    drops = np.empty((len(cases), draws + 1))
    flips = np.empty((len(cases), draws + 1), dtype=np.bool_)
    for number, (row, column) in enumerate(cases):
        part = slice(number * (draws + 1), (number + 1) * (draws + 1))
        given = labels.classes[row, column]
        assert labels.probabilities is not None and answers.probabilities is not None
        drops[number] = (
            labels.probabilities[row, column, given] - answers.probabilities[part, column, given]
        )
        flips[number] = answers.classes[part, column] != given
    top, random = drops[:, 0], drops[:, 1:].mean(axis=1)
    low, high = _interval(top - random, np.array([row for row, _ in cases]), chance)
    return DeletionTest(
        method=method,
        reports=len({row for row, _ in cases}),
        labels=len(cases),
        share=share,
        top_drop=float(top.mean()),
        random_drop=float(random.mean()),
        difference=float((top - random).mean()),
        low=low,
        high=high,
        top_flips=float(flips[:, 0].mean()),
        random_flips=float(flips[:, 1:].mean()),
        wins=float((top > random).mean()),
    )


def word_weights(attribution: Attribution) -> list[tuple[int, int, float]]:
    """Words between white space that hold tokens: first character, one past the last, weight."""
    text = attribution.text
    words: list[tuple[int, int, float]] = []
    for token in attribution.tokens:
        if words and token.start < words[-1][1]:
            start, end, weight = words[-1]
            words[-1] = (start, end, weight + token.weight)
            continue
        start, end = token.start, token.end
        while start > 0 and not text[start - 1].isspace():
            start -= 1
        while end < len(text) and not text[end].isspace():
            end += 1
        words.append((start, end, token.weight))
    return words


def _without(text: str, words: Sequence[tuple[int, int, float]]) -> str:
    for start, end, _ in sorted(words, reverse=True):
        text = text[:start] + text[end:]
    return text


def _interval(
    values: npt.NDArray[np.float64], reports: npt.NDArray[np.int64], chance: np.random.Generator
) -> tuple[float, float]:
    """95% percentile interval of the mean; reports are drawn, with all of their labels."""
    _, codes = np.unique(reports, return_inverse=True)
    sums, counts = np.bincount(codes, values), np.bincount(codes)
    drawn = chance.integers(len(sums), size=(_RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
