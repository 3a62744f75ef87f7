"""Files that hold words of reports and that nobody asked for are readable by their owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

import lingula
from lingula.labels import Evidence, Label
from lingula.pipeline.journal import Journal
from lingula.pipeline.places import RejectsFile, publish
from lingula.pipeline.task import TaskResult
from lingula.tables.source import Reject


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_kept_work_is_private(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "work", {"a": 1}, resume=False, overwrite=False)
    evidence = ((Evidence("Edema", Label.POSITIVE, 0, 5, "edema", "edema"),),)
    journal.write(
        0, TaskResult(np.ones((1, 14), dtype=np.int8), None, evidence, 0, np.zeros(1, np.uint8))
    )
    assert mode(tmp_path / "work") == 0o700
    assert {mode(path) for path in (tmp_path / "work").iterdir()} == {0o600}


def test_rejected_rows_are_private(tmp_path: Path) -> None:
    rejects = RejectsFile(tmp_path / "out.rejects.csv")
    rejects.add(Reject(row=2, line=3, reason="too few cells", text="No effusion"))
    rejects.close()
    publish(tmp_path / "out.rejects.csv")
    assert mode(tmp_path / "out.rejects.csv") == 0o600


@pytest.mark.parametrize("cache", [True, False])
def test_the_rules_forget_when_asked(cache: bool) -> None:
    labeler = lingula.load("rules", cache=cache)
    texts = ["No pneumothorax. Small effusion.", "Small effusion."]
    first = labeler.label(texts, evidence=True)
    again = labeler.label(texts, evidence=True)
    assert first.evidence == again.evidence
    assert np.array_equal(first.classes, lingula.load("rules").label(texts).classes)
    assert bool(labeler.judge.masks) == cache
