"""Files and options that cannot be right: each is one clear error, and none runs anything."""

import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

import lingula
from lingula.errors import CheckpointError, MissingExtraError, RecipeError

DATA = Path(__file__).parent / "data"
WORDS = "bert.embeddings.word_embeddings.weight"


@pytest.mark.parametrize("file", ["chexbert_pth", "legacy_pth"])
@pytest.mark.parametrize("share", [0.0, 0.0001, 0.3, 0.9, 0.9999])
def test_truncated(request, tmp_path, file, share):
    whole = request.getfixturevalue(file).read_bytes()
    path = tmp_path / "cut.pth"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CheckpointError, match=r"cut\.pth: damaged or cut short"):
        lingula.load(path)


def test_not_a_checkpoint(tmp_path):
    path = tmp_path / "notes.pth"
    path.write_text("uid,text\n1,No edema.\n" * 50)
    with pytest.raises(CheckpointError, match=r"notes\.pth"):
        lingula.load(path)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
def test_a_pickle_with_code_runs_nothing(tmp_path, tiny_state, form):
    trace, path = tmp_path / "was-run", tmp_path / "hostile.pth"
    content = {"model_state_dict": tiny_state, "epoch": Hostile(trace)}
    if form == "pickle":
        path.write_bytes(pickle.dumps(Hostile(trace)))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(CheckpointError, match="Nothing in it was run"):
        lingula.load(path)
    assert not trace.exists()


@pytest.mark.parametrize("content", [[1, 2], {"model_state_dict": {"a": 3}}, {}, torch.zeros(3)])
def test_no_state_dict(tmp_path, content):
    path = tmp_path / "other.pth"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match="no model_state_dict"):
        lingula.load(path)


def test_another_model(tmp_path, write_checkpoint):
    path = write_checkpoint(tmp_path / "resnet.pth", torch.nn.Linear(3, 4).state_dict())
    with pytest.raises(CheckpointError) as error:
        lingula.load(path)
    assert "bert.embeddings.word_embeddings.weight" in str(error.value)
    assert "2 unexpected: weight, bias" in str(error.value)


def test_a_missing_head(tmp_path, tiny_state, write_checkpoint):
    state = {k: v for k, v in tiny_state.items() if not k.startswith("linear_heads.5.")}
    path = write_checkpoint(tmp_path / "headless.pth", state)
    with pytest.raises(CheckpointError, match=r"2 keys missing: linear_heads\.5\.weight"):
        lingula.load(path)


def test_a_head_of_another_size(tmp_path, tiny_state, write_checkpoint):
    state = tiny_state | {"linear_heads.13.weight": torch.zeros(4, 32)}
    path = write_checkpoint(tmp_path / "wide.pth", state)
    with pytest.raises(CheckpointError, match=r"linear_heads\.13\.weight has shape \(4, 32\)"):
        lingula.load(path)


def test_another_depth_and_another_width_name_config_json(tmp_path, tiny_state, write_checkpoint):
    path = write_checkpoint(tmp_path / "deep.pth", tiny_state)
    text = (tmp_path / "config.json").read_text()
    for old, new in (
        ('"num_hidden_layers": 2', '"num_hidden_layers": 3'),
        ('"intermediate_size": 64', '"intermediate_size": 48'),
    ):
        (tmp_path / "config.json").write_text(text.replace(old, new))
        with pytest.raises(CheckpointError, match=r"config\.json"):
            lingula.load(path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read as JSON"):
        lingula.load(path)
    (tmp_path / "config.json").write_text('{"model_type": "no-such-model"}')
    with pytest.raises(CheckpointError, match="no-such-model"):
        lingula.load(path)


def test_wrong_vocabulary_size(tmp_path, tiny_state, write_checkpoint):
    path = write_checkpoint(tmp_path / "vocabulary.pth", tiny_state)
    words = (lingula.bert.checkpoint.ASSETS / "vocab.txt").read_text(encoding="utf-8")
    (tmp_path / "vocab.txt").write_text(words + "corium\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="30523 tokens, but"):
        lingula.load(path)
    (tmp_path / "vocab.txt").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"\[PAD\]"):
        lingula.load(path)
    (tmp_path / "vocab.txt").unlink()
    state = tiny_state | {WORDS: torch.zeros(28996, 32)}
    path = write_checkpoint(tmp_path / "cased.pth", state)
    with pytest.raises(CheckpointError, match=r"vocab\.txt"):
        lingula.load(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(tmp_path, tiny_state, value, write_checkpoint):
    key = "bert.encoder.layer.1.output.dense.bias"
    bad = tiny_state[key].clone()
    bad[3] = value
    path = write_checkpoint(tmp_path / "diverged.pth", tiny_state | {key: bad})
    with pytest.raises(CheckpointError, match=f"{key} holds values that are no finite numbers"):
        lingula.load(path)


def test_no_gpu(chexbert_pth, tiny_folder, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for path in (chexbert_pth, tiny_folder):
        with pytest.raises(RecipeError, match="'cuda' is not there"):
            lingula.load(path, device="cuda")
    with pytest.raises(RecipeError, match="unknown device 'gpu'"):
        lingula.load(chexbert_pth, device="gpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runtime": "tensorrt"}, "unknown runtime"),
        ({"precision": "fp8"}, "unknown precision"),
        ({"long": "middle"}, "unknown long"),
        ({"batch_size": 0}, "at least 1"),
        ({"runtime": "onnx", "precision": "bf16"}, "has no precision 'bf16'"),
        ({"runtime": "torch", "precision": "int8"}, "has no precision 'int8'"),
        ({"runtime": "onnx", "device": "cuda"}, "works on CPUs"),
    ],
)
def test_options(chexbert_pth, options, message):
    with pytest.raises(RecipeError, match=message):
        lingula.load(chexbert_pth, **options)


def test_a_graph_alone_or_a_folder_of_something_else(tiny_folder, tmp_path):
    with pytest.raises(CheckpointError, match="name its folder"):
        lingula.load(tiny_folder / "model.onnx")
    with pytest.raises(CheckpointError, match=r"no lingula\.json"):
        lingula.load(tmp_path)


def without(tmp_path, *names):
    """Environment of a Python that finds none of these packages."""
    block = "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in names)
    (tmp_path / "sitecustomize.py").write_text(block)
    return {**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}


HEAVY = ("torch", "transformers", "safetensors", "onnx", "pandas", "scipy", "sklearn")


def test_a_base_install_says_which_extra_a_checkpoint_needs(chexbert_pth, tmp_path):
    code = textwrap.dedent(
        """
        import sys, lingula
        try:
            lingula.load(sys.argv[1])
        except lingula.MissingExtraError as error:
            print(error)
        """
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(chexbert_pth)],
        env=without(tmp_path, *HEAVY),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "A .pth checkpoint" in found.stdout
    assert "pip install 'lingula[bert]'" in found.stdout


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_base_install_labels_with_a_folder(tiny_folder, tmp_path, precision, reference):
    code = textwrap.dedent(
        """
        import json, sys, lingula
        labeler = lingula.load(sys.argv[1], precision=sys.argv[2])
        labels = labeler.label(json.load(sys.stdin))
        assert labeler.embed(["No edema."]).shape == (1, 32)
        try:
            labeler.model
        except lingula.MissingExtraError:
            print(json.dumps(labels.classes.tolist()))
        """
    )
    import json

    found = subprocess.run(
        [sys.executable, "-c", code, str(tiny_folder), precision],
        env=without(tmp_path, *HEAVY),
        input=json.dumps(reference.texts),
        capture_output=True,
        text=True,
        check=True,
    )
    expected = lingula.load(tiny_folder, runtime="onnx", precision=precision)
    assert json.loads(found.stdout) == expected.label(reference.texts).classes.tolist()


def test_a_folder_for_torch_needs_the_extra_too(tiny_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match="bert"):
        lingula.load(tiny_folder, runtime="torch")


def test_the_fixture_has_the_files_that_its_readme_names():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in DATA.iterdir()} - {"README.md"}
    assert all(f"`{name}`" in readme for name in names)
