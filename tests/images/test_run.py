"""Runs from the command line: train, predict, evaluate, select."""

from __future__ import annotations

import json
import shutil
from itertools import product

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from lingula.cli import cli
from lingula.images.explain import _occlusion, explain_film, unfit
from lingula.images.extras import require_images
from lingula.images.films import FilmTable, read_films
from lingula.images.model import load_model
from lingula.images.pictures import WHITE, fit_size, read_gray
from lingula.images.predict import predict_films
from lingula.images.recipe import PictureSettings
from lingula.network import import_onnxruntime
from lingula.schemas import load_schema
from lingula.tables.score_table import read_score_table
from lingula.training.fit.checkpoints import read_checkpoint
from lingula.training.fit.loop import fit
from tests.images.drawn import films, recipe

require_images()
SCHEMA = load_schema("chexpert14")


def run(*words, code=0):
    outcome = CliRunner().invoke(cli, ["images", *map(str, words)])
    if code == 0 and outcome.exception is not None:
        raise outcome.exception
    return outcome


def trained(folder, name="run", policy="ones", *more, **settings):
    output = folder / name
    run("train", folder / "train.csv", "--valid", folder / "valid.csv", "--recipe",
        recipe(folder / f"{name}.toml", policy, **settings), "-o", output, *more)  # fmt: skip
    return output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("films")
    films(place, "train", 64)
    films(place, "valid", 40, first=100, seed=1, views=2)
    trained(place, "run-ones", "ones", epochs=8)
    return place


def test_a_mark_is_learned_and_evaluated(folder):
    record = json.loads((folder / "run-ones" / "run.json").read_text())
    assert record["observations"] == ["Lung Lesion", "Edema"]
    assert "blank label counts as negative" in record["blank"]
    best = record["seeds"]["1"]["best"]["auroc"]
    assert best["Edema"] > 0.9 and best["Lung Lesion"] > 0.9
    card = (folder / "run-ones" / "model_card.md").read_text()
    assert "not learned, for one class only occurs: Lung Opacity" in card
    scores = folder / "scores.csv"
    outcome = run("predict", folder / "run-ones", folder / "valid.csv", "-o", scores)
    assert "80 films" in outcome.output and "40 studies" in outcome.output
    outcome = CliRunner().invoke(
        cli,
        [
            "evaluate",
            str(folder / "valid.csv"),
            str(scores),
            "--uncertain",
            "ignore",
            "--json",
            "-",
        ],
    )
    assert outcome.exit_code == 0, outcome.output
    by_film = read_score_table(scores)
    by_study = read_score_table(folder / "scores.studies.csv")
    pairs = by_film.scores.values.reshape(40, 2, 2)
    np.testing.assert_array_equal(by_study.scores.values, pairs.max(axis=1))
    assert list(by_study.ids) == list(by_film.ids[::2])
    outcome = run("predict", folder / "run-ones", folder / "valid.csv", "-o", scores, code=2)
    assert "--overwrite" in str(outcome.exception)


@pytest.mark.parametrize("policy", ["ignore", "zeros", "ones-lsr", "multiclass", "self-trained"])
def test_every_policy_trains(folder, policy):
    output = trained(folder, f"run-{policy}", policy, epochs=3)
    record = json.loads((output / "run.json").read_text())
    assert record["policy"].startswith(policy)
    assert record["seeds"]["1"]["best"]["mean auroc"] > 0.6


def test_seeds_are_averaged_and_checkpoints_kept(folder):
    output = trained(folder, "seeds", "ones", "--seeds", 2, epochs=3)
    model = load_model(output)
    assert len(model.networks) == 2
    table = read_films(FilmTable(folder / "valid.csv"), None)
    whole = predict_films(model, table).scores.values
    ones = [
        predict_films(type(model)(model.recipe, model.schema, (network,)), table).scores.values
        for network in model.networks
    ]
    assert not np.allclose(ones[0], ones[1])
    np.testing.assert_allclose(whole, (ones[0] + ones[1]) / 2, atol=1e-7)
    more = "keep-two"
    path = recipe(folder / f"{more}.toml", epochs=4)
    path.write_text(path.read_text() + "keep = 2\n")
    run("train", folder / "train.csv", "--valid", folder / "valid.csv", "--recipe", path,
        "-o", folder / more)  # fmt: skip
    assert len(load_model(folder / more).networks) == 2


def test_the_best_run_is_chosen_for_each_observation(folder):
    runs = [folder / "run-ones", trained(folder, "run-short", "zeros", epochs=1)]
    best = folder / "best"
    outcome = run("select", folder / "valid.csv", *runs, "-o", best)
    assert "Best run for each observation" in outcome.output
    choices = json.loads((best / "selection.json").read_text())["choices"]
    assert {item["observation"] for item in choices} == {"Lung Lesion", "Edema"}
    assert all(isinstance(item["by_luck"], bool) for item in choices)
    table = read_films(FilmTable(folder / "valid.csv"), None)
    chosen = predict_films(load_model(best), table).scores
    for item in choices:
        own = predict_films(load_model(folder / item["best"]), table).scores
        name = item["observation"]
        np.testing.assert_array_equal(
            chosen.values[:, chosen.schema.index(name)], own.values[:, own.schema.index(name)]
        )


def test_a_choice_between_equals_is_by_luck(folder, tmp_path):
    shutil.copytree(folder / "run-ones", tmp_path / "same")
    best = tmp_path / "best"
    outcome = run(
        "select", folder / "valid.csv", folder / "run-ones", tmp_path / "same", "-o", best
    )
    assert "by luck" in outcome.output
    choices = json.loads((best / "selection.json").read_text())["choices"]
    assert all(item["by_luck"] and item["best"] == "run-ones" for item in choices)


def test_a_resumed_run_keeps_its_choices_and_another_is_refused(folder):
    before = (folder / "run-ones" / "model" / "weights-1.safetensors").read_bytes()
    words = ["train", folder / "train.csv", "--valid", folder / "valid.csv"]
    outcome = run(*words, "-o", folder / "run-ones", code=2)
    assert "--resume" in str(outcome.exception)
    outcome = run(*words, "-o", folder / "run-ones", "--resume", "--policy", "zeros", code=2)
    assert "keeps its choices" in str(outcome.exception)
    run(*words, "-o", folder / "run-ones", "--resume")
    assert (folder / "run-ones" / "model" / "weights-1.safetensors").read_bytes() == before


def test_mined_labels_train_and_the_validation_tables_own_labels_validate(folder, tmp_path):
    lines = [line.split(",") for line in (folder / "train.csv").read_text().splitlines()]
    places = [lines[0].index(name) for name in ("Path", "Lung Lesion", "Edema")]
    bare, mined = tmp_path / "films.csv", tmp_path / "labels.csv"
    bare.write_text("".join(f"{','.join(line[:5])}\n" for line in lines))
    mined.write_text("".join(",".join(line[at] for at in places) + "\n" for line in lines))
    run("train", bare, "--labels", mined, "--valid", folder / "valid.csv", "--images", folder,
        "--recipe", recipe(tmp_path / "r.toml", epochs=1), "-o", tmp_path / "run")  # fmt: skip
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    note = f"{folder / 'valid.csv'}: the labels are the table's own, not those of {mined}."
    assert note in record["notes"]
    whole = json.loads((folder / "run-ones" / "run.json").read_text())
    for side in ("train", "validation"):
        assert record[side]["labels"] == whole[side]["labels"]


def test_the_last_layer_of_a_hierarchy_learns_from_all_films(folder, tmp_path):
    for name in ("train", "valid"):
        lines = [line.split(",") for line in (folder / f"{name}.csv").read_text().splitlines()]
        for line in lines[1:]:
            line[5] = "1.0" if "1.0" in line[6:] else "0.0"
        (tmp_path / f"{name}.csv").write_text("".join(f"{','.join(line)}\n" for line in lines))
    path = recipe(tmp_path / "r.toml", epochs=1, more='hierarchy = "conditional"')
    run("train", tmp_path / "train.csv", "--valid", tmp_path / "valid.csv", "--images", folder,
        "--recipe", path, "-o", tmp_path / "run")  # fmt: skip
    first = read_checkpoint(tmp_path / "run/seed-1/first/best.pt", torch.device("cpu"))
    first = first.get("module", first)
    last = load_model(tmp_path / "run").networks[0].state_dict()
    assert set(first) == set(last)
    changed = {name for name, value in last.items() if not torch.equal(value, first[name])}
    assert changed and all("class_layers.out" in name for name in changed)


def test_bad_input_is_one_line(folder, tmp_path):
    def refused(table, *more, valid=folder / "valid.csv"):
        outcome = run("train", table, "--valid", valid, "--recipe", recipe(tmp_path / "r.toml"),
                      "-o", tmp_path / "out", *more, code=2)  # fmt: skip
        return str(outcome.exception)

    text = (folder / "train.csv").read_text().splitlines()
    blank = tmp_path / "blank.csv"
    rows = [",".join([*line.split(",")[:5], "", "", ""]) for line in text[1:]]
    blank.write_text("\n".join([text[0], *rows]) + "\n")
    assert "every label is blank" in refused(blank, "--images", folder)
    one = tmp_path / "one.csv"
    lines = (folder / "valid.csv").read_text().splitlines()
    rows = [",".join([*line.split(",")[:5], "", "1.0", "1.0"]) for line in lines[1:]]
    one.write_text("\n".join([lines[0], *rows]) + "\n")
    assert "one class only" in refused(folder / "train.csv", "--images", folder, valid=one)
    assert "a patient belongs to one side" in refused(
        folder / "train.csv", valid=folder / "train.csv"
    )
    broken = films(tmp_path, "broken", 8)
    (tmp_path / "broken/patient00003/study1/view1_frontal.png").write_bytes(b"x")
    assert "1 of 8 pictures cannot be read" in refused(broken, valid=folder / "valid.csv")


def test_weights_that_are_not_finite_stop_the_run(folder, tmp_path):
    path = recipe(tmp_path / "high.toml")
    path.write_text(path.read_text().replace("1e-2", "1e30"))
    with pytest.raises(Exception, match=r"no figure|loss is"):
        run("train", folder / "train.csv", "--valid", folder / "valid.csv", "--recipe", path,
            "-o", tmp_path / "run")  # fmt: skip


@pytest.mark.parametrize("method", ["grad-cam", "occlusion"])
def test_heat_lies_where_the_mark_is(folder, tmp_path, method):
    model = load_model(folder / "run-ones")
    table = read_films(FilmTable(folder / "valid.csv"), SCHEMA)
    edema = table.labels.schema.index("Edema")
    inside, outside = [], []
    for row in np.flatnonzero(table.classes[:, edema] == 1)[:10]:
        gray, heats = explain_film(model, table.files[row], ["Edema"], method)
        assert gray.shape == heats[0].values.shape == (20, 16)
        inside.append(heats[0].values[:10].mean())  # its mark is at the top
        outside.append(heats[0].values[10:].mean())
    assert np.mean(inside) > np.mean(outside)
    film = table.files[0]
    words = ("explain", folder / "run-ones", film, "--method", method, "-o")
    outcome = run(*words, tmp_path / "a.png")
    assert "Edema" in outcome.output
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    run(*words, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert page.count("data:image/png;base64,") == 2
    assert ("Grad-CAM" if method == "grad-cam" else "is hidden") in page


def test_occlusion_is_what_hiding_patches_by_hand_gives(folder):
    network = load_model(folder / "run-ones").networks[0]
    gray = torch.rand(16, 16, generator=torch.Generator().manual_seed(1)) * WHITE
    found = _occlusion(network, [0, 1], gray)
    total, times = np.zeros((2, 16, 16)), np.zeros((16, 16))
    with torch.inference_mode():
        for row, column in product(range(0, 13, 2), repeat=2):
            hidden = gray.clone()
            hidden[row : row + 4, column : column + 4] = gray.mean()
            part = np.s_[row : row + 4, column : column + 4]
            total[(slice(None), *part)] += network(hidden[None])[0].numpy()[:, None, None]
            times[part] += 1
        plain = network(gray[None])[0].numpy()[:, None, None]
    np.testing.assert_allclose(found, np.maximum(plain - total / times, 0), atol=1e-4)


@pytest.mark.parametrize("fit", ["pad", "crop"])
def test_heat_lies_on_the_film_where_it_was(fit):
    for shape in ((40, 20), (21, 33), (16, 16)):
        gray = np.zeros(shape, dtype=np.float32)
        gray[shape[0] // 2 - 3 : shape[0] // 2 + 2, shape[1] // 2 - 4 : shape[1] // 2 + 1] = 1
        settings = PictureSettings(32, fit)
        small = fit_size(gray, settings).astype(np.float32) / WHITE
        back = unfit(small, shape, settings)
        assert back.shape == shape
        for axis in (0, 1):
            places = [
                (image.sum(axis=1 - axis) * np.arange(shape[axis])).sum() / image.sum()
                for image in (gray, back)
            ]
            assert abs(places[0] - places[1]) < 0.8


def test_where_memory_runs_out_batches_are_halved(folder, tmp_path, monkeypatch):
    import lingula.images.seed_run as module

    sizes = []

    def narrow(task, settings, where):
        sizes.append((task.source.size, settings.accumulate))
        if task.source.size > 2:
            raise torch.OutOfMemoryError("out of memory")
        return fit(task, settings, where)

    monkeypatch.setattr(module, "fit", narrow)
    output = tmp_path / "run"
    run("train", folder / "train.csv", "--valid", folder / "valid.csv", "--recipe",
        recipe(tmp_path / "r.toml", epochs=1), "-o", output)  # fmt: skip
    assert sizes == [(8, 1), (4, 2), (2, 4)]
    assert json.loads((output / "run.json").read_text())["seeds"]["1"]["batch"] == 2
    # a run that goes on later does so with the batches that fitted
    run("train", folder / "train.csv", "--valid", folder / "valid.csv", "-o", output, "--resume")
    assert sizes[3:] == [(2, 4)]


def test_a_model_is_calibrated_and_exported(folder, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(folder / "run-ones" / "model", model)
    table = read_films(FilmTable(folder / "valid.csv"), None)
    before = predict_films(load_model(model), table).scores
    outcome = run("calibrate", model, folder / "valid.csv")
    assert "temperature" in outcome.output and "Edema" in outcome.output
    after = predict_films(load_model(model), table).scores
    for column in range(2):
        order = np.argsort(before.values[:, column], kind="stable")
        assert (np.diff(after.values[order, column]) >= 0).all()
    assert not np.allclose(before.values, after.values)
    outcome = run("export", model, "-o", tmp_path / "model.onnx")
    assert "differ from torch" in outcome.output
    session = import_onnxruntime().InferenceSession(str(tmp_path / "model.onnx"))
    gray = np.stack([fit_size(read_gray(path), PictureSettings(16)) for path in table.files[:5]])
    (found,) = session.run(None, {"gray": (gray / WHITE).astype(np.float32)})
    np.testing.assert_allclose(found, after.values[:5], atol=1e-4)


def test_a_hugging_face_backbone_is_probed(folder, tmp_path):
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        image_size=16, patch_size=4, num_channels=1,
    )  # fmt: skip
    backbone = tmp_path / "backbone"
    ViTForImageClassification(config).save_pretrained(backbone)
    path = recipe(tmp_path / "r.toml", epochs=1)
    wanted = f'[network]\nkind = "huggingface"\nfolder = "{backbone}"\nfrozen = true\n'
    text = path.read_text().split("[network]")
    path.write_text(text[0] + wanted + "[training]" + text[1].split("[training]")[1])
    run("train", folder / "train.csv", "--valid", folder / "valid.csv", "--recipe", path,
        "-o", tmp_path / "run")  # fmt: skip
    before = ViTForImageClassification.from_pretrained(backbone).state_dict()
    shutil.rmtree(backbone)
    network = load_model(tmp_path / "run").networks[0]
    after = network.backbone.state_dict()
    for name, value in before.items():
        if not name.startswith("classifier"):
            assert torch.equal(after[name], value), name
    table = read_films(FilmTable(folder / "valid.csv"), None)
    assert predict_films(load_model(tmp_path / "run"), table).scores.in_unit_interval
