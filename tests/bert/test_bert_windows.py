"""Long reports in overlapping windows."""

import numpy as np
import pytest

import lingula
from lingula.bert.windows import aggregate_windows
from lingula.labels import Label

SCHEMA = lingula.load_schema("chexpert14")
EDEMA, NO_FINDING = SCHEMA.index("Edema"), SCHEMA.index("No Finding")


def windows(*rows):
    """Logits in which each window says one label for every observation, with a margin."""
    logits = np.zeros((len(rows), 14, 4), dtype=np.float32)
    for row, (label, margin) in enumerate(rows):
        logits[row, :, label] = margin
    logits[:, NO_FINDING, 2:] = -1e4
    return logits


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((Label.NEGATIVE, Label.POSITIVE, Label.BLANK), Label.POSITIVE),
        ((Label.NEGATIVE, Label.UNCERTAIN, Label.BLANK), Label.UNCERTAIN),
        ((Label.BLANK, Label.NEGATIVE), Label.NEGATIVE),
        ((Label.UNCERTAIN, Label.POSITIVE), Label.POSITIVE),
        ((Label.BLANK, Label.BLANK), Label.BLANK),
    ],
)
def test_the_label_of_highest_priority_wins(said, expected):
    found = aggregate_windows(windows(*((label, 1.0) for label in said)), SCHEMA)
    assert found.shape == (14, 4)
    assert found[EDEMA].argmax() == expected


def test_the_surest_window_decides_among_equals():
    found = aggregate_windows(windows((Label.POSITIVE, 1), (Label.POSITIVE, 3)), SCHEMA)
    assert found[EDEMA].tolist() == [0, 3, 0, 0]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((Label.POSITIVE, Label.POSITIVE), Label.POSITIVE),
        ((Label.POSITIVE, Label.BLANK), Label.BLANK),
    ],
)
def test_no_finding_needs_every_window(said, expected):
    found = aggregate_windows(windows(*((label, 1.0) for label in said)), SCHEMA)
    assert found[NO_FINDING].argmax() == expected


def test_windows_read_what_the_cut_drops(chexbert_pth):
    cut = lingula.load(chexbert_pth)
    whole = lingula.load(chexbert_pth, long="windows")
    short = "No pleural effusion."
    long = "The heart is not enlarged. " * 120 + "There is a large pneumothorax."
    assert (whole.logits([short]) == cut.logits([short])).all()
    cut.label([short, long])
    whole.label([short, long])
    assert (cut.truncated, whole.truncated) == (1, 0)
    beginning = "The heart is not enlarged. " * 120
    assert (cut.logits([long]) == cut.logits([beginning])).all()
    assert (whole.logits([long]) != whole.logits([beginning])).any()


def test_windows_are_those_of_the_parts(chexbert_pth):
    labeler = lingula.load(chexbert_pth, long="windows", precision="exact")
    text = "heart " * 500 + "lung " * 500
    (tokens,) = labeler.tokenizer.encode([text.strip()], windows=True)
    parts = [labeler.tokenizer.backend.decode(ids.tolist()) for ids in tokens.windows]
    one_by_one = np.where(np.isfinite(x := labeler.logits(parts)), x, -1e4)
    expected = aggregate_windows(one_by_one, SCHEMA)
    found = labeler.logits([text])[0]
    np.testing.assert_array_equal(np.where(np.isfinite(found), found, -1e4), expected)
    np.testing.assert_allclose(
        labeler.embed([text])[0], labeler.embed(parts).mean(axis=0), atol=1e-5
    )
