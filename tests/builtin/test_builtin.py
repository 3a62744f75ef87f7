"""The labeler that ships: what holds of its labels whatever its model says, and what it needs."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lingula
from lingula.builtin import BuiltinLabeler
from lingula.builtin.labeler import MODEL
from lingula.errors import CheckpointError, RecipeError, SchemaError
from lingula.labels import Label, Labels
from lingula.rules.aggregation import NOT_PATHOLOGY
from lingula.schemas import load_schema

SCHEMA = load_schema("chexpert14")
OWN = SCHEMA.index("No Finding")
PATHOLOGY = [at for at, name in enumerate(SCHEMA.names) if at != OWN and name not in NOT_PATHOLOGY]

SENTENCES = [
    "The heart is enlarged.",
    "There is a large left pleural effusion.",
    "No pneumothorax.",
    "The lungs are clear.",
    "Heart size is normal.",
    "Bibasilar atelectasis.",
    "Pneumonia cannot be excluded.",
    "There is a displaced fracture of the left clavicle.",
    "A right chest port is in place.",
    "Pulmonary edema, improved.",
    "The chest tube has been removed.",
    "History of pneumonia.",
    "Recommend clinical correlation for pneumonia.",
    "No effusion, consolidation, or pneumothorax; stable cardiomediastinal silhouette.",
    "Opacity at the right base may represent atelectasis or pneumonia.",
    "Degenerative changes of the spine.",
    "Congestive heart failure.",
    "Small hydropneumothorax on the left.",
    "Effusion: none. Edema: mild.",
    "PLEURA: No effusion. No thickening.",
    "No pnuemothorax.",
]
TEXTS = [
    " ".join(SENTENCES[:3]),
    " ".join(SENTENCES[3:6]),
    "No effusion &amp; no pneumothorax.",
    None,
    "   ",
    *SENTENCES,
    "no effusion " * 120,
]
REPORTS = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=7).map(" ".join)


@pytest.fixture(scope="module")
def labeler() -> BuiltinLabeler:
    return BuiltinLabeler(threads=1)


def test_it_is_found_by_name() -> None:
    found = lingula.load("builtin", threads=1)
    assert isinstance(found, BuiltinLabeler)
    assert found.schema.names == SCHEMA.names
    assert len(found.sha256) == 64
    with pytest.raises(SchemaError, match="chexpert14"):
        lingula.load("builtin", schema="nih14")
    with pytest.raises(RecipeError, match="only the device 'cpu'"):
        lingula.load("builtin", device="cuda")
    with pytest.raises(RecipeError, match="pooling: no option"):
        lingula.load("builtin", pooling="cls")


def test_plain_reports(labeler: BuiltinLabeler) -> None:
    labels = labeler.label(
        [
            "The heart is enlarged. There is a large left pleural effusion. No pneumothorax.",
            "The lungs are clear. Heart size is normal. No acute cardiopulmonary abnormality.",
            "Bibasilar atelectasis. Pneumonia cannot be excluded.",
            "There is a displaced fracture of the left clavicle. A right chest port is in place.",
            "Completed antibiotics for pneumonia last month. No consolidation.",
        ]
    )

    def those(row: int, label: Label) -> set[str]:
        return {SCHEMA.names[at] for at in np.flatnonzero(labels.classes[row] == label)}

    assert those(0, Label.POSITIVE) == {"Cardiomegaly", "Pleural Effusion"}
    assert those(0, Label.NEGATIVE) == {"Pneumothorax"}
    assert those(1, Label.POSITIVE) == {"No Finding"}
    assert those(2, Label.POSITIVE) == {"Atelectasis"}
    assert those(2, Label.UNCERTAIN) == {"Pneumonia"}
    assert those(3, Label.POSITIVE) == {"Fracture", "Support Devices"}
    assert "Pneumonia" not in those(4, Label.POSITIVE)


def holds(labels: Labels) -> None:
    """What is true of every answer."""
    assert labels.probabilities is not None
    np.testing.assert_allclose(labels.probabilities.sum(axis=-1), 1, atol=1e-5)
    assert (labels.probabilities.argmax(axis=-1) == labels.classes).all()
    present = np.isin(labels.classes[:, PATHOLOGY], (Label.POSITIVE, Label.UNCERTAIN))
    assert not (present.any(axis=1) & (labels.classes[:, OWN] == Label.POSITIVE)).any()


@settings(max_examples=60, deadline=None)
@given(st.lists(REPORTS, min_size=1, max_size=4))
def test_the_likeliest_label_is_the_label_and_no_finding_stands_alone(
    labeler: BuiltinLabeler, reports: list[str]
) -> None:
    holds(labeler.label(reports))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), REPORTS)
def test_it_holds_of_any_text(labeler: BuiltinLabeler, odd: str, report: str) -> None:
    holds(labeler.label([odd, odd + report, report + "\n" + odd]))


def test_labels_and_probabilities_do_not_depend_on_company_order_or_batch() -> None:
    texts = [text for text in TEXTS for _ in range(2)]
    together = BuiltinLabeler(threads=1).label(texts)
    apart = BuiltinLabeler(threads=1, cache=False)
    alone = Labels.concatenate([apart.label([text]) for text in texts])
    order = random.Random(3).sample(range(len(texts)), len(texts))
    shuffled = BuiltinLabeler(threads=2).label([texts[at] for at in order])
    for other, rows in ((alone, range(len(texts))), (shuffled, np.argsort(order))):
        assert other.probabilities is not None and together.probabilities is not None
        np.testing.assert_array_equal(other.classes[rows], together.classes)
        np.testing.assert_array_equal(other.probabilities[rows], together.probabilities)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(SENTENCES[:18]), min_size=1, max_size=6), st.randoms())
def test_order_and_repeats_of_sentences_change_nothing(
    labeler: BuiltinLabeler, sentences: list[str], chance: random.Random
) -> None:
    again = sentences + chance.sample(sentences, 1)
    chance.shuffle(again)
    first, second = labeler.label([" ".join(sentences), " ".join(again)]).classes
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "added",
    [
        "Comparison is made with the study of 3 March.",
        "Recommend follow up in six weeks.",
        "The findings were discussed with the physician.",
    ],
)
def test_a_sentence_without_a_mention_changes_nothing(labeler: BuiltinLabeler, added: str) -> None:
    base = labeler.label(SENTENCES)
    more = labeler.label([f"{text} {added}" for text in SENTENCES])
    assert base.probabilities is not None and more.probabilities is not None
    rest = [at for at in range(len(SCHEMA)) if at != OWN]
    np.testing.assert_array_equal(base.probabilities[:, rest], more.probabilities[:, rest])


def test_evidence_stands_at_the_mention_with_its_probability(labeler: BuiltinLabeler) -> None:
    labels = labeler.label(TEXTS, evidence=True)
    assert labels.evidence is not None
    for row, text in enumerate(TEXTS):
        for item in labels.evidence[row]:
            assert (text or "")[item.start : item.end] == item.phrase
            if item.observation != "No Finding":
                assert item.probability is not None and 0.25 <= item.probability <= 1
        # Every label of a finding has a mention that gives it.
        said = {(item.observation, item.label) for item in labels.evidence[row]}
        for at in np.flatnonzero(labels.classes[row]):
            assert (SCHEMA.names[at], Label(int(labels.classes[row, at]))) in said


def test_where_the_model_overrules_the_evidence_names_both(labeler: BuiltinLabeler) -> None:
    rules = labeler.rules.label(SENTENCES, evidence=True)
    both = labeler.label(SENTENCES, evidence=True)
    assert rules.evidence is not None and both.evidence is not None
    for one, other in zip(rules.evidence, both.evidence, strict=True):
        by_place = {(item.observation, item.start): item.label for item in one}
        for item in other:
            at = (item.observation, item.start)
            if item.rule.startswith("model, against "):
                assert by_place.get(at, Label.BLANK) is not item.label
            elif item.observation != "No Finding":
                assert by_place[at] is item.label


def test_case_spaces_and_full_stops_change_nothing(labeler: BuiltinLabeler) -> None:
    base = labeler.label(SENTENCES[:18]).classes
    for change in (str.upper, str.lower, lambda text: text.rstrip("."), lambda t: f"  {t}\n"):
        np.testing.assert_array_equal(
            labeler.label([change(text) for text in SENTENCES[:18]]).classes, base
        )


def test_it_needs_the_base_install_alone() -> None:
    code = (
        "import sys, lingula; lingula.load('builtin', threads=1).label(['No effusion.']);"
        "bad = {'torch', 'transformers', 'onnx', 'pandas'} & set(sys.modules); sys.exit(bool(bad))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_model_is_small_and_whole(tmp_path: object) -> None:
    files = {path.name: path.stat().st_size for path in MODEL.iterdir()}
    assert set(files) == {
        "first.int8.onnx", "rest.int8.onnx", "tokenizer.json", "mentions.json"
    }  # fmt: skip
    assert sum(files.values()) <= 15_000_000


def test_a_changed_model_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model")
    for path in MODEL.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CheckpointError, match="changed or damaged"):
        BuiltinLabeler(model=folder)
    (folder / "mentions.json").unlink()
    with pytest.raises(CheckpointError, match="no folder of a mention model"):
        BuiltinLabeler(model=folder)
