"""Details and the findings they belong to, on tokens alone."""

from __future__ import annotations

import pytest

from lingula.rules.matcher import Span
from lingula.strata.attach import attach
from lingula.strata.definitions import strata

BRIDGE = next(item.bridge for item in strata() if item.name == "Pleural Effusion Size")


@pytest.mark.parametrize(
    ("sentence", "detail", "finding"),
    [
        ("small left effusion .", "small", "effusion"),
        ("small effusion and pneumothorax", "small", "effusion"),
        ("small effusion and large pneumothorax", "large", "pneumothorax"),
        ("effusion is small .", "small", "effusion"),
        ("effusion on the right and small pneumothorax", "right", "effusion"),
        ("small right and moderate left effusion", "small", "effusion"),
        ("effusion at the left base", "left", "effusion"),
        ("effusion , left base opacity", "left", None),
        ("effusion with left collapse", "left", None),
        ("heart is large , effusion", "large", None),
        ("effusion and small nodule", "small", None),
        ("tension pneumothorax", "tension", "tension pneumothorax"),
    ],
)
def test_attach(sentence: str, detail: str, finding: str | None) -> None:
    tokens = sentence.split()
    names = ["tension pneumothorax"] if "tension" in tokens else ["effusion", "pneumothorax"]
    findings = []
    for name in names:
        words = name.split()
        if words[0] in tokens:
            at = tokens.index(words[0])
            findings.append(Span(at, at + len(words), 0))
    at = tokens.index(detail)
    found = attach(tokens, Span(at, at + 1, 1), sorted(findings), BRIDGE)
    assert [" ".join(tokens[x.start : x.end]) for x in found] == ([finding] if finding else [])
