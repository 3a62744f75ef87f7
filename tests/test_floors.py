"""The house stands on its floors: no import upward, no circle, no room without a floor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def lint(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports_command as lint; lint()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def test_rooms_import_only_from_floors_below() -> None:
    done = lint()
    assert done.returncode == 0, done.stdout


def test_an_import_upward_is_seen(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    # Held to the same floors upside down, the same house must fail.
    turned = text.replace('"loading",\n    "builtin",', '"builtin",\n    "loading",')
    assert turned != text
    own.write_text(turned, encoding="utf-8")
    done = lint("--config", str(own))
    assert done.returncode == 1
    assert "is not allowed to import lingula.builtin" in " ".join(done.stdout.split())
