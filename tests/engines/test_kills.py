"""Runs over a folder that are killed at random moments end in the same bytes."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

#: Kills of each kind; LINGULA_KILLS=10 for those of benchmarks/kill_engines.py.
KILLS = int(os.environ.get("LINGULA_KILLS", "2"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc")
def test_killed_and_resumed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    kill = importlib.import_module("kill_engines")
    source, whole = kill.make_input(tmp_path / "in"), tmp_path / "whole"
    seconds = kill.unbroken(source, whole)
    for victim in ("worker", "driver"):
        setting = kill.Setting("local", victim, source, kill.files(whole), seconds)
        assert kill.kill_all(setting, KILLS, seed=1).kills == KILLS
