"""Each command of the two pages on challenges, tried in their order on the example."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_sandbox import works

from lingula.cli import cli

ROOT = Path(__file__).parents[2]


def commands(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^    (lingula challenge .+)$", text, re.MULTILINE)


@pytest.mark.slow
def test_every_command_works_on_the_example(monkeypatch, alone):
    with tempfile.TemporaryDirectory(prefix="lingula-docs-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        make = ROOT / "examples" / "challenge" / "make.py"
        subprocess.run([sys.executable, str(make), name], check=True)
        monkeypatch.chdir(folder)
        lines = commands("run-a-challenge.md")
        assert len(lines) > 8
        for line in lines:
            if line.startswith("lingula challenge run") and not works():
                continue
            # A board of the page has 10,000 resamples; the test needs no more than it works with.
            words = shlex.split(line)[1:]
            words += ["--resamples", "200"] if words[1] == "board" else []
            done = CliRunner().invoke(cli, words)
            assert done.exit_code == 0, (line, done.output, done.exception)
        shutil.copytree("challenge/public", "public")
        for line in commands("enter-a-challenge.md"):
            done = CliRunner().invoke(cli, shlex.split(line)[1:])
            assert done.exit_code == 0, (line, done.output, done.exception)
        board = (folder / "challenge" / "board" / "board.md").read_text(encoding="utf-8")
        assert "Our team" in board and "Another" in board
