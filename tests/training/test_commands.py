"""The commands of training, from the outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from lingula.bert.folder import ModelFolder
from lingula.cli import cli
from lingula.errors import RecipeError
from tests.training.conftest import make_reports

RECIPE = """
name = "small"
threads = 1
[backbone]
name = "{encoder}"
max_length = 64
pooling = "mean"
prune_vocabulary = true
[[sources]]
name = "reports"
labels = "positive-only"
[[stages]]
name = "silver"
epochs = 1
learning_rate = 1e-3
[[stages]]
name = "expert"
supervision = "expert"
epochs = 1
metric = "macro-f1"
"""

STUDY = """
name = "both ways"
recipe = "small.toml"
[[variants]]
name = "all"
[[variants]]
name = "focal"
drop_stages = ["silver"]
stages = {{ expert = {{ focal_gamma = 2.0 }} }}
[[variants]]
name = "slower"
stages = {{ expert = {{ learning_rate = 1e-5 }} }}
"""


def call(*arguments: str) -> str:
    done = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.slow
def test_train_calibrate_distill_and_study(encoder: Path, table: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "small.toml"
    recipe.write_text(RECIPE.format(encoder=encoder))
    run = tmp_path / "run"
    source = f"reports={table}"
    first = call("train", str(recipe), "-o", str(run), "--input", source, "--stage", "silver")
    assert "silver: " in first
    second = call("train", str(recipe), "-o", str(run), "--input", source, "--stage", "expert")
    assert f"model: {run / 'model'}" in second
    assert json.loads((run / "recipe.json").read_text())["name"] == "small"

    before = ModelFolder.open(run / "model").settings.temperature
    told = call("calibrate", str(run / "model"), str(table), "--positive-only", "--device", "cpu")
    assert "Pleural Effusion" in told and "before" in told
    assert ModelFolder.open(run / "model").settings.temperature != before

    told = call(
        "distill", str(run / "model"), str(table), "-o", str(tmp_path / "student"),
        "--layers", "1", "--epochs", "1", "--truth", str(table), "--positive-only",
        "--device", "cpu",
    )  # fmt: skip
    assert "mean kappa to the truth" in told
    config = json.loads((tmp_path / "student" / "model" / "config.json").read_text())
    assert config["num_hidden_layers"] == 1

    study = tmp_path / "study.toml"
    study.write_text(STUDY.format())
    told = call("study", str(study), "-o", str(tmp_path / "study"), "--input", source)
    assert "| all |" in told and "| focal |" in told and "| slower |" in told
    # A stage that two variants begin with is trained once.
    of = [(tmp_path / "study" / name / "silver" / "log.jsonl") for name in ("all", "slower")]
    assert of[0].read_bytes() == of[1].read_bytes()
    assert not (tmp_path / "study" / "focal" / "silver").exists()
    weights = [
        tmp_path / "study" / name / "model" / "model.safetensors" for name in ("all", "slower")
    ]
    assert weights[0].read_bytes() != weights[1].read_bytes()
    again = call("study", str(study), "-o", str(tmp_path / "study"), "--input", source)
    assert again == told == (tmp_path / "study" / "table.md").read_text()


@pytest.mark.slow
def test_several_gpus_are_each_given_a_process(
    encoder: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    cpu = torch.device("cpu")

    def launch(module: str, arguments: list[str], processes: int) -> int:
        """In place of two processes on two GPUs one on the CPU."""
        assert (module, processes) == ("lingula", 2)
        started.append(arguments)
        here = ["cpu" if word == "cuda" else word for word in arguments]
        return CliRunner().invoke(cli, here, catch_exceptions=False).exit_code

    monkeypatch.setattr("lingula.training.fit.launch.launch", launch)
    monkeypatch.setattr(
        "lingula.bert.runtimes.torch.devices_of",
        lambda name: [cpu] if name == "cpu" else [cpu, cpu],
    )
    (tmp_path / "small.toml").write_text(RECIPE.format(encoder=encoder))
    (tmp_path / "study.toml").write_text(STUDY.format())
    source = f"reports={table}"
    call(
        "train", str(tmp_path / "small.toml"), "-o", str(tmp_path / "run"), "--input", source,
        "--seed", "5", "--quiet",
    )  # fmt: skip
    assert json.loads((tmp_path / "run" / "run.json").read_text())["seed"] == 5
    assert (tmp_path / "run" / "model").is_dir()
    told = call(
        "study", str(tmp_path / "study.toml"), "-o", str(tmp_path / "study"), "--input", source
    )
    assert "| all |" in told and "| focal |" in told and "| slower |" in told
    assert len(started) == 4
    assert all(words[-2:] == ["--device", "cuda"] for words in started)


def test_wrong_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="NAME=PATH"):
        call("train", "builtin", "-o", str(tmp_path / "r"), "--input", "openi")
    with pytest.raises(RecipeError, match="there is no recipe 'none'"):
        call("train", "none", "-o", str(tmp_path / "r"))
    with pytest.raises(RecipeError, match="--input openi=PATH"):
        call("train", "indiana", "-o", str(tmp_path / "r"))
    with pytest.raises(RecipeError, match="no study 'none'"):
        call("study", "none", "-o", str(tmp_path / "r"))
    with pytest.raises(RecipeError, match="--layers or --student"):
        call("distill", "t", "r", "-o", str(tmp_path / "r"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("calibrate", "{here}/nowhere", "{here}/t.csv"),
        ("distill", "{here}/nowhere", "{here}/t.csv", "-o", "{here}/run", "--layers", "1"),
        ("distill", "{here}/no.pth", "{here}/t.csv", "-o", "{here}/run", "--layers", "1"),
    ],
)
def test_a_model_that_is_not_there_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    given = [item.format(here=tmp_path) for item in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "lingula", *given], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"lingula: error: {given[1]}: there is no such file or folder")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_reports_of_the_small_world_are_labeled_by_the_rules_as_they_are_meant() -> None:
    import lingula

    rows = make_reports(50, 8)
    labels = lingula.load("rules").label([text for text, _ in rows])
    for row, (_, said) in enumerate(rows):
        found = {
            name
            for name, value in zip(labels.schema.names, labels.values[row], strict=True)
            if value == 1
        }
        assert found & set(said) == said
