"""What the project says of itself: one version, one list of packages, links that lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import yaml

import lingula

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = lingula.__version__
#: Extras for those who work on Lingula itself.
OURS = {"dev", "docs"}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def document(name: str):
    return yaml.safe_load(read(name))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(line: str) -> tuple[str, tuple[int, ...]]:
    """Name and least version."""
    found = re.match(r"([A-Za-z0-9._-]+)(?:\[.*\])?\s*(?:>=\s*([0-9.]+))?", line)
    return normal(found[1]), tuple(map(int, (found[2] or "0").split(".")))


def test_one_version_everywhere() -> None:
    assert PROJECT["version"] == VERSION
    assert document("CITATION.cff")["version"] == VERSION
    assert document("conda/recipe.yaml")["context"]["version"] == VERSION
    assert f"## {VERSION}" in read("CHANGELOG.md")


def test_every_extra_is_in_the_table() -> None:
    table = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", read("docs/install.md"), re.MULTILINE)
    named = {name for cell in table for name in re.findall(r"`(\w+)`", cell)}
    assert named - OURS == set(PROJECT["optional-dependencies"]) - OURS
    (everything,) = PROJECT["optional-dependencies"]["all"]
    assert set(re.findall(r"\w+", everything)) - {"lingula"} == named - OURS - {"all", "spark"}


def test_the_base_install_is_small() -> None:
    assert len([line for line in PROJECT["dependencies"] if "python_version" not in line]) <= 8


def test_constraints_hold_every_package_in_a_version_that_will_do() -> None:
    pinned: dict[str, list[tuple[int, ...]]] = {}
    for line in read("constraints.txt").splitlines():
        if not line.startswith("#"):
            name, version = re.match(r"([A-Za-z0-9._-]+)==([0-9.]+)", line).groups()
            numbers = tuple(map(int, version.strip(".").split(".")))
            pinned.setdefault(normal(name), []).append(numbers)
    extras = [line for name, lines in PROJECT["optional-dependencies"].items()
              if name not in OURS for line in lines]  # fmt: skip
    for line in (*PROJECT["dependencies"], *extras):
        name, least = requirement(line)
        if name != "lingula":
            assert min(pinned[name]) >= least, line


def test_the_conda_recipe_has_the_base_install() -> None:
    recipe = document("conda/recipe.yaml")
    run = dict(requirement(line) for line in recipe["requirements"]["run"])
    python = run.pop("python")
    assert python == requirement("python" + PROJECT["requires-python"])[1]
    assert run == dict(map(requirement, PROJECT["dependencies"]))
    assert recipe["about"]["license"] == PROJECT["license"]


def test_ci_runs_every_python_that_is_claimed() -> None:
    claimed = [
        line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: Python :: 3." in line
    ]
    job = document(".github/workflows/tests.yml")["jobs"]["base"]["strategy"]["matrix"]
    assert job["python"] == claimed
    assert len(job["os"]) == 3
    assert any(item["dependencies"] == "oldest" for item in job["include"])
    text = read(".github/workflows/tests.yml")
    for path in re.findall(r"(?<= )tests/[\w./]+", text):
        assert (ROOT / path).exists(), path


def test_templates_and_hooks_are_whole() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text("utf-8"))
        if path.stem != "config":
            assert {"name", "description", "body"} <= set(form)
            ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
            assert len(ids) == len(set(ids)) > 0
    hooks = document(".pre-commit-config.yaml")["repos"][0]["hooks"]
    assert {hook["id"] for hook in hooks} >= {"ruff", "ruff-format", "mypy"}


def test_citation_names_each_source_once() -> None:
    citation = document("CITATION.cff")
    titles = [item["title"] for item in citation["references"]]
    assert len(titles) == len(set(titles)) >= 5
    assert all(item["authors"] and item["year"] and item["notes"] for item in
               citation["references"])  # fmt: skip


def hook():
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_links_of_the_package_lead_somewhere_or_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    module = hook()
    monkeypatch.delenv(module.VARIABLE, raising=False)
    metadata = {"version": VERSION}
    module.ProjectPlaces(str(ROOT), {}).update(metadata)
    text = metadata["readme"]["text"]
    assert "urls" not in metadata
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert [link for link in links if not link.startswith("https://")] == []
    assert "docs/rules.md" in text
    monkeypatch.setenv(module.VARIABLE, "https://host.example/owner/lingula/")
    metadata = {"version": VERSION}
    module.ProjectPlaces(str(ROOT), {}).update(metadata)
    home = f"https://host.example/owner/lingula/blob/v{VERSION}/"
    assert f"]({home}docs/rules.md)" in metadata["readme"]["text"]
    for link in re.findall(re.escape(home) + r"([^)#]+)", metadata["readme"]["text"]):
        assert (ROOT / link).exists(), link
    assert metadata["urls"]["Changelog"] == home + "CHANGELOG.md"
    monkeypatch.setenv(module.VARIABLE, "host.example")
    with pytest.raises(ValueError, match="must be an https address"):
        module.ProjectPlaces(str(ROOT), {}).update({"version": VERSION})
