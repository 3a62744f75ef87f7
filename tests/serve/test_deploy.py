"""The files of deploy/: what they run exists, and the docs name them."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from lingula.cli.serve import command
from tests.serve.conftest import Server

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def require_known(words: list[str]) -> None:
    assert words[0] == "serve"
    known = {name for item in command.params for name in item.opts}
    assert {word for word in words if word.startswith("--")} <= known


def dockerfile() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(" ")
        if name.isupper():
            found.setdefault(name, []).append(rest)
    return found


def test_the_image_runs_the_service_without_rights() -> None:
    lines = dockerfile()
    require_known(json.loads(lines["CMD"][0]))
    assert "--insecure-no-token" not in lines["CMD"][0]
    assert lines["USER"] == ["10001"]
    for line in lines["COPY"]:
        *sources, _ = [word for word in line.split() if not word.startswith("--")]
        assert all((ROOT / name).exists() for name in sources if not name.startswith("/"))


def test_the_health_check_works(server: Server) -> None:
    words = json.loads(dockerfile()["HEALTHCHECK"][0].partition("CMD ")[2])
    assert words[:2] == ["/opt/lingula/bin/python", "-c"]
    own = words[2].replace("http://127.0.0.1:8000", server.url)
    assert subprocess.run([sys.executable, "-c", own], check=False).returncode == 0
    closed = words[2].replace(":8000", ":9")
    done = subprocess.run([sys.executable, "-c", closed], check=False, capture_output=True)
    assert done.returncode != 0


def test_the_unit_runs_the_service() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(DEPLOY / "lingula.service", encoding="utf-8")
    require_known(shlex.split(unit["Service"]["ExecStart"])[1:])
    assert unit["Service"]["LimitCORE"] == "0"
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", str(DEPLOY / "lingula.service")],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert "Unknown" not in done.stderr


def test_the_docs_name_what_is_there() -> None:
    page = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    named = set(re.findall(r"deploy/[\w.]+", page))
    assert named == {f"deploy/{path.name}" for path in DEPLOY.iterdir()}
