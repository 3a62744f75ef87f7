"""Ray as a scheduler: the same bytes, and no connection beyond this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.test_local import files, label
from tests.network.strace import traced

pytest.importorskip("ray")
pytest.importorskip("PIL")
from tests.network.test_no_connection import environment

#: Ray's own limit for its start is 15 s, which a machine that is busy with other work may miss.
TRIES = 2


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("strace") is None and not os.environ.get("CI"),
    reason="strace is not installed (apt-get install strace); CI must have it",
)
def test_two_actors_on_two_cores_reach_nobody(parts: Path, tmp_path: Path) -> None:
    own = {"HOME": str(tmp_path), "http_proxy": "http://192.0.2.1:8080"}
    for left in reversed(range(TRIES)):
        done, found = traced(
            [sys.executable, "-m", "lingula", "label", "in", "-o", "out", "--engine", "ray",
             "--workers", "2"],
            tmp_path / "trace", env={**environment(), **own}, cwd=tmp_path, quick=True,
        )  # fmt: skip
        if done.returncode == 0 or not left:
            break
        assert "Ray does not start" in done.stderr
    if "Ray does not start" in done.stderr:
        pytest.skip(f"Ray missed its own limit for its start {TRIES} times: a busy machine")
    assert done.returncode == 0, done.stderr
    assert "engine ray, 2 workers" in done.stderr
    assert found == []
    assert not (tmp_path / ".ray").exists()
    label(parts, tmp_path / "same", "rules")
    # The choices of a command line are held in the manifest, beside those of Python.
    out, same = files(tmp_path / "out"), files(tmp_path / "same")
    assert {n: d for n, d in out.items() if n.endswith(".csv")} == {
        n: d for n, d in same.items() if n.endswith(".csv")
    }
    assert "_SUCCESS" in out


def test_without_ray_the_error_names_the_extra(parts: Path, tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['ray'] = None; from lingula.cli import main; "
        "sys.argv = ['lingula', 'label', 'in', '-o', 'out', '--engine', 'ray']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "pip install 'lingula[ray]'" in done.stderr
