"""Trust and heat fitted on coded reports, through the aggregation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lingula.builtin import BuiltinLabeler
from lingula.builtin.joining import Joint, tempered
from lingula.builtin.labeler import MODEL
from lingula.builtin.mention_model import MentionModel
from lingula.errors import CheckpointError
from lingula.labels import Label
from lingula.training.data.sources import coded_development
from lingula.training.mentions.reports import (
    ReportMentions,
    calibration_errors,
    fit_heat,
    fit_trust,
    out_of_fold,
)

#: Reports of ours.
TEXTS = [
    "No effusion or pneumothorax. The heart is enlarged.",
    "Small left effusion. No effusion on the right.",
    "History of pneumonia.",
    "Hello.",
]
PLAIN = Joint(np.ones(2), np.zeros((2, 4, 4)))


def drawn(heat: float, count: int = 3000) -> tuple[ReportMentions, np.ndarray]:
    """Reports with two mentions of one observation each, their logits too sure by ``heat``."""
    generator = np.random.default_rng(8)
    rows = np.repeat(np.arange(count), 2)
    columns = rows % 2
    logits = np.zeros((2 * count, 2, 4), dtype=np.float32)
    logits[:, 1, Label.POSITIVE] = generator.normal(size=2 * count) * 2
    logits[:, 1, [Label.BLANK, Label.UNCERTAIN]] = -20
    rules = np.zeros(2 * count, dtype=np.intp)
    gives = np.broadcast_to(np.eye(4), (2 * count, 4, 4))
    made = ReportMentions(
        (count, 2), rows, columns, np.arange(2 * count), gives, logits * heat, rules, columns
    )
    chance = made.probabilities(PLAIN, np.full(2, heat))[..., Label.POSITIVE]
    return made, generator.random((count, 2)) < chance


def test_heat_is_found_and_mends_calibration() -> None:
    mentions, coded = drawn(3.0)
    every = np.ones(len(coded), dtype=bool)
    heat = fit_heat(mentions, coded, PLAIN, every)
    assert heat == pytest.approx([3.0, 3.0], rel=0.15)
    before = max(calibration_errors(mentions.probabilities(PLAIN), coded))
    texts = [f"report {row}" for row in range(len(coded))]
    crossed = out_of_fold(
        mentions,
        texts,
        lambda some: mentions.probabilities(PLAIN, fit_heat(mentions, coded, PLAIN, some)),
    )
    assert max(calibration_errors(crossed, coded)) < 0.03 < before


def test_trust_is_learned_from_the_coding_of_whole_reports() -> None:
    mentions, coded = drawn(1.0)
    # Whatever the model says, the rules are right: they say positive of every mention coded.
    cell = coded[mentions.rows, mentions.columns]
    mentions.rules[:] = np.where(cell, Label.POSITIVE, Label.NEGATIVE)
    joint = fit_trust(mentions, coded, PLAIN, np.ones(len(coded), dtype=bool))
    said = mentions.probabilities(joint)[..., Label.POSITIVE] > 0.5
    named = np.zeros_like(coded)
    named[mentions.rows, mentions.columns] = True
    assert (said == coded)[named].mean() > 0.98


def test_mentions_of_reports_are_those_of_the_labeler() -> None:
    labeler = BuiltinLabeler(threads=1)
    mentions = ReportMentions.gather(labeler.rules, labeler.model, TEXTS)
    effusion = labeler.schema.index("Pleural Effusion")
    assert mentions.shape == (4, 14)
    assert sorted(mentions.rows[mentions.columns == effusion].tolist()) == [0, 1, 1]
    assert not (mentions.rows == 3).any()
    every = mentions.probabilities(Joint(np.ones(14), np.tile(9 * np.eye(4), (14, 1, 1))))
    at = [0, 1], [effusion, effusion]
    assert every[at].argmax(axis=-1).tolist() == [Label.NEGATIVE, Label.POSITIVE]
    assert (every[at].argmax(axis=-1) == labeler.label(TEXTS).classes[at]).all()


def test_heat_changes_chances_and_no_label() -> None:
    chances = np.random.default_rng(0).dirichlet(np.ones(4), size=200)
    cooler = tempered(chances, np.full(200, 2.5))
    assert (cooler.argmax(axis=1) == chances.argmax(axis=1)).all()
    assert (cooler.max(axis=1) < chances.max(axis=1)).all()
    assert np.allclose(tempered(chances, np.ones(200)), chances)


@pytest.mark.parametrize("heat", ['"warm"', "0.0", "[1.0, 2.0]"])
def test_a_heat_that_is_none_is_refused(tmp_path: Path, heat: str) -> None:
    for file in MODEL.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    settings = tmp_path / "mentions.json"
    text = settings.read_text(encoding="utf-8").replace('"heat":', '"other":')
    settings.write_text(text.replace("{", f'{{"heat": {heat}, ', 1), encoding="utf-8")
    with pytest.raises(CheckpointError, match="heat"):
        MentionModel(tmp_path)


def test_reports_kept_for_measuring_are_not_fitted_on(tmp_path: Path) -> None:
    # CXR8 is one of NegBio's reports.
    for uid, words in (("CXR8", "clear"), ("CXR900001", "hazy"), ("CXR900002", "Clear")):
        (tmp_path / f"{uid}.xml").write_text(
            f'<eCitation><uId id="{uid}"/><MeSH><major>normal</major></MeSH><AbstractText '
            f'Label="FINDINGS">{words}</AbstractText></eCitation>',
            encoding="utf-8",
        )
    assert [item.uid for item in coded_development(tmp_path)] == ["CXR900001", "CXR900002"]
