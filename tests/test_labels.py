"""Labels, schemas and the public surface."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

import lingula
from lingula.labels import Label, Labels
from lingula.schemas import schema_from_dict, schema_to_dict, shipped_schemas

CHEXPERT = lingula.load_schema("chexpert14")


def some_labels():
    classes = np.random.default_rng(1).integers(0, 4, size=(6, 14))
    classes[:, 0] %= 2
    return Labels(CHEXPERT, classes)


def test_values_follow_the_tables_of_chexpert():
    classes = np.zeros((1, 14), dtype=np.int8)
    classes[0, 1:4] = [Label.POSITIVE, Label.NEGATIVE, Label.UNCERTAIN]
    values = Labels(CHEXPERT, classes).values
    assert values.dtype == np.float32
    assert np.isnan(values[0, 0])
    assert values[0, 1:4].tolist() == [1.0, 0.0, -1.0]
    assert [label.number for label in list(Label)[1:]] == [1.0, 0.0, -1.0]


def test_from_values_is_the_inverse():
    labels = some_labels()
    assert np.array_equal(Labels.from_values(CHEXPERT, labels.values).classes, labels.classes)


def test_from_values_names_the_wrong_cell():
    values = some_labels().values.copy()
    values[2, 4] = 0.5
    with pytest.raises(lingula.SchemaError, match=r"row 3, Lung Opacity: 0\.5 is no label"):
        Labels.from_values(CHEXPERT, values)


@pytest.mark.parametrize(
    ("classes", "probabilities", "evidence", "says"),
    [
        (np.zeros((2, 13)), None, None, r"\(n, 14\)"),
        (np.zeros(14), None, None, r"\(n, 14\)"),
        (np.full((1, 14), 4), None, None, "classes are 0"),
        (np.zeros((2, 14)), np.zeros((2, 14)), None, "probabilities"),
        (np.zeros((2, 14)), None, ((),), "evidence is for 1"),
    ],
)
def test_labels_that_do_not_fit(classes, probabilities, evidence, says):
    with pytest.raises(lingula.SchemaError, match=says):
        Labels(CHEXPERT, classes, probabilities, evidence)


def test_take_and_concatenate():
    labels = lingula.load("rules").label(["No edema.", "Edema.", ""], evidence=True)
    again = Labels.concatenate([labels.take([0]), labels.take([1, 2])])
    assert np.array_equal(again.classes, labels.classes)
    assert again.evidence == labels.evidence
    assert labels.take([2, 2]).evidence == ((), ())
    with pytest.raises(lingula.SchemaError, match="no labels"):
        Labels.concatenate([])


def test_arrow_has_nulls_and_pandas_nan():
    labels = some_labels()
    table = labels.to_arrow()
    assert table.column_names == list(CHEXPERT.names)
    assert table.schema.field(0).type == pa.float32()
    assert table["Edema"].null_count == int((labels.classes[:, 5] == Label.BLANK).sum())
    assert np.array_equal(labels.to_pandas().to_numpy(), labels.values, equal_nan=True)
    ids = [f"s{row}" for row in range(len(labels))]
    assert labels.to_pandas(index=ids).index.tolist() == ids
    assert labels.to_pandas(index=iter(ids)).index.tolist() == ids
    with pytest.raises(lingula.InputError, match="the index has 1 entries"):
        labels.to_pandas(index=ids[:1])


def test_iter_evidence_needs_evidence():
    with pytest.raises(lingula.SchemaError, match="evidence=True"):
        next(some_labels().iter_evidence())


def test_schema_index_takes_aliases_in_any_case():
    assert CHEXPERT.names[CHEXPERT.index("airspace opacity")] == "Lung Opacity"
    assert "EFFUSION" in CHEXPERT
    with pytest.raises(lingula.SchemaError, match="has no observation 'Gout'"):
        CHEXPERT.index("Gout")


@pytest.mark.parametrize("name", shipped_schemas())
def test_schemas_survive_a_round_trip(name):
    schema = lingula.load_schema(name)
    assert len(schema) == 14
    assert schema_from_dict(schema_to_dict(schema), "test") == schema


def test_chexpert_order_and_no_finding():
    assert CHEXPERT.names[0] == "No Finding"
    assert CHEXPERT.names[-1] == "Support Devices"
    assert CHEXPERT.permits()[0].tolist() == [True, True, False, False]
    assert CHEXPERT.permits()[1:].all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs name"),
        ('name = "x"', "needs name"),
        ('name = "x"\n[[observation]]\nlabels = []', "observation 1: needs name"),
        ('name = "x"\n[[observation]]\nname = "A"\nlabels = ["maybe"]', "'maybe' is no label"),
        ('name = "x"\n[[observation]]\nname = "A"\nparents = ["B"]', "unknown parent 'B'"),
        ('name = "x"\n[[observation]]\nname = "A"\nalias = ["B"]', "unknown key 'alias'"),
        ('name = "x"\n[[observation]]\nname = "A"\naliases = "B"', "list of texts"),
        ('name = "x"\n[[observation]]\nname = "A"\n[[observation]]\nname = "a"', "occurs twice"),
        ("name = ", "not a TOML file"),
    ],
)
def test_malformed_schema_files(tmp_path, text, says):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(lingula.SchemaError, match=says):
        lingula.load_schema(path)


def test_unknown_schema_and_labeler():
    with pytest.raises(lingula.SchemaError, match="chexpert14, nih14"):
        lingula.load_schema("mimic")
    with pytest.raises(lingula.InputError, match="no labeler 'chexbert'"):
        lingula.load("chexbert")


def test_every_public_name_exists():
    assert all(getattr(lingula, name) is not None for name in lingula.__all__)
    assert set(lingula.__all__) <= set(dir(lingula))
    with pytest.raises(AttributeError, match="no attribute 'lable'"):
        _ = lingula.lable


@pytest.mark.parametrize(
    "code",
    ["import lingula; lingula.load", "from lingula.cli import cli; cli(['--help'], 'lingula')"],
)
def test_light_imports(code):
    heavy = "torch transformers pandas pyarrow onnxruntime matplotlib"
    check = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\n"
        f"loaded = [m for m in '{heavy}'.split() if m in sys.modules]\n"
        "sys.exit(', '.join(loaded) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
