"""The rules against sentences with known labels: those in cases.toml and the lexicons' own."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lingula
from lingula.labels import Label
from lingula.rules.lexicon import load_lexicon, shipped_lexicons
from lingula.rules.lexicon_model import OTHER_FINDING, Example

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KINDS = tomllib.loads((Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8"))
FRESH = tomllib.loads((Path(__file__).parent / "fresh.toml").read_text(encoding="utf-8"))
FORMS = tomllib.loads((Path(__file__).parent / "forms.toml").read_text(encoding="utf-8"))
CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def labeler():
    return lingula.load("rules")


@lru_cache(maxsize=1)
def shared_labeler():
    return lingula.load("rules")


def found(labeler, text):
    values = labeler.label([text]).values[0]
    return {
        name: int(value)
        for name, value in zip(labeler.schema.names, values, strict=True)
        if not np.isnan(value) and name != "No Finding"
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(text, expected, id=f"{group}: {text}")
        for group, cases in CASES.items()
        for text, expected in cases.items()
    ],
)
def test_case(labeler, text, expected):
    assert found(labeler, text) == expected


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(cases, id=kind)
        for source in (KINDS, FRESH, FORMS)
        for kind, cases in source.items()
    ],
)
def test_kind(labeler, cases):
    values = labeler.label(list(cases)).values
    wrong = [
        (text, name, value)
        for (text, expected), row in zip(cases.items(), values, strict=True)
        for name, value in zip(labeler.schema.names, row, strict=True)
        if not accepted(value, expected.get(name, None if name == "No Finding" else "blank"))
    ]
    assert not wrong


def accepted(value: float, expected: object) -> bool:
    """Whether a label is among those that a case accepts; None accepts any."""
    if expected is None:
        return True
    said = "blank" if np.isnan(value) else int(value)
    return said in (expected if isinstance(expected, list) else [expected])


@given(
    st.lists(st.sampled_from([text for cases in KINDS.values() for text in cases]), max_size=4),
    st.text(max_size=60),
    st.integers(0, 4),
)
@settings(max_examples=150, deadline=None)
def test_no_finding_never_stands_beside_a_finding(sentences, noise, place):
    labeler = shared_labeler()
    text = "\n".join([*sentences[:place], noise, *sentences[place:]])
    names = labeler.schema.names
    values = dict(zip(names, labeler.label([text]).values[0], strict=True))
    if values.pop("No Finding") == 1:
        values.pop("Support Devices")
        assert not any(value in (1, -1) for value in values.values())


@pytest.mark.parametrize("name", shipped_lexicons())
def test_every_lexicon_example(name):
    lexicon = load_lexicon(name)
    labeler = lingula.load("rules", lexicon=lexicon)
    wrong = [
        (rule, example, labels)
        for rule, example in lexicon.examples()
        if (example.observation in lexicon.schema or example.observation == OTHER_FINDING)
        and not holds(example, labels := labeler.label([example.text], evidence=True))
    ]
    assert not wrong


def holds(example: Example, labels) -> bool:
    if example.observation == OTHER_FINDING:
        blocked = labels.classes[0, labels.schema.index("No Finding")] == Label.BLANK
        return blocked == (example.label is Label.POSITIVE)
    column = labels.schema.index(example.observation)
    # The cues are shared: what a schema has no class for ("negative" in nih14) is blank there.
    permitted = labels.schema.observations[column].labels
    expected = example.label if example.label in permitted else Label.BLANK
    return labels.classes[0, column] == expected


@pytest.mark.parametrize("name", shipped_lexicons())
def test_every_mention_has_examples_and_a_source(name):
    lexicon = load_lexicon(name)
    for rule in (*lexicon.mentions, *lexicon.cues):
        assert rule.examples, rule.name
        assert rule.source, rule.name


def test_chexpert_sample_report(labeler):
    # The worked example of the CheXpert labeler's own documentation, in our words.
    text = "Heart size normal, lungs clear. No edema or pneumonia. No effusion."
    values = labeler.label([text]).values[0]
    named = dict(zip(labeler.schema.names, values, strict=True))
    assert named["No Finding"] == 1
    assert [named[n] for n in ("Cardiomegaly", "Edema", "Pneumonia", "Pleural Effusion")] == [0] * 4


@pytest.mark.parametrize(
    ("text", "clear"),
    [
        ("No acute cardiopulmonary process.", True),
        ("Endotracheal tube in place. Lungs are clear.", True),
        ("Possible pneumonia.", False),
        ("Mild thoracic scoliosis. Lungs are clear.", False),
        ("No scoliosis. Lungs are clear.", True),
        ("Calcified granuloma at the left base.", False),
        ("", False),
        (None, False),
    ],
)
def test_no_finding(labeler, text, clear):
    labels = labeler.label([text])
    assert (labels.classes[0, 0] == Label.POSITIVE) == clear


def test_nih_schema_is_positive_only():
    labeler = lingula.load("rules", schema="nih14")
    text = "Large hiatal hernia, right infiltrate, no effusion, possible pneumonia."
    labels = labeler.label([text])
    named = dict(zip(labeler.schema.names, labels.classes[0], strict=True))
    assert named["Hernia"] == Label.POSITIVE
    assert named["Infiltration"] == Label.POSITIVE
    assert named["Effusion"] == Label.BLANK
    assert named["Pneumonia"] == Label.BLANK
