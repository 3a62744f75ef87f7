"""Labels, logits and vectors are those of CheXbert's own code."""

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import lingula
from lingula.cli.label import command


def assert_equals_reference(labeler, reference):
    schema = labeler.schema
    columns = [schema.index(name) for name in reference.names]
    labels = labeler.label(reference.texts)
    np.testing.assert_array_equal(labels.values[:, columns], reference.values)

    logits = labeler.logits(reference.texts)
    assert logits.dtype == np.float32
    for (name, label), expected in reference.logits.items():
        found = logits[:, schema.index(name), label]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(
        np.isneginf(logits), np.broadcast_to(~schema.permits(), logits.shape)
    )
    embedding = labeler.embed(reference.texts)
    assert embedding.dtype == np.float32
    np.testing.assert_allclose(embedding, reference.embedding, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("chexbert_pth", {}),
        ("chexbert_pth", {"runtime": "onnx"}),
        ("chexbert_pth", {"precision": "exact"}),
        ("legacy_pth", {}),
        ("legacy_pth", {"runtime": "onnx"}),
        ("legacy_pth", {"runtime": "onnx", "precision": "exact"}),
    ],
)
def test_checkpoint(request, file, options, reference):
    path = request.getfixturevalue(file)
    assert_equals_reference(lingula.load(path, **options), reference)


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_folder(tiny_folder, runtime, reference):
    assert_equals_reference(lingula.load(tiny_folder, runtime=runtime), reference)


def test_columns_are_in_chexperts_order(chexbert_pth):
    names = lingula.load(chexbert_pth).schema.names
    assert names == lingula.load_schema("chexpert14").names
    assert names[0] == "No Finding"


def test_probabilities_are_the_softmax_of_the_logits(chexbert_pth, reference):
    from scipy.special import softmax

    labeler = lingula.load(chexbert_pth)
    labels = labeler.label(reference.texts)
    np.testing.assert_allclose(
        labels.probabilities, softmax(labeler.logits(reference.texts), axis=-1), atol=1e-6
    )
    assert labels.probabilities.dtype == np.float32
    np.testing.assert_array_equal(labels.probabilities.argmax(-1), labels.classes)
    no_finding = labels.probabilities[:, labels.schema.index("No Finding")]
    assert (no_finding[:, 2:] == 0).all()


def test_white_space_is_labeled_by_a_checkpoint_and_a_missing_text_is_blank(chexbert_pth):
    labeler = lingula.load(chexbert_pth)
    labels = labeler.label([" ", " \n\t ", "\u3000", None, float("nan"), ""])
    alone = labeler.model(torch.tensor([[101, 102]]))[0].argmax(-1)
    assert labels.classes[:3].tolist() == [alone.tolist()] * 3
    assert labels.classes[0].any()
    assert (labels.classes[3:] == 0).all()
    assert (labels.probabilities[3:] == [1, 0, 0, 0]).all()
    assert np.isnan(labeler.logits([None, ""])).all()
    assert np.isnan(labeler.embed([None, "No edema."])).all(axis=1).tolist() == [True, False]


def test_no_text_at_all(chexbert_pth):
    labeler = lingula.load(chexbert_pth)
    assert labeler.label([]).probabilities.shape == (0, 14, 4)
    assert labeler.logits([]).shape == (0, 14, 4)
    assert labeler.embed([]).shape == (0, 32)


def test_what_was_cut_is_counted_row_by_row(chexbert_pth):
    labeler = lingula.load(chexbert_pth)
    labeler.label(["no " * 600, "No edema.", "no " * 600, "no " * 510, "no " * 511])
    assert labeler.truncated == 3


def test_name_and_digest(chexbert_pth):
    import hashlib

    labeler = lingula.load(chexbert_pth)
    assert labeler.name == "chexbert.pth"
    assert labeler.sha256 == hashlib.sha256(chexbert_pth.read_bytes()).hexdigest()


def test_a_schema_selects_and_orders(chexbert_pth, reference):
    whole = lingula.load(chexbert_pth)
    schema = lingula.Schema(
        "two",
        (
            lingula.Observation("Effusion", aliases=("Pleural Effusion",)),
            lingula.Observation("Edema"),
        ),
    )
    with pytest.raises(lingula.SchemaError, match="Infiltration"):
        lingula.load(chexbert_pth, schema="nih14")
    two = lingula.load(chexbert_pth, schema=schema)
    expected = [whole.schema.index(name) for name in ("Pleural Effusion", "Edema")]
    found = two.label(reference.texts)
    assert found.schema == schema
    np.testing.assert_array_equal(found.classes, whole.label(reference.texts).classes[:, expected])
    narrow = lingula.Schema("narrow", (lingula.Observation("Edema", (lingula.Label.BLANK,)),))
    with pytest.raises(lingula.SchemaError, match="does not permit"):
        lingula.load(chexbert_pth, schema=narrow)


def test_evidence_is_refused(chexbert_pth):
    with pytest.raises(lingula.LingulaError, match="rules"):
        lingula.load(chexbert_pth).label(["No edema."], evidence=True)


@pytest.mark.parametrize("file", ["chexbert_pth", "legacy_pth", "tiny_folder"])
def test_the_command_writes_the_same_bytes(request, tmp_path, file):
    data = Path(__file__).parent / "data"
    output = tmp_path / "labeled_reports.csv"
    model = request.getfixturevalue(file)
    arguments = [str(data / "reports.csv"), "-o", str(output), "--labeler", str(model), "--quiet"]
    done = CliRunner().invoke(command, [*arguments, "--format-like", "chexbert"])
    assert done.exit_code == 0, done.output
    assert output.read_bytes() == (data / "labeled_reports.csv").read_bytes()
