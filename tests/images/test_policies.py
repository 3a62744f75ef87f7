"""The policies' losses against a statement of them in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lingula.images.objectives import objective_of
from lingula.images.policies import POLICIES, SMOOTHED, Targets, counted_cells
from lingula.images.recipe import TrainingSettings
from lingula.labels import Label

CLASSES = arrays(np.int8, (5, 3), elements=st.sampled_from([0, 1, 2, 3]))
LOGITS = arrays(np.float32, (5, 3), elements=st.floats(-20, 20, width=32))
THREE = arrays(np.float32, (5, 3, 3), elements=st.floats(-20, 20, width=32))
BLANKS = st.sampled_from(["negative", "masked"])


def binary(x, y, w):
    """-y log s(x) - (1 - y) log(1 - s(x)), summed and divided by the cells, in float64."""
    x = x.astype(np.float64)
    cost = y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x)
    return (cost * w).sum() / x.size


def torch_loss(policy, logits, classes, blank, relabeled=None):
    counted = counted_cells(classes, blank=blank)
    soft = None if relabeled is None else torch.from_numpy(relabeled)
    targets = Targets(torch.from_numpy(classes), torch.from_numpy(counted), soft)
    return POLICIES[policy].loss(torch.from_numpy(logits), targets)


def weights(classes, blank):
    return np.ones(classes.shape) if blank == "negative" else (classes != 0).astype(float)


@given(CLASSES, LOGITS, BLANKS)
def test_two_class_policies_are_their_formula(classes, logits, blank):
    positive, unsure = classes == 1, classes == 3
    w = weights(classes, blank)
    for policy, y, weight in (
        ("ignore", positive, w * ~unsure),
        ("self-trained", positive, w * ~unsure),
        ("zeros", positive, w),
        ("ones", positive | unsure, w),
    ):
        expected = binary(logits, y.astype(float), weight)
        found = float(torch_loss(policy, logits, classes, blank))
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-6), policy


@given(CLASSES, LOGITS, BLANKS, arrays(np.float32, (5, 3), elements=st.floats(0, 1, width=32)))
def test_relabeled_cells_take_the_first_models_probability(classes, logits, blank, soft):
    y = np.where(classes == 3, soft, classes == 1)
    expected = binary(logits, y, weights(classes, blank))
    found = float(torch_loss("self-trained", logits, classes, blank, soft))
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(CLASSES, LOGITS)
def test_smoothed_ones_lie_between_those_of_their_ends(classes, logits):
    y = (classes == 1).astype(float)
    ends = [binary(logits, np.where(classes == 3, end, y), np.ones(y.shape)) for end in SMOOTHED]
    found = float(torch_loss("ones-lsr", logits, classes, "negative"))
    # Each cell's cost is linear in its target, so a sum may go beyond neither worst nor best cell.
    slack = np.abs(ends[1] - ends[0]) + (np.abs(logits) * (classes == 3)).sum() * 0.3 / 15 + 1e-5
    assert min(ends) - slack <= found <= max(ends) + slack


@given(CLASSES, THREE, BLANKS)
def test_three_classes_are_a_cross_entropy(classes, logits, blank):
    x = logits.astype(np.float64)
    place = np.select([classes == 1, classes == 3], [1, 2], 0)
    log_sum = np.logaddexp.reduce(x, axis=-1)
    cost = log_sum - np.take_along_axis(x, place[..., None], axis=-1)[..., 0]
    expected = (cost * weights(classes, blank)).sum() / classes.size
    found = float(torch_loss("multiclass", logits, classes, blank))
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)
    p = np.exp(x - log_sum[..., None])
    score = POLICIES["multiclass"].score(torch.from_numpy(logits)).numpy()
    np.testing.assert_allclose(score, p[..., 1] / (p[..., 1] + p[..., 0]), atol=1e-6)


@given(CLASSES, LOGITS)
def test_under_ignore_an_uncertain_cell_has_no_gradient(classes, logits):
    outputs = torch.from_numpy(logits.copy()).requires_grad_()
    counted = torch.ones(classes.shape, dtype=torch.bool)
    loss = POLICIES["ignore"].loss(outputs, Targets(torch.from_numpy(classes), counted))
    loss.backward()
    assert (outputs.grad[torch.from_numpy(classes == int(Label.UNCERTAIN))] == 0).all()


def test_children_count_only_below_positive_parents():
    classes = np.array([[1, 1], [2, 1], [3, 2], [0, 0]], dtype=np.int8)
    counted = counted_cells(classes, blank="negative", parents=((), (0,)))
    assert counted.tolist() == [[True, True], [True, False], [True, False], [True, False]]


def test_balanced_weights_and_the_auc_margin_are_their_formulas():
    draw = np.random.default_rng(7)
    classes = draw.integers(0, 4, (40, 3)).astype(np.int8)
    classes[:, 2] = 2  # one class only
    counted = counted_cells(classes, blank="negative")
    logits = draw.normal(size=classes.shape)
    targets = Targets(torch.from_numpy(classes), torch.from_numpy(counted))
    for policy, worth in (("ignore", None), ("ones", 1.0), ("zeros", 0.0)):
        target = np.where(classes == 3, worth or 0.0, classes == 1)
        weight = np.where((classes == 3) & (worth is None), 0.0, 1.0)
        score = 1 / (1 + np.exp(-logits))
        positive, negative = (classes == 1).sum(0), ((classes == 2) | (classes == 0)).sum(0)
        half = (positive + negative) / 2
        each = target * half / np.maximum(positive, 1) + (1 - target) * half / negative
        cost = -(target * np.log(score) + (1 - target) * np.log(1 - score))
        balanced = (weight * each * cost).mean()
        margins = []
        for column in range(3):
            kept = weight[:, column] > 0
            held, truth = score[kept, column], target[kept, column] == 1
            cost = np.var(held[~truth])
            if truth.any():
                gap = held[truth].mean() - held[~truth].mean()
                cost += np.var(held[truth]) + max(0.0, 1 - gap) ** 2
            margins.append(cost)
        for settings, expected in (
            (TrainingSettings(class_weights="balanced"), balanced),
            (TrainingSettings(loss="auc-margin"), np.mean(margins)),
        ):
            given = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
            loss = objective_of(POLICIES[policy], settings, classes, counted).loss(given, targets)
            assert abs(float(loss.detach()) - expected) < 1e-6
            (gradient,) = torch.autograd.grad(loss, given)
            assert torch.isfinite(gradient).all()
            if policy == "ignore":
                assert (gradient[targets.classes == 3] == 0).all()


def test_an_auc_margin_puts_positives_above_negatives():
    classes = np.array([[1], [2], [1], [2]], dtype=np.int8)
    counted = counted_cells(classes, blank="negative")
    targets = Targets(torch.from_numpy(classes), torch.from_numpy(counted))
    policy = objective_of(POLICIES["ones"], TrainingSettings(loss="auc-margin"), classes, counted)
    values = torch.tensor([[-1.0], [1.0], [0.0], [0.5]], requires_grad=True)
    step = torch.optim.SGD([values], lr=3.0)
    for _ in range(100):
        step.zero_grad()
        policy.loss(values, targets).backward()
        step.step()
    assert values[[0, 2]].min() > values[[1, 3]].max() + 2
