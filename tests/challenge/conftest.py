from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("cryptography")
sys.path.insert(0, str(Path(__file__).parent))

from conftest_challenge import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
