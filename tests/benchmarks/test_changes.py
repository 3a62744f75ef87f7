"""Changes that keep the meaning: what each alters, and what it must leave alone."""

from __future__ import annotations

import html
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import invariance
import numpy as np
import pytest
from changes import (
    CHANGES,
    RECOMMENDATION,
    articles_and_verbs_dropped,
    british_spelling,
    bullets,
    changed,
    entities_and_odd_spaces,
    header_and_indication,
    lost_full_stops,
    misspelled,
    no_space_after_full_stops,
    numbered_list,
    recommendation_added,
    sentences_reordered,
    spaces_and_line_breaks,
    title_case,
)
from hypothesis import given
from hypothesis import strategies as st
from invariance import compare
from style_items import read_items

TEXTS = [item.text for item in read_items("development")]
CHANCE = random.Random(0)
texts = st.one_of(
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from(TEXTS), min_size=2, max_size=4).map(" ".join),
    st.text(st.characters(codec="utf-8"), max_size=80),
)
chances = st.integers(0, 10_000).map(random.Random)


@given(texts, st.integers(0, 100))
def test_a_seed_gives_the_same_text_in_any_company(text, seed):
    for change in CHANGES:
        alone = changed(change, [text], seed)
        assert alone == changed(change, ["Another report.", text], seed)[1:]


@given(st.sampled_from(TEXTS), chances)
def test_layout_changes_keep_every_word(text, chance):
    def letters(given):
        return re.sub(r"[\s.]", "", given)

    for change in (spaces_and_line_breaks, lost_full_stops, no_space_after_full_stops):
        assert letters(change(text, chance)) == letters(text)
    assert spaces_and_line_breaks(text, chance).split() == text.split()
    assert title_case(text, chance).casefold() == text.casefold()


@given(st.sampled_from(TEXTS), chances)
def test_reordering_keeps_sentences_whole(text, chance):
    stopped = text if text.endswith((".", "?", "!")) else f"{text}."
    assert Counter(sentences_reordered(text, chance).split()) in (
        Counter(text.split()),
        Counter(stopped.split()),
    )


@given(st.sampled_from(TEXTS), chances)
def test_entities_decode_to_the_text(text, chance):
    def read(given):
        return " ".join(html.unescape(given).replace(" & ", " and ").split())

    assert read(entities_and_odd_spaces(text, chance)) == read(text)


@given(st.sampled_from(TEXTS), chances)
def test_a_misspelled_word_keeps_its_first_letter_and_about_its_length(text, chance):
    before, after = text.split(" "), misspelled(text, chance).split(" ")
    assert len(before) == len(after)
    for word, wrong in zip(before, after, strict=True):
        assert word[:1] == wrong[:1] or "-" in word or not word[:1].isalpha()
        if not re.search(r"[A-Za-z]{6}", word):
            assert wrong == word


def test_one_long_word_in_fifteen_is_misspelled():
    words = ["consolidation"] * 30_000
    wrong = misspelled(" ".join(words), random.Random(1)).split()
    share = sum(a != b for a, b in zip(words, wrong, strict=True)) / len(words)
    assert 1 / 16.5 < share < 1 / 13.8


def test_what_the_changes_do():
    text = "There is no edema. The heart is normal in size."
    assert british_spelling("Edema, TUMOR, centered, hemithorax, colorectal.", CHANCE) == (
        "Oedema, TUMOUR, centred, hemithorax, colorectal."
    )
    assert lost_full_stops(text, CHANCE) == "There is no edema The heart is normal in size"
    assert no_space_after_full_stops(text, CHANCE) == (
        "There is no edema.The heart is normal in size."
    )
    assert numbered_list(text, CHANCE) == "1. There is no edema.\n2. The heart is normal in size."
    assert bullets(text, CHANCE) == "- There is no edema.\n- The heart is normal in size."
    assert articles_and_verbs_dropped(text, CHANCE) == "No edema. Heart normal in size."
    assert recommendation_added(text, CHANCE) == f"{text} {RECOMMENDATION}"
    assert sentences_reordered("No edema. It has gone. No effusion.", random.Random(4)) == (
        "No effusion. No edema. It has gone."
    )


@pytest.mark.parametrize(
    "text", ["If there is concern, repeat.", "This is fluid.", "It is not possible."]
)
def test_verbs_that_carry_the_meaning_stay(text):
    assert articles_and_verbs_dropped(text, CHANCE) == text


@pytest.mark.parametrize("text", ["HEART: Normal.\nLUNGS: Clear.", "1. Edema. 2. No effusion."])
def test_a_text_of_a_shape_of_its_own_is_not_made_a_list(text):
    assert numbered_list(text, CHANCE) == text
    assert sentences_reordered(text, CHANCE) == text


def test_a_report_with_headers_gets_no_second_header():
    assert header_and_indication("FINDINGS: Clear.", CHANCE) == "FINDINGS: Clear."
    assert header_and_indication("No acute findings.", CHANCE).endswith(
        "FINDINGS: No acute findings."
    )


def test_what_is_counted_as_kept():
    before = np.array([[1, 2, 0, 0], [0, 0, 0, 3]], dtype=np.int8)
    after = np.array([[1, 0, 2, 0], [0, 0, 0, 1]], dtype=np.int8)
    kept = compare(before, after)
    assert (kept.same, kept.before, kept.either) == (1, 3, 4)


REPORT = """<eCitation><uId id="{uid}"/><AbstractText Label="FINDINGS">{text}</AbstractText>
</eCitation>"""


def test_the_command_reads_the_development_part_only(tmp_path):
    kept = sorted(invariance.measured_ids())[0]
    for uid, text in (("CXR900001", "No effusion."), (kept, "Left-out text with a pneumothorax.")):
        (tmp_path / f"{uid}.xml").write_text(REPORT.format(uid=uid, text=text), encoding="utf-8")
    assert invariance.openi_texts(tmp_path, seed=1) == ["No effusion."]
    command = [sys.executable, str(Path(invariance.__file__)), str(tmp_path), "--labeler", "rules"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Open-i, development: 1 texts" in told
    assert told.count("| upper case | ") == 2
    assert "| upper case | 1 | 100.00 / 100.00 |" in told
    shown = subprocess.run(
        [*command, "--show", "recommendation added"], capture_output=True, text=True, check=True
    ).stdout
    assert "Left-out" not in shown + told
