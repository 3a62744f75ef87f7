"""Runs that are killed at random moments end, resumed, in the same bytes."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

#: Resumes in each of eight kinds; LINGULA_KILLS=50 for the 400 of benchmarks/kill_and_resume.py.
KILLS = int(os.environ.get("LINGULA_KILLS", "3"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills children that it forks")
def test_kill_and_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    # On the path, so that worker processes find the labeler.
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    counts = importlib.import_module("kill_and_resume").resume_all(KILLS, seed=1)
    assert counts.resumes == 8 * KILLS
    assert counts.kills >= counts.resumes
