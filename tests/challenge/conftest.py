from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

pytest.importorskip("cryptography")
sys.path.insert(0, str(Path(__file__).parent))

from conftest_challenge import World


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No other worker runs programs meanwhile: tests count the processes and folders left."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with FileLock(shared / "sandbox.lock"):
        yield


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
