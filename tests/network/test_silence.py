"""The one door to onnxruntime, and the variables that silence it and others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lingula.network import HUB, SILENCED

ROOT = Path(__file__).parents[2]


def run(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    hidden = {HUB, *SILENCED}
    env = {name: value for name, value in os.environ.items() if name not in hidden} | variables
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=env
    )


def test_onnxruntime_is_imported_through_one_door() -> None:
    direct = re.compile(r"^\s*(import onnxruntime|from onnxruntime\S* import)", re.MULTILINE)
    found = {
        str(path.relative_to(ROOT))
        for folder in ("src", "benchmarks", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if direct.search(path.read_text(encoding="utf-8"))
    }
    # It takes names of submodules after it has gone through the door, lingula.network.
    assert found == {"src/lingula/bert/export.py"}


def test_the_builtin_labeler_silences_what_it_imports_and_its_children() -> None:
    done = run(
        "import os, lingula, subprocess, sys\n"
        "lingula.load('builtin')\n"
        "code = 'import os; print(os.environ[\"ORT_DISABLE_TELEMETRY\"])'\n"
        "print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout)"
    )
    assert done.stdout.split() == ["1"], done.stderr


EARLIER = """
import sys, types
fake = types.ModuleType("onnxruntime")
fake.__version__ = {version!r}
fake.disable_telemetry_events = lambda: None
sys.modules["onnxruntime"] = fake
{more}
from lingula.network import import_onnxruntime
import_onnxruntime()
"""


@pytest.mark.parametrize(
    ("version", "warned"), [("1.32.0", True), ("1.29.0", True), ("1.28.0", False), ("odd", True)]
)
def test_a_program_that_imported_it_before_is_warned(version: str, warned: bool) -> None:
    done = run(EARLIER.format(version=version, more=""))
    assert done.returncode == 0, done.stderr
    assert ("ORT_DISABLE_TELEMETRY=1 before the program starts" in done.stderr) == warned


def test_a_program_that_set_the_variable_is_not_warned() -> None:
    done = run(EARLIER.format(version="1.32.0", more=""), ORT_DISABLE_TELEMETRY="1")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_line_refuses() -> None:
    done = run(EARLIER.format(version="1.32.0", more="import lingula.cli"))
    assert done.returncode == 1
    assert "NetworkError: onnxruntime 1.32.0 was imported before" in done.stderr


def test_what_the_user_set_for_the_hub_stays() -> None:
    program = "import os, lingula.network as n; n.{call}; print(os.environ['HF_HUB_OFFLINE'])"
    assert run(program.format(call="silence()")).stdout.strip() == "1"
    assert run(program.format(call="silence(hub=True)")).stdout.strip() == "0"
    assert run(program.format(call="silence()"), HF_HUB_OFFLINE="0").stdout.strip() == "0"
    assert run(program.format(call="silence(hub=True)"), HF_HUB_OFFLINE="1").stdout.strip() == "1"
