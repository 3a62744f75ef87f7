"""What 500 probes get out of the figure that is shown before the close."""

from __future__ import annotations

import numpy as np
import pytest

from lingula.challenge.ladder import best_shown, chance_error, usual_margin
from lingula.metrics.curves import area_under_roc, threshold_counts

#: Shares of positives of the five observations in CheXpert's hidden test.
SHARES = (0.302, 0.156, 0.058, 0.306, 0.208)
STUDIES, PUBLIC, PROBES = 500, 150, 500
GOAL = 0.62


class Oracle:
    """The public part of a made-up truth; answers as a challenge does, or plainly."""

    def __init__(self, seed: int, *, ladder: bool) -> None:
        self.rng = np.random.default_rng(seed)
        truth = [self.rng.permutation(STUDIES) < share * STUDIES for share in SHARES]
        self.public = np.stack(truth, axis=1)[:PUBLIC]
        self.margin = usual_margin(self.public) if ladder else None
        self.shown: float | None = None

    def mean(self, scores):
        columns = zip(self.public.T, scores[:PUBLIC].T, strict=True)
        return np.mean([area_under_roc(threshold_counts(a, b)) for a, b in columns])

    def ask(self, scores):
        mean = self.mean(scores)
        self.shown = mean if self.margin is None else best_shown(self.shown, mean, self.margin)
        return self.shown


def combine(oracle):
    """Random submissions, weighted by how the figure answered, are summed for the last one."""
    total, before = np.zeros((STUDIES, len(SHARES))), 0.5
    for _ in range(PROBES - 1):
        scores = oracle.rng.random(total.shape)
        figure = oracle.ask(scores)
        total += (figure - (0.5 if oracle.margin is None else before)) * scores
        before = figure
    return oracle.ask(total)


def climb(oracle, step):
    """Random steps, kept where the figure rises."""
    at = oracle.rng.random((STUDIES, len(SHARES)))
    best = oracle.ask(at)
    for _ in range(PROBES - 1):
        near = at + step * oracle.rng.normal(size=at.shape)
        figure = oracle.ask(near)
        if figure > best:
            at, best = near, figure
    return best


@pytest.mark.parametrize("seed", range(3))
def test_a_combination_of_random_submissions_learns_nothing(seed):
    assert combine(Oracle(seed, ladder=True)) <= GOAL


@pytest.mark.parametrize("step", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_hill_climber_learns_nothing(seed, step):
    assert climb(Oracle(seed, ladder=True), step) <= GOAL


def test_a_margin_below_the_noise_of_the_figure_does_not_defend():
    oracle = Oracle(2, ladder=True)
    oracle.margin = 0.01
    assert climb(oracle, 0.3) > GOAL


def test_both_attacks_work_where_nothing_defends():
    assert combine(Oracle(0, ladder=False)) > 0.8
    assert climb(Oracle(0, ladder=False), 0.3) > 0.75


def test_the_figure_moves_only_by_more_than_the_margin():
    assert best_shown(None, 0.9149, 0.03) == 0.91
    assert best_shown(0.91, 0.94, 0.03) == 0.91
    assert best_shown(0.91, 0.9451, 0.03) == 0.95
    assert best_shown(0.91, 0.2, 0.03) == 0.91


def test_the_error_of_chance_is_that_of_random_scores():
    oracle = Oracle(5, ladder=True)
    means = [oracle.mean(oracle.rng.random((STUDIES, len(SHARES)))) for _ in range(1000)]
    assert chance_error(oracle.public) == pytest.approx(np.std(means), rel=0.1)
