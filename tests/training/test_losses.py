"""The loss against plain arithmetic, and against torch's own cross-entropy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lingula.labels import Label
from lingula.training.model.losses import balanced_chances, class_weights, label_loss

ONES = torch.ones(1, 4)


def cell(
    logits: list[float], silver: Label, coded: bool, positive: bool, gamma: float = 0
) -> float:
    return float(
        label_loss(
            torch.tensor([[logits]]),
            torch.tensor([[int(silver)]]),
            torch.tensor([coded]),
            torch.tensor([[positive]]),
            weights=ONES,
            focal_gamma=gamma,
        )
    )


def softmax(logits: list[float]) -> list[float]:
    total = sum(math.exp(x) for x in logits)
    return [math.exp(x) / total for x in logits]


LOGITS = st.lists(st.floats(-6, 6), min_size=4, max_size=4)


@given(LOGITS, st.sampled_from(list(Label)), st.booleans())
def test_each_kind_of_cell_costs_what_the_formula_says(
    logits: list[float], silver: Label, positive: bool
) -> None:
    p = softmax(logits)
    assert cell(logits, silver, False, False) == pytest.approx(-math.log(p[silver]), abs=1e-4)
    if positive:
        expected = -math.log(p[Label.POSITIVE])
    elif silver is Label.POSITIVE:
        expected = -math.log(1 - p[Label.POSITIVE])
    else:
        # Not positive, and how the rest is split.
        rest = 1 - p[Label.POSITIVE]
        expected = -math.log(rest) - math.log(p[silver] / rest)
    assert cell(logits, silver, True, positive) == pytest.approx(expected, abs=1e-4)


def test_full_labels_are_cross_entropy_summed_over_observations() -> None:
    torch.manual_seed(0)
    logits = torch.randn(5, 14, 4)
    classes = torch.randint(0, 4, (5, 14))
    ours = label_loss(
        logits,
        classes,
        torch.zeros(5, dtype=torch.bool),
        torch.zeros(5, 14, dtype=torch.bool),
        weights=torch.ones(14, 4),
    )
    theirs = torch.nn.functional.cross_entropy(
        logits.reshape(-1, 4), classes.reshape(-1), reduction="sum"
    )
    assert float(ours) == pytest.approx(float(theirs) / 5, rel=1e-6)


def test_focal_loss_scales_by_the_chance_of_being_wrong() -> None:
    logits = [0.3, 1.2, -0.5, 0.0]
    p = softmax(logits)[2]
    expected = -((1 - p) ** 2) * math.log(p)
    assert cell(logits, Label.NEGATIVE, False, False, gamma=2.0) == pytest.approx(
        expected, rel=1e-5
    )


def test_a_cell_that_is_denied_teaches_nothing_about_the_rest() -> None:
    logits = torch.tensor([[[0.2, 1.0, -0.3, 0.4]]], requires_grad=True)
    label_loss(
        logits,
        torch.tensor([[int(Label.POSITIVE)]]),
        torch.tensor([True]),
        torch.tensor([[False]]),
        weights=ONES,
    ).backward()
    assert logits.grad is not None
    gradient = logits.grad[0, 0]
    assert gradient[Label.POSITIVE] > 0
    # The rest is pushed up in proportion to what it has, so its split stays.
    rest = [0, 2, 3]
    shares = torch.softmax(logits.detach()[0, 0, rest], dim=0)
    torch.testing.assert_close(gradient[rest] / gradient[rest].sum(), shares)


@pytest.mark.parametrize("weighting", ["inverse", "effective-number"])
def test_rare_classes_weigh_more_and_the_mean_cell_weighs_one(weighting: str) -> None:
    targets = np.array([[0]] * 90 + [[1]] * 8 + [[2]] * 2, dtype=np.int8)
    weights = class_weights(targets, weighting)[0]
    assert weights[0] < weights[1] < weights[2]
    assert weights[3] == 1.0
    mean = weights[targets[:, 0]].mean()
    assert mean == pytest.approx(1.0, rel=0.2)
    assert np.all(class_weights(targets, "none") == 1)


def test_balanced_sampling_prefers_examples_with_rare_labels() -> None:
    targets = np.zeros((100, 2), dtype=np.int8)
    targets[:3, 1] = 1
    chances = balanced_chances(targets)
    assert chances.sum() == pytest.approx(1.0)
    assert chances[0] == pytest.approx(
        chances[50] * math.sqrt(0.97 / 0.03) * math.sqrt(1 / 0.97) * math.sqrt(0.97)
    )
