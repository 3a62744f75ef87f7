"""The image's files, built by the Dockerfile's own steps without a container engine.

A virtual environment stands for the image's; bubblewrap for its user and its read-only root.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.serve.test_deploy import DEPLOY, ROOT, dockerfile

MOST_MEBIBYTES = 600
LOCK = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)$", LOCK, re.MULTILINE))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name: str, extra: str, seen: dict[str, set[str]]) -> None:
    """Names of all that a distribution needs here, into ``seen``, by what is installed here."""
    if extra in seen.setdefault(name, set()):
        return
    seen[name].add(extra)
    for line in importlib.metadata.requires(name) or ():
        item = Requirement(line)
        if item.marker is None or item.marker.evaluate({"extra": extra}):
            for wanted in {"", *item.extras}:
                needed(canonical(item.name), wanted, seen)


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="the image's Python is newer, which needs fewer packages"
)
def test_the_lock_holds_what_the_service_needs() -> None:
    seen: dict[str, set[str]] = {}
    needed("lingula", "", seen)
    needed("lingula", "serve", seen)
    assert set(seen) - {"lingula"} <= set(PINS)
    assert not {"torch", "transformers", "ray", "pytest"} & set(PINS)
    own = [Requirement(line) for line in importlib.metadata.requires("lingula") or ()]
    for item in own:
        if canonical(item.name) in PINS:
            assert item.specifier.contains(PINS[canonical(item.name)]), item


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is /opt/lingula in the image, made by the steps of its build."""
    base = tmp_path_factory.mktemp("image")
    base.chmod(0o755)
    for folder in (base.parent, base.parent.parent):
        folder.chmod(folder.stat().st_mode | 0o055)
    source, target = base / "source", base / "opt" / "lingula"
    source.mkdir()
    lines = dockerfile()
    for line in lines["COPY"]:
        if line.startswith("--"):
            continue
        *names, place = line.split()
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / place)
            else:
                shutil.copy(ROOT / name, source / place)
    for line in lines["RUN"][:3]:
        words = shlex.split(line.replace("/opt/lingula", str(target)))
        if words[0] == "python":
            words[0] = sys.executable
        done = subprocess.run(
            words, cwd=source, capture_output=True, text=True, check=False,
            env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )  # fmt: skip
        if done.returncode and "requirements.lock" in words and not os.environ.get("CI"):
            pytest.skip(f"the packages of the lock cannot be had here: {done.stderr[-300:]}")
        assert done.returncode == 0, done.stderr[-3000:]
    return target


@pytest.mark.slow
def test_the_image_holds_the_lock_and_nothing_more(tree: Path) -> None:
    said = subprocess.run(
        [tree / "bin/python", "-m", "pip", "list", "--format", "freeze"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    held = {canonical(name): version for name, version in re.findall(r"(\S+)==(\S+)", said)}
    assert held.pop("lingula")
    for tool in ("pip", "setuptools", "wheel"):
        held.pop(tool, None)
    assert held == PINS
    paths = [path for path in tree.rglob("*") if not path.is_symlink()]
    assert sum(path.stat().st_size for path in paths) < MOST_MEBIBYTES << 20
    assert [path for path in paths if path.stat().st_mode & 0o022] == []
    package = next(tree.glob("lib/python3*/site-packages/lingula"))
    assert (package / "builtin/model").is_dir()
    assert not any(path.name.startswith("test_") for path in package.rglob("*.py"))
    licences = next(package.parent.glob("lingula-*.dist-info")) / "licenses"
    assert {"LICENSE", "NOTICE"} <= {path.name for path in licences.iterdir()}


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("bwrap") is None and not os.environ.get("CI"),
    reason="bubblewrap is not installed (apt-get install bubblewrap); CI must have it",
)
def test_the_service_runs_without_rights_on_a_read_only_root(tree: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tokens = tree.parent / "tokens"
    # The user of the image, in a root where nothing can be written, not even /tmp.
    inside = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-user",
              "--uid", "10001", "--gid", "10001", "--die-with-parent", "--cap-drop", "ALL",
              "--clearenv", "--setenv", "PYTHONDONTWRITEBYTECODE", "1"]  # fmt: skip
    made = subprocess.run(
        [tree / "bin/lingula", "serve", "--add-token", "ward", "--token-file", tokens],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    token = made.stdout.split()[-1]
    tried = subprocess.run(
        [*inside, "/bin/sh", "-c", f"id -u; touch {tree}/x || touch /tmp/x || echo read-only"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert tried.stdout.split() == ["10001", "read-only"]
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        [*inside, str(tree / "bin/lingula"), "serve", "--host", "127.0.0.1", "--port", str(port),
         "--token-file", str(tokens)],
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 240
        while not answered(f"{url}/readyz"):
            assert process.poll() is None and time.monotonic() < until, (
                tmp_path / "log"
            ).read_text(encoding="utf-8", errors="replace")
            time.sleep(0.2)
        asked = urllib.request.Request(
            f"{url}/v1/label",
            b'{"reports": [{"id": "1", "text": "No edema."}], "labeler": "rules"}',
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(asked) as answer:
            assert b'"Edema":"negative"' in answer.read()
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def answered(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
