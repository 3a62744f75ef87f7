"""Reports that only compare, and reports that repeat each other."""

from __future__ import annotations

import numpy as np
import pytest
from audit_rows import labels_of, random_labels
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.audit import AuditInput, AuditOptions
from lingula.audit.checks.duplicates import Duplicates
from lingula.audit.checks.references import ReferencesToEarlier
from lingula.audit.earlier_studies import only_compares, refers_to_earlier
from lingula.audit.near_duplicates import near_leaders, pieces_of, similarity

ONLY_COMPARE = (
    "No significant change.",
    "No change.",
    "Unchanged.",
    "Stable chest.",
    "IMPRESSION: No significant interval change compared with the prior study.",
    "Little change since yesterday's examination.",
    "1. No interval change from the previous film of 3 March 2011.",
    "Stable appearance of the chest since ___.",
    "Single AP view of the chest. There is no appreciable change from the earlier radiograph.",
    "The chest is unchanged when compared to XXXX.",
    "No significant interval change. Discussed with Dr. Imagined by telephone.",
    "FINDINGS: Similar to the prior study.\nIMPRESSION: No change.",
    "Slight interval improvement.",
)
SAY_SOMETHING = (
    "Stable cardiomegaly.",
    "No change in the right pleural effusion.",
    "Unchanged tubes and lines.",
    "No acute disease.",
    "Normal chest.",
    "No significant change. The heart is enlarged.",
    "Heart size is normal and unchanged.",
    "FINDINGS: A small left effusion is again seen.\nIMPRESSION: No significant change.",
    "AP view of the chest.",
    "Comparison: 3 March 2011.",
    "",
    "   ",
)


@pytest.mark.parametrize("text", ONLY_COMPARE)
def test_reports_that_only_compare(text: str) -> None:
    assert only_compares(text)
    assert only_compares(text.upper())
    assert only_compares(text.lower())


@pytest.mark.parametrize("text", SAY_SOMETHING)
def test_reports_that_say_something(text: str) -> None:
    assert not only_compares(text)


def test_the_comparison_section_is_not_the_reading() -> None:
    text = "COMPARISON: No change is possible without it.\nIMPRESSION: Rib fracture on the left."
    assert not only_compares(text)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_an_answer(text: str) -> None:
    assert only_compares(text) in (True, False)
    assert refers_to_earlier(text) in (True, False)


@settings(deadline=None)
@given(st.sampled_from(ONLY_COMPARE))
def test_one_finding_more_and_it_says_something(text: str) -> None:
    assert not only_compares(text + " There is a pneumothorax.")


def test_references_are_counted_with_their_labels() -> None:
    texts = ["No change.", "Left effusion.", None, "no  change.", "Stable effusion.", ""]
    labels = labels_of({"No Finding": "+    +", "Pleural Effusion": " + ?+ "})
    result = ReferencesToEarlier().run(AuditInput(labels=labels, texts=texts), AuditOptions(), {})
    assert list(result.rows) == [0, 3]
    assert result.row_ids == ("1", "4")
    assert result.value("reports") == 4
    assert result.value("only_compare_no_finding") == 1
    assert result.value("refer") == 3
    assert result.score == pytest.approx(0.5)
    assert result.examples[0].text is None


def test_text_is_shown_only_when_it_is_asked_for() -> None:
    data = AuditInput(labels=random_labels(1, 1), texts=["No change."])
    shown = ReferencesToEarlier().run(data, AuditOptions(show_text=True), {})
    assert shown.examples[0].text == "No change."


BASE = (
    "the heart is of normal size and the mediastinal contours are within normal limits there is no "
    "focal consolidation no pleural effusion and no pneumothorax the bones are intact and the soft "
    "tissues are unremarkable"
)


def test_near_identical_texts_follow_the_first_of_them() -> None:
    texts = [
        BASE,
        "a wholly different report of a left apical pneumothorax after central line placement",
        BASE.replace("intact", "normal"),
        BASE + " today",
        "short",
        "short one",
    ]
    assert list(near_leaders(texts, 0.8)) == [0, 1, 0, 0, 4, 5]
    assert list(near_leaders(texts, 1.0)) == [0, 1, 2, 3, 4, 5]


def test_similarity_is_jaccard() -> None:
    one, two = pieces_of("a b c d e"), pieces_of("a b c d f")
    assert len(one) == 3
    assert similarity(one, two) == pytest.approx(2 / 4)
    assert similarity(one, one) == 1
    assert similarity(pieces_of("x"), pieces_of("y")) == 0
    assert len(pieces_of("")) == 1


def test_leaders_against_all_pairs() -> None:
    """The same greedy grouping without MinHash: it must miss next to nothing."""
    generator = np.random.default_rng(7)
    words = np.array([f"word{i}" for i in range(400)])
    texts = []
    for _ in range(60):
        base = generator.choice(words, 40)
        texts.append(" ".join(base))
        for _ in range(4):
            copy = base.copy()
            copy[generator.integers(0, 40, generator.integers(1, 5))] = "changed"
            texts.append(" ".join(copy))
    texts = list(dict.fromkeys(texts))
    pieces = [pieces_of(text) for text in texts]
    expected: list[int] = []
    for i, piece in enumerate(pieces):
        alike = [(similarity(piece, pieces[j]), -j) for j in range(i) if expected[j] == j]
        best = max((pair for pair in alike if pair[0] >= 0.7), default=None)
        expected.append(i if best is None else -best[1])
    found = near_leaders(texts, 0.7)
    assert (found == np.array(expected)).mean() >= 0.99
    assert len(set(expected)) < len(texts) - 50  # there was something to find


def test_duplicates_are_counted() -> None:
    texts = [BASE, BASE.upper(), BASE.replace("intact", "normal"), "Something else here.", None]
    labels = labels_of({"Edema": "++++ ", "Fracture": " +   "})
    data = AuditInput(labels=labels, texts=texts)
    result = Duplicates().run(data, AuditOptions(), {})
    assert result.value("reports") == 4
    assert result.value("distinct") == 3
    assert result.value("identical") == 1
    assert result.value("near") == 2
    assert result.value("in_near_groups") == 3
    assert result.value("labeled_differently") == 1
    assert list(result.rows) == [1, 2]
    assert result.score == pytest.approx(0.5)
    assert result.table("largest").rows == (("1", 2, 0.5),)


@pytest.mark.parametrize("texts", [None, [None, ""]])
def test_without_texts_nothing_is_checked(texts: list[str | None] | None) -> None:
    data = AuditInput(labels=random_labels(2, 1), texts=texts)
    assert Duplicates().run(data, AuditOptions(), {}).score is None
    assert ReferencesToEarlier().run(data, AuditOptions(), {}).score is None
