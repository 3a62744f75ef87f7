"""The style benchmark: well-formed items, and a count of decisions that means what it says."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import style_items
from style_items import HALVES, Item, key_of, read_items

from lingula.errors import InputError
from lingula.labels import Label
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14")
COMMAND = Path(style_items.__file__).with_name("style_quality.py")


def everything():
    return [item for half in HALVES for item in read_items(half)]


def words(text):
    return " ".join(text.casefold().split())


def test_no_item_stands_twice_or_in_both_halves():
    items = everything()
    for seen in (Counter(item.id for item in items), Counter(words(item.text) for item in items)):
        assert [what for what, count in seen.items() if count > 1] == []


def test_items_name_known_observations_and_decide_something():
    for item in everything():
        assert item.text.strip(), item.id
        assert set(item.labels) <= set(SCHEMA.names), item.id
        assert "No Finding" in item.labels, item.id
    assert key_of(everything(), SCHEMA).required.any(axis=1).all()


def test_no_finding_is_never_asked_beside_a_finding():
    for item in everything():
        if item.labels["No Finding"] == {Label.POSITIVE}:
            for name, accepted in item.labels.items():
                if name not in ("No Finding", "Support Devices"):
                    assert accepted & {Label.NEGATIVE, Label.BLANK}, (item.id, name)


@pytest.mark.parametrize("half", HALVES)
def test_both_halves_hold_all_styles_in_like_numbers(half):
    counts = Counter(item.style for item in read_items(half))
    assert len(counts) == 23
    assert max(counts.values()) - min(counts.values()) <= 1


def test_what_counts_as_a_decision():
    blank, one, zero = Label.BLANK, Label.POSITIVE, Label.NEGATIVE
    item = Item(
        "x-01",
        "x",
        "No effusion. History of pneumonia. Scar.",
        {
            "No Finding": frozenset({one, blank}),
            "Pleural Effusion": frozenset({zero}),
            "Pneumonia": frozenset({blank}),
            "Lung Opacity": frozenset({one, blank}),
        },
    )
    key = key_of([item], SCHEMA)

    def figures(**said):
        classes = np.zeros((1, len(SCHEMA)), dtype=np.int8)
        for name, label in said.items():
            classes[0, SCHEMA.index(name.replace("_", " "))] = label
        decided, right = key.judge(classes)
        return int(decided.sum()), int(right.sum()), bool(key.whole(classes)[0])

    assert figures(Pleural_Effusion=zero) == (2, 2, True)
    assert figures(Pleural_Effusion=zero, Lung_Opacity=one, No_Finding=one) == (2, 2, True)
    assert figures(Pleural_Effusion=zero, Lung_Opacity=zero) == (3, 2, False)
    assert figures(Pleural_Effusion=zero, Pneumonia=one) == (2, 1, False)
    assert figures(Pleural_Effusion=zero, Edema=one) == (3, 2, False)
    assert figures() == (2, 1, False)


def test_a_label_that_is_none_is_refused(tmp_path):
    (tmp_path / "development.toml").write_text(
        '[[item]]\nid = "a"\nstyle = "b"\ntext = "c"\nlabels = { Edema = 2 }\n', encoding="utf-8"
    )
    with pytest.raises(InputError, match="item 1: Edema = 2"):
        read_items("development", tmp_path)


def test_the_command_never_shows_left_out_texts():
    refused = subprocess.run(
        [sys.executable, str(COMMAND), "left_out", "--errors"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "for measuring only" in refused.stderr
    assert refused.stdout == ""
    told = subprocess.run(
        [sys.executable, str(COMMAND), "left_out", "--labeler", "rules"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "rules: " in told.stdout
    for item in read_items("left_out"):
        assert item.text[:40] not in told.stdout
