"""The mention model's training: frames, marks, perturbation, the run, and the graph in 8 bits."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lingula.builtin import BuiltinLabeler
from lingula.builtin.marking import Marker, mark_names, said_at_marks
from lingula.builtin.reading import LENGTHS, MarkReader
from lingula.cli.train import command
from lingula.errors import CheckpointError, RecipeError
from lingula.labels import Label
from lingula.rules import RuleLabeler
from lingula.training.mentions import run as mention_run
from lingula.training.mentions.examples import UNKNOWN, ExampleMaker
from lingula.training.mentions.export import export_mentions
from lingula.training.mentions.fit import FitOptions, predict
from lingula.training.mentions.frames import CODES, FrameFiller, Frames, load_frames
from lingula.training.mentions.joint import JointOptions, choose_sure, fit_joint
from lingula.training.mentions.network import MentionBackbone, build_network
from lingula.training.mentions.opening import open_network
from lingula.training.mentions.perturbing import Perturbation
from lingula.training.mentions.recipe import MentionRecipe, mention_recipe
from lingula.training.mentions.run import MentionTraining
from lingula.training.recipe_files import load_recipe, read_recipe

RULES = RuleLabeler()
FRAMES = load_frames()


def marked(text: str) -> tuple[str, tuple[int, ...]]:
    reasons = RULES.judge.reasons(text)
    found = Marker(RULES.lexicon).mark((text, ""), reasons, RULES.judge.view)
    assert found is not None
    return found.text, said_at_marks(reasons, found.places)


def test_frames_are_of_23_styles_and_have_known_codes() -> None:
    assert len(FRAMES.styles) == 23
    assert sum(len(frames) for frames in FRAMES.by_style.values()) > 1500
    for frames in FRAMES.by_style.values():
        for frame in frames:
            for code in re.findall(r"\{[PNUB]:(\w+)\}", frame):
                assert code in CODES
            for word in re.findall(r"<(\w+)>", frame):
                assert word in FRAMES.words


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_slots_stand_where_the_names_do(share: float) -> None:
    generator = np.random.default_rng(1)
    filler = FrameFiller(FRAMES, generator, Perturbation(generator, share))
    names = {name for words in FRAMES.words["names"].values() for name in words}
    for frame in FRAMES.by_style["us-academic"]:
        made = filler.fill(frame, "us-academic")
        assert made.slots
        for slot in made.slots:
            assert made.text[slot.start : slot.end] in names
    plain = FrameFiller(FRAMES, np.random.default_rng(1)).fill("No {N:PE}, but {P:PX}.", "x")
    assert [slot.label for slot in plain.slots] == [Label.NEGATIVE, Label.POSITIVE]


def test_a_mark_takes_the_place_of_each_name() -> None:
    schema = RULES.schema
    names = mark_names(schema)
    text, said = marked("No pneumothorax or 12 mm effusions.")
    effusion, air = (names[schema.index(item)] for item in ("Pleural Effusion", "Pneumothorax"))
    assert text == f"No {air} or 5 mm {effusion}"
    assert said == (Label.NEGATIVE, Label.NEGATIVE)
    # The same words of another finding, another number, misspelled, and without a full stop.
    assert marked("No pnuemothorax or 7 mm effusion")[0] == text
    assert names[schema.index("Cardiomegaly") + len(schema)] in marked("The heart is normal.")[0]
    assert marked("Hydropneumothorax.")[0].count("⟦") == 1


def test_examples_have_the_labels_of_their_slots() -> None:
    maker = ExampleMaker(RULES)
    filler = FrameFiller(FRAMES, np.random.default_rng(2))
    for frame in ("No fewer than four {P:FX}.", "History of {B:PN}, no {N:PE} today."):
        sentence = filler.fill(frame, "x")
        (found,) = maker.from_known(sentence)
        assert [item for item in found.classes if item != UNKNOWN] == [
            slot.label for slot in sentence.slots
        ]
    (found,) = maker.from_rules(["No effusion. No effusion. Lungs are clear."], "x")
    assert found.classes == found.rules == (Label.NEGATIVE,)


def test_windows_hold_every_mark_once(encoder: Path) -> None:
    tiny = training(encoder)
    _, tokenizer = mention_run.build_network(
        encoder, RULES.schema, ["no effusion"], tiny.recipe.backbone
    )
    reader = MarkReader(tokenizer, mark_names(RULES.schema))
    mark = mark_names(RULES.schema)[10]
    for count in (1, 3, 40, 200):
        (windows,) = reader.windows([f"no {mark} " * count])
        assert sorted(n for item in windows for n, _ in item.marks) == list(range(count))
        for item in windows:
            assert len(item.ids) in LENGTHS
            assert all(item.ids[at] == tokenizer.token_to_id(mark) for _, at in item.marks)


def training(encoder: Path) -> MentionTraining:
    backbone = MentionBackbone(str(encoder), layers=(0, 1), early=1, keep_tokens=50)
    recipe = MentionRecipe(
        "tiny", backbone=backbone, fit=FitOptions(epochs=1), copies=1, fold_epochs=1
    )
    return MentionTraining(recipe)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    some = {style: frames[:2] for style, frames in list(FRAMES.by_style.items())[:4]}
    monkeypatch.setattr(mention_run, "load_frames", lambda: Frames(some, FRAMES.words, some))


@pytest.mark.usefixtures("few")
def test_a_run_gives_the_same_files_again_and_labels_alike(encoder: Path, tmp_path: Path) -> None:
    records = [training(encoder).run(tmp_path / name) for name in ("one", "two")]
    assert records[0]["left_out"] == records[1]["left_out"]
    files = sorted(path.name for path in (tmp_path / "one" / "model").iterdir())
    assert files == ["first.int8.onnx", "mentions.json", "rest.int8.onnx", "tokenizer.json"]
    for name in files:
        one, two = (tmp_path / run / "model" / name for run in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    labeler = BuiltinLabeler(model=tmp_path / "one" / "model", threads=1)
    labels = labeler.label(["No effusion. The heart is enlarged."])
    assert labels.probabilities is not None
    assert (labels.probabilities.argmax(axis=-1) == labels.classes).all()


@pytest.mark.usefixtures("few")
def test_8_bits_answer_as_the_weights_do(encoder: Path, tmp_path: Path) -> None:
    made = training(encoder)
    made.run(tmp_path)
    network, tokenizer = made.load(tmp_path / "stage0.pt")
    examples = made.sentences(dict(list(FRAMES.by_style.items())[:4]), [5], copies=4, perturbed=0.0)
    reader = MarkReader(tokenizer, mark_names(RULES.schema))
    by_float = np.concatenate(predict(network, reader, [item.text for item in examples]))
    model = BuiltinLabeler(model=tmp_path / "model", threads=1).model
    by_int8 = np.concatenate(model.raw([(item.text, item.rules) for item in examples]))
    assert np.abs(by_float - by_int8).max() < 0.1


def test_trust_follows_who_is_right() -> None:
    generator = np.random.default_rng(3)
    classes = generator.integers(4, size=4000)
    rules = np.where(generator.random(4000) < 0.9, classes, generator.integers(4, size=4000))
    blind = generator.normal(size=(4000, 4)).astype(np.float32)
    about = generator.integers(3, size=4000)
    joint = fit_joint(blind, rules, about, classes, count=3)
    said = joint.chances(blind, rules.tolist(), about.tolist()).argmax(axis=1)
    assert (said == rules).mean() > 0.97
    knowing = (6 * np.eye(4)[classes]).astype(np.float32)
    sure = fit_joint(knowing, rules, about, classes, count=3)
    chances = sure.chances(knowing, rules.tolist(), about.tolist())
    assert (chances.argmax(axis=1) == classes).mean() > 0.99
    assert choose_sure(chances, chances, classes) == 0.9
    assert choose_sure(1 - chances, chances, classes) > 0.9


def test_trust_is_each_observations_own() -> None:
    generator = np.random.default_rng(4)
    classes = generator.integers(4, size=6000)
    about = generator.integers(2, size=6000)
    # The rules are always right of the one observation and never of the other.
    rules = np.where(about == 0, classes, (classes + 1) % 4)
    blind = np.zeros((6000, 4), dtype=np.float32)
    joint = fit_joint(
        blind, rules, about, classes, count=2, options=JointOptions(common=0.001, own=0.0001)
    )
    said = joint.chances(blind, rules.tolist(), about.tolist()).argmax(axis=1)
    assert (said == classes).mean() > 0.99


@pytest.mark.usefixtures("few")
def test_a_model_that_was_written_is_opened_and_trained_further(
    encoder: Path, tmp_path: Path
) -> None:
    made = training(encoder)
    made.run(tmp_path)
    texts = ["no ⟦9⟧", "⟦4⟧ is not excluded", "small ⟦10⟧ at the left base"]
    one = made.load(tmp_path / "stage0.pt")
    other = open_network(tmp_path / "model")
    assert one[1].to_str() == other[1].to_str()
    reader = MarkReader(one[1], mark_names(RULES.schema))
    for left, right in zip(
        predict(one[0], reader, texts), predict(other[0], reader, texts), strict=True
    ):
        assert np.abs(left - right).max() < 0.1
    recipe = replace(
        made.recipe,
        backbone=replace(made.recipe.backbone, path=str(tmp_path / "model")),
        folds=0,
    )
    record = MentionTraining(recipe).run(tmp_path / "further")
    assert "left_out" not in record
    assert record["new_sentences"]["all"]["mentions"] > 10
    assert BuiltinLabeler(model=tmp_path / "further" / "model").label(["No edema."]) is not None


def test_a_graph_that_lacks_a_weight_is_refused(encoder: Path, tmp_path: Path) -> None:
    import onnx

    network, tokenizer = build_network(
        encoder, RULES.schema, ["no effusion"], MentionBackbone("", (0, 1), 1, 50)
    )
    export_mentions(network, tmp_path)
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    (tmp_path / "mentions.json").write_text('{"heads": 2}', encoding="utf-8")
    graph = onnx.load(str(tmp_path / "rest.int8.onnx"))
    del graph.graph.initializer[0]
    onnx.save(graph, str(tmp_path / "rest.int8.onnx"))
    with pytest.raises(CheckpointError, match="is missing or has no place"):
        open_network(tmp_path)


def test_kept_out_frames_are_trained_on_nowhere() -> None:
    trained = {frame for frames in FRAMES.by_style.values() for frame in frames}
    kept = [frame for frames in FRAMES.kept_out.values() for frame in frames]
    assert len(kept) > 300
    assert trained.isdisjoint(kept)


def test_recipes_are_checked_and_the_shipped_one_is_sound() -> None:
    path, data = read_recipe("builtin")
    recipe = mention_recipe(data, str(path))
    assert recipe.folds == 2 and recipe.backbone.layers
    with pytest.raises(RecipeError, match="no input 'mimic'"):
        recipe.with_inputs({"mimic": Path("x")})
    with pytest.raises(RecipeError, match="unknown entry 'copied'"):
        mention_recipe({**data, "copied": 1}, "here")
    with pytest.raises(RecipeError, match="folds must be 2 or more"):
        mention_recipe({**data, "folds": 1}, "here")
    with pytest.raises(RecipeError, match="no stages to vary"):
        load_recipe("builtin")
    assert replace(recipe, seed=2).seed == 2


def test_a_mention_model_takes_no_stage(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["builtin", "-o", str(tmp_path), "--stage", "silver"])
    assert isinstance(done.exception, RecipeError)
    assert "no --stage" in str(done.exception)


@pytest.mark.usefixtures("few")
def test_the_command_trains(encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        f'kind = "mentions"\nname = "mine"\ncopies = 1\nfold_epochs = 1\n'
        f'[backbone]\npath = "{encoder}"\nlayers = [0, 1]\nearly = 1\nkeep_tokens = 50\n'
        "[fit]\nepochs = 1\n",
        encoding="utf-8",
    )
    done = CliRunner().invoke(command, [str(recipe), "-o", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert "mentions of left-out styles: rules" in done.output
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["recipe"]["name"] == "mine"
