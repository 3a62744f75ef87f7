"""Every example of every rule, right ones and traps, gives the value that it names."""

from __future__ import annotations

import pytest

from lingula.labels import Label
from lingula.strata import find_strata, strata
from lingula.strata.definitions import strata_lexicon

CELLS = {Label.POSITIVE: 1.0, Label.NEGATIVE: 0.0, Label.UNCERTAIN: -1.0, Label.BLANK: None}
#: Views are columns of another name; their examples are of the choice that they tell.
CHOICES = {
    name: (item.name, value)
    for item in strata()
    if item.kind == "choice"
    for value, names in zip(item.values, item.told_by, strict=True)
    for name in names
}
COLUMNS = {item.name for item in strata()}
#: Findings without a column of their own: a column that is filled when they are affirmed.
AFFIRMED = {"Fracture": "Fracture Age", "Pneumothorax": "Pneumothorax Chest Tube"}

DETAIL_EXAMPLES = [(item.name, e.text, e.value) for item in strata() for e in item.examples]
RULE_EXAMPLES = [
    (rule, example)
    for rule, example in strata_lexicon().examples()
    if example.observation in COLUMNS | set(CHOICES) | set(AFFIRMED)
]


@pytest.mark.parametrize(("stratum", "text", "value"), DETAIL_EXAMPLES)
def test_example_of_a_stratum(stratum: str, text: str, value: str) -> None:
    assert (find_strata([text]).column(stratum)[0] or "") == value


@pytest.mark.parametrize(("rule", "example"), RULE_EXAMPLES)
def test_example_of_a_rule(rule: str, example: object) -> None:
    result = find_strata([example.text])
    if example.observation in CHOICES:
        column, value = CHOICES[example.observation]
        told = (result.column(column)[0] or "").split(";")
        assert (value in told) == (example.label is Label.POSITIVE), rule
    elif example.observation in AFFIRMED:
        told = result.column(AFFIRMED[example.observation])[0] is not None
        assert told == (example.label in (Label.POSITIVE, Label.UNCERTAIN)), rule
    else:
        assert result.column(example.observation)[0] == CELLS[example.label], rule


def test_every_stratum_and_every_device_has_examples_with_a_trap() -> None:
    for item in strata():
        if item.kind != "presence":
            values = {example.value for example in item.examples}
            assert "" in values and len(values) > 1, item.name
    with_examples = {example.observation for _, example in RULE_EXAMPLES}
    assert {x.name for x in strata() if x.kind == "presence"} <= with_examples
