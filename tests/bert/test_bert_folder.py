"""Model folders: written whole, checked when read, and read by transformers too."""

import json
import shutil

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import lingula
from lingula.bert.convert import convert
from lingula.bert.folder import ModelFolder, new_folder, update_settings
from lingula.bert.model import LabelModel
from lingula.bert.settings import ModelSettings
from lingula.bert.tokenizer import TextTokenizer
from lingula.bert.weights import load_model, save_folder
from lingula.cli.convert import command
from lingula.errors import CheckpointError, InputError, RecipeError


@pytest.fixture
def copy(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "copy")


def test_what_is_in_it(tiny_folder):
    names = {path.name for path in tiny_folder.iterdir()}
    assert names == {
        "config.json",
        "lingula.json",
        "model.int8.onnx",
        "model.onnx",
        "model.safetensors",
        "tokenizer.json",
    }
    assert set(ModelFolder.open(tiny_folder).digests) == names - {"lingula.json"}
    facts = json.loads((tiny_folder / "lingula.json").read_text())
    assert facts["pooling"] == "cls"
    assert facts["training"]["file"] == "chexbert.pth"
    assert len(facts["training"]["sha256"]) == 64


def test_the_encoder_loads_with_transformers(tiny_folder, chexbert_pth, capfd):
    from transformers import AutoModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    encoder = AutoModel.from_pretrained(str(tiny_folder)).eval()
    model = lingula.load(chexbert_pth).model
    ids = torch.tensor([[101, 2053, 2540, 102]])
    with torch.no_grad():
        expected = model.encoder(input_ids=ids).last_hidden_state
        assert torch.equal(encoder(input_ids=ids).last_hidden_state, expected)


def test_the_digest_of_the_labeler_is_that_of_its_weights(tiny_folder):
    digests = ModelFolder.open(tiny_folder).digests
    for options, name in (
        ({"runtime": "torch"}, "model.safetensors"),
        ({}, "model.onnx"),
        ({"precision": "int8"}, "model.int8.onnx"),
    ):
        assert lingula.load(tiny_folder, **options).sha256 == digests[name]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("model.safetensors", {"runtime": "torch"}),
        ("config.json", {"runtime": "torch"}),
        ("model.onnx", {}),
        ("model.int8.onnx", {"precision": "int8"}),
        ("tokenizer.json", {}),
    ],
)
def test_a_changed_file_is_refused(copy, name, options):
    path = copy / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=f"{name}: its SHA-256"):
        lingula.load(copy, **options)
    path.unlink()
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        lingula.load(copy, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "newer Lingula"),
        ({"format": "x"}, "not the description"),
        ({"pooling": "max"}, "unknown pooling 'max'"),
        ({"empty_text": "x"}, "unknown empty_text"),
        ({"temperature": 0}, "positive"),
        ({"temperature": [1.0, 2.0]}, "2 temperatures for 14"),
        ({"temperature": "hot"}, "wrong kind"),
        ({"dropout": 1.5}, "dropout"),
        ({"max_length": 2}, "max_length"),
        ({"schema": {"name": "x"}}, "observation"),
        ({"sha256": None}, "sha256"),
    ],
)
def test_a_malformed_description(copy, change, message):
    path = copy / "lingula.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CheckpointError, match=message):
        lingula.load(copy)


def test_no_json_at_all_or_an_entry_missing(copy):
    path = copy / "lingula.json"
    data = json.loads(path.read_text())
    del data["pooling"]
    path.write_text(json.dumps(data))
    with pytest.raises(CheckpointError, match="'pooling' is missing"):
        lingula.load(copy)
    path.write_text("{")
    with pytest.raises(CheckpointError, match="not JSON"):
        lingula.load(copy)


def test_the_settings_come_back(tmp_path, chexbert_pth):
    source = lingula.load(chexbert_pth)
    settings = ModelSettings(
        schema=source.schema,
        name="mine",
        max_length=64,
        temperature=tuple(np.linspace(0.5, 2, 14).tolist()),
        training={"seed": 3, "Bemerkung": "Größe"},
    )
    save_folder(tmp_path / "mine", source.model, source.tokenizer, settings)
    found = lingula.load(tmp_path / "mine")
    assert found.settings == settings
    assert found.tokenizer.max_length == 64
    assert found.name == "mine"


def test_temperature_changes_probabilities_and_no_label(copy, reference):
    plain = lingula.load(copy).label(reference.texts)
    logits = lingula.load(copy).logits(reference.texts)
    update_settings(copy, temperature=2.0)
    warm = lingula.load(copy)
    np.testing.assert_array_equal(warm.logits(reference.texts), logits)
    labels = warm.label(reference.texts)
    np.testing.assert_array_equal(labels.classes, plain.classes)
    halved = np.exp(logits / 2)
    np.testing.assert_allclose(
        labels.probabilities, halved / halved.sum(-1, keepdims=True), atol=1e-6
    )


def test_a_model_of_ones_own_gives_blanks_for_a_text_without_a_word(copy):
    update_settings(copy, empty_text="blank")
    labeler = lingula.load(copy)
    assert not labeler.label(["", "  ", None]).classes.any()
    assert labeler.label(["Edema."]).classes.any()
    assert labeler.embed(["", None]).shape == (2, 32)


def test_nothing_is_lost_when_writing_fails(tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    (target / "lingula.json").write_text("old")
    with pytest.raises(RuntimeError), new_folder(target, overwrite=True) as folder:
        (folder / "half").write_text("x")
        raise RuntimeError
    assert (target / "lingula.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    with new_folder(target, overwrite=True) as folder:
        (folder / "new").write_text("x")
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_is_there_is_not_overwritten_unasked(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("x")
    with pytest.raises(InputError, match="there already"), new_folder(tmp_path / "thesis"):
        pass
    with (
        pytest.raises(InputError, match="no model folder"),
        new_folder(tmp_path / "thesis", overwrite=True),
    ):
        pass


def test_convert_command(chexbert_pth, tmp_path, reference):
    target = tmp_path / "deep" / "folder"
    done = CliRunner().invoke(command, [str(chexbert_pth), str(target), "--int8", "--no-weights"])
    assert done.exit_code == 0, done.output
    assert "model.int8.onnx" in done.output
    assert not (target / "model.safetensors").exists()
    assert not (target / "model.onnx").exists()
    labeler = lingula.load(target)
    assert labeler.label(reference.texts).probabilities.shape == (154, 14, 4)
    with pytest.raises(CheckpointError, match=r"lists no model\.safetensors"):
        _ = labeler.model
    with pytest.raises(CheckpointError, match=r"has no model\.onnx"):
        lingula.load(target, precision="fp32")
    again = CliRunner().invoke(command, [str(chexbert_pth), str(target)])
    assert isinstance(again.exception, InputError)
    again = CliRunner().invoke(command, [str(chexbert_pth), str(target), "--overwrite"])
    assert again.exit_code == 0, again.output
    assert (target / "model.safetensors").stat().st_mode & 0o777 == 0o644


def test_convert_adds_graphs_to_a_folder(chexbert_pth, tmp_path, reference):
    convert(chexbert_pth, tmp_path / "plain")
    convert(tmp_path / "plain", tmp_path / "graph", onnx=True)
    expected = lingula.load(tmp_path / "plain").logits(reference.texts[:20])
    found = lingula.load(tmp_path / "graph", runtime="onnx").logits(reference.texts[:20])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    with pytest.raises(RecipeError, match="--onnx or --int8"):
        convert(chexbert_pth, tmp_path / "nothing", weights=False)


def test_weights_of_another_shape_or_without_a_key(copy):
    model = load_model(ModelFolder.open(copy))
    tokenizer = TextTokenizer.from_file(copy / "tokenizer.json", 512)
    settings = ModelFolder.open(copy).settings
    model.encoder.encoder.layer = model.encoder.encoder.layer[:1]
    save_folder(copy, model, tokenizer, settings, overwrite=True)
    with pytest.raises(CheckpointError, match=r"does not fit config\.json"):
        load_model(ModelFolder.open(copy))


def test_a_backbone_from_a_folder(tiny_folder, capfd):
    schema = lingula.load_schema("nih14")
    model = LabelModel.from_backbone(tiny_folder, schema, "mean")
    assert model(torch.tensor([[101, 102]])).shape == (1, len(schema), 4)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(CheckpointError, match="no-such-folder"):
        LabelModel.from_backbone("./no-such-folder", schema)
