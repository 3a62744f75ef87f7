"""The documentation site is built without a warning, and has every public name and command."""

from __future__ import annotations

import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from lingula.cli import COMMANDS

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "documentation"

pytest.importorskip("sphinx", reason="needs pip install 'lingula[docs]'")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, str(SCRIPTS / "build.py"), "--without-pictures", "--output"]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    # Warnings are errors there: a link that leads nowhere, a page that no menu has.
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_public_name_has_its_place(site, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import api_pages

    inventory = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    listed = {line.split(" ")[0] for line in zlib.decompress(inventory).decode().splitlines()}
    last = {name.rpartition(".")[2] for name in listed}
    for module in api_pages.MODULES:
        names = api_pages.public(module)
        assert names, module
        assert [name for name in names if name not in last] == [], module


@pytest.mark.slow
def test_every_command_has_its_page(site):
    for name in COMMANDS:
        assert f"lingula {name}" in (site / f"reference/commands/{name}.html").read_text("utf-8")


@pytest.mark.slow
def test_nothing_comes_from_elsewhere(site):
    for page in site.glob("**/*.html"):
        text = page.read_text("utf-8")
        for sign in ('src="http', 'src="//', 'rel="stylesheet" href="http', "@import url(http"):
            assert sign not in text, f"{page.name}: {sign}"
