"""AUROC, studies, and joint probabilities against short restatements."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from lingula.images.model import joint
from lingula.images.scoring import aurocs
from lingula.images.studies import studies_of


def test_auroc_is_scikit_learns():
    draw = np.random.default_rng(1)
    classes = draw.integers(0, 4, (200, 3)).astype(np.int8)
    scores = draw.random((200, 3)).round(1)
    for blank in ("negative", "masked"):
        found = aurocs(classes, scores, blank)
        for column in range(3):
            kept = classes[:, column] != 3
            if blank == "masked":
                kept &= classes[:, column] != 0
            truth = classes[kept, column] == 1
            assert abs(found[column] - roc_auc_score(truth, scores[kept, column])) < 1e-12


def test_auroc_of_one_class_is_undefined():
    classes = np.array([[1], [1], [3]], dtype=np.int8)
    assert np.isnan(aurocs(classes, np.zeros((3, 1)), "negative")).all()


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12), st.integers(0, 9))
def test_studies_are_joined_as_a_loop_does_it(names, seed):
    draw = np.random.default_rng(seed)
    values = draw.random((len(names), 2))
    values[draw.random(values.shape) < 0.2] = np.nan
    studies = studies_of(names)
    order = list(dict.fromkeys(names))
    for how, of in (("maximum", max), ("mean", lambda items: sum(items) / len(items))):
        found = studies.scores(values, how)
        for row, name in enumerate(order):
            for column in range(2):
                cells = [values[at, column] for at, own in enumerate(names) if own == name]
                known = [cell for cell in cells if cell == cell]
                if known:
                    assert abs(found[row, column] - of(known)) < 1e-12
                else:
                    assert np.isnan(found[row, column])
    assert [names[at] for at in studies.first] == order
    assert studies.views.sum() == len(names)


def test_a_studys_label_is_the_strongest_of_its_views():
    classes = np.array([[0], [2], [3], [1], [0], [0]], dtype=np.int8)
    found = studies_of(list("aabbcc")).classes(classes)
    assert found.ravel().tolist() == [2, 1, 0]


def test_children_are_multiplied_by_their_parents():
    values = np.array([[0.5, 0.5, 0.5]])
    # the third below the second, the second below the first
    assert joint(values, ((), (0,), (1,))).tolist() == [[0.5, 0.25, 0.125]]
    assert joint(values, ()).tolist() == [[0.5, 0.5, 0.5]]
