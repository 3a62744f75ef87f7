"""``lingula doctor``: what is there, what is missing for what, and nothing of the user's."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

import lingula
from lingula.cli import cli, installation

REQUIRES = [
    "numpy>=1.24",
    'tomli>=2; python_version < "3.11"',
    'enum34>=1; python_version < "3.0"',
    'onlywin>=1; sys_platform == "win32" and extra == "served"',
    'pyarrow>=9999.1; extra == "served"',
    "no-such-package>=3; extra == 'served'",
    'lingula[served]; extra == "both"',
    'click>=8; extra == "both"',
]


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata of an installation whose packages we choose."""

    class _Metadata:
        def get_all(self, key: str) -> list[str]:
            assert key == "Provides-Extra"
            return ["served", "both", "dev"]

    monkeypatch.setattr(metadata, "metadata", lambda name: _Metadata())
    monkeypatch.setattr(metadata, "requires", lambda name: REQUIRES)


def doctor(*options: str, status: int = 0) -> str:
    outcome = CliRunner().invoke(cli, ["doctor", *options])
    assert outcome.exit_code == status, outcome.output
    return outcome.output


def test_parts_are_read_from_the_metadata(own: None) -> None:
    base, served, both = installation.parts()
    old = sys.version_info < (3, 11)
    assert [item.name for item in base.packages] == ["numpy", *["tomli"] * old]
    assert not base.lacking
    wanted = ["onlywin"] * (sys.platform == "win32") + ["pyarrow", "no-such-package"]
    assert [item.name for item in served.packages] == wanted
    assert [item.state for item in served.packages][-2:] == ["too old", "missing"]
    assert [item.name for item in both.packages] == [*wanted, "click"]
    text = doctor()
    line = "pyarrow too old, no-such-package missing: pip install 'lingula[served]'"
    assert line in text and "No problems." in text


def test_a_base_package_that_is_missing_is_a_problem(
    own: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "requires", lambda name: ["no-numpy>=1", *REQUIRES])
    assert "no-numpy is missing: pip install lingula" in doctor(status=1)


def test_models_devices_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "secret-folder" / "config.toml"
    config.parent.mkdir()
    config.write_text('labeler = "secret-model"\n[label]\nsuffix = "x"\n')
    monkeypatch.setenv("LINGULA_CONFIG", str(config))
    monkeypatch.setenv("LINGULA_DEVICE", "secret-device")
    text = doctor("--json")
    found = json.loads(text)
    digests = {item["name"]: item["sha256"] for item in found["labelers"]}
    for name in ("rules", "builtin"):
        assert digests[name] == lingula.load(name).sha256
    assert "CPUExecutionProvider" in found["devices"]["onnxruntime"]
    assert found["settings"] == {"file": True, "keys": ["label", "labeler"]}
    assert {"LINGULA_CONFIG", "LINGULA_DEVICE"} <= set(found["environment"])
    assert found["lingula"] == lingula.__version__ and found["problems"] == []
    # It can be pasted: no value of the user's, no folder.
    for output in (text, doctor()):
        assert "secret" not in output and str(Path.home()) + "/" not in output
    config.write_text("x = 1")
    assert "'x' is no setting" in doctor(status=1)
