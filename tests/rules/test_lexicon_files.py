"""A user's own rule file: what it can do, and what each mistake is answered with."""

from __future__ import annotations

import pytest

import lingula
from lingula.errors import LexiconError
from lingula.labels import Label

OWN = """
extends = "chexpert14"

[[observation]]
name = "Hiatal Hernia"

[[mention]]
name = "hiatal hernia"
observation = "Hiatal Hernia"
source = "our department"
phrases = ["[hiatal|hiatus] {hernia|hernias}"]
not_in = ["inguinal hernia"]
examples = [["positive", "Large hiatal hernia."], ["blank", "Inguinal hernia."]]

[[cue]]
name = "denied in our house style"
category = "negation"
direction = "backward"
source = "our department"
phrases = ["nil"]
examples = [["negative", "Hiatal Hernia", "Hernia: nil."]]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_adds_an_observation(file):
    labeler = lingula.load("rules", lexicon=file)
    assert labeler.schema.names[-1] == "Hiatal Hernia"
    labels = labeler.label(
        ["Hernia: nil.", "Small hiatal hernia. No effusion.", "Inguinal hernia."]
    )
    assert list(labels.classes[:, -1]) == [Label.NEGATIVE, Label.POSITIVE, Label.BLANK]
    assert labels.classes[1, labels.schema.index("Pleural Effusion")] == Label.NEGATIVE
    # A new finding stands in the way of No Finding like any other.
    assert labels.classes[1, 0] == Label.BLANK
    assert labeler.sha256 != lingula.load("rules").sha256


def test_replaces_and_removes(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'remove = ["congestion"]\n[[mention]]\nname = "pneumothorax"\n'
        'observation = "Pneumothorax"\nsource = "test"\nphrases = ["air leak"]\n',
        encoding="utf-8",
    )
    labeler = lingula.load("rules", lexicon=path)
    labels = labeler.label(["Pneumothorax and vascular congestion.", "Air leak."])
    column = labels.schema.index("Pneumothorax")
    assert list(labels.classes[:, column]) == [Label.BLANK, Label.POSITIVE]
    assert labels.classes[0, labels.schema.index("Edema")] == Label.BLANK


def test_stands_alone(tmp_path):
    path = tmp_path / "spine.toml"
    path.write_text(OWN.replace('extends = "chexpert14"', 'extends = ""'), encoding="utf-8")
    labeler = lingula.load("rules", lexicon=path)
    assert labeler.schema.names == ("Hiatal Hernia",)
    assert labeler.label(["No hiatal hernia."]).classes[0, 0] == Label.NEGATIVE


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('observation = "Hiatal Hernia"', 'observation = "Hernia"', "'Hernia' is no observation"),
        ('category = "negation"', 'category = "denial"', "category must be one of"),
        ('direction = "backward"', 'direction = "left"', "forward, backward, both"),
        ('phrases = ["nil"]', 'phrases = ["{nil"]', "not closed"),
        ('phrases = ["nil"]', 'phrases = ["[nil]"]', "empty phrase"),
        ('phrases = ["nil"]', "phrases = []", "needs phrases"),
        ('phrases = ["nil"]', 'phrases = "nil"', "list of texts"),
        ('phrases = ["nil"]', 'phrases = ["nil"]\nreach = "far"', "reach must be"),
        ('phrases = ["nil"]', 'phrases = ["nil"]\nonly = ["Hernia"]', "there is no 'Hernia'"),
        ('source = "our department"', "", "needs source"),
        ('name = "hiatal hernia"', "", "mention 1 needs name"),
        ('not_in = ["inguinal hernia"]', 'notin = ["x"]', "unknown key 'notin'"),
        ('["positive", "Large', '["yes", "Large', "'yes' is no label"),
        ('["negative", "Hiatal Hernia", "Hernia: nil."]', '["negative", "x"]', "example 1"),
        ('extends = "chexpert14"', 'extends = "mimic"', "is no lexicon"),
        ('extends = "chexpert14"', 'remove = ["ghost"]', "there is no entry 'ghost'"),
        ('extends = "chexpert14"', "extends = ", "not a TOML file"),
        ('extends = "chexpert14"', 'colour = "red"', "unknown key 'colour'"),
        ('name = "Hiatal Hernia"', 'name = "Edema"', "occurs twice"),
        ('name = "denied in our house style"', 'name = "hiatal hernia"', "occurs twice"),
    ],
)
def test_mistakes_name_file_entry_and_cure(tmp_path, old, new, says):
    assert old in OWN
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LexiconError) as caught:
        lingula.load("rules", lexicon=path)
    assert says in str(caught.value)
    assert "own.toml" in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(LexiconError, match="there is no lexicon"):
        lingula.load("rules", lexicon=tmp_path / "ghost.toml")


def test_schema_and_lexicon_must_agree(file):
    with pytest.raises(lingula.SchemaError, match="leave the schema out"):
        lingula.load("rules", schema="nih14", lexicon=file)
