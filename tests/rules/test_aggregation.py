"""Stage three: both rules over all sets of mentions, and their bits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import lingula
from lingula.errors import SchemaError
from lingula.labels import Label
from lingula.rules.aggregation import aggregate, label_table

SENTENCES = {
    Label.POSITIVE: "There is a small left effusion.",
    Label.NEGATIVE: "No pleural effusion.",
    Label.UNCERTAIN: "Possible right effusion.",
}


def paper(labels):
    # Irvin et al., AAAI 2019, section "Mention aggregation".
    for label in (Label.POSITIVE, Label.UNCERTAIN, Label.NEGATIVE):
        if label in labels:
            return label
    return Label.BLANK


def program(labels):
    # What the published program does, in words: negative with uncertain first.
    if {Label.NEGATIVE, Label.UNCERTAIN} <= set(labels):
        return Label.UNCERTAIN
    if Label.POSITIVE in labels:
        return Label.POSITIVE
    return labels[0] if labels else Label.BLANK


@pytest.mark.parametrize(("name", "rule"), [("chexpert", paper), ("chexpert-code", program)])
def test_all_sets_of_mentions_in_any_order(name, rule):
    labeler = lingula.load("rules", aggregation=name)
    column = labeler.schema.index("Pleural Effusion")
    for size in range(4):
        for chosen in itertools.permutations(SENTENCES, size):
            text = " ".join(SENTENCES[label] for label in chosen)
            assert labeler.label([text or "Normal."]).classes[0, column] == rule(list(chosen))


def test_unknown_aggregation():
    with pytest.raises(SchemaError, match="chexpert-code"):
        lingula.load("rules", aggregation="majority")


def test_schemas_of_more_than_twenty_observations_fit():
    observations = tuple(lingula.Observation(f"finding {i}") for i in range(45))
    schema = lingula.Schema("many", observations)
    labels = np.random.default_rng(0).integers(0, 4, size=(30, 45))
    bits = np.array([0, 1, 2, 4])[labels]
    masks = [sum(int(bit) << (3 * i) for i, bit in enumerate(row)) for row in bits]
    classes = aggregate(masks, [False] * 30, schema, label_table("chexpert"))
    assert np.array_equal(classes, labels)
