"""Back-translation through real Marian, FSMT and CTranslate2 models, trained here in seconds.

They know eight sentences by heart (see tiny_translators), so what they must answer is known too.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from ctranslate2.converters import TransformersConverter
from safetensors.torch import load_file, save_file
from tiny_translators import ANSWERS, BACK, THERE, make_fsmt, make_marian

import lingula
from lingula.errors import InputError, MissingExtraError
from lingula.schemas import load_schema
from lingula.training.data.augment import translate_ctranslate2, translate_transformers
from lingula.training.data.augment.translate import back_translate, translator
from lingula.training.data.augment.translate_ctranslate2 import CTranslate2Model
from lingula.training.data.augment.translate_folders import ModelPath
from lingula.training.data.augment.translate_transformers import TransformersModel
from lingula.training.data.silver import SilverLabels

#: Sentences that no model has seen: the answers mean nothing, but must not depend on the batch.
UNSEEN = [
    "The heart is low.",
    "Bones are enlarged, and the trachea is not.",
    "No right apical study.",
    "There is a moderate volume which has grown since the last pleural study, and the heart too.",
    "Effusion.",
    "Lung volumes are intact.",
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models there and back of each kind."""
    root = tmp_path_factory.mktemp("models")
    for name, pairs, languages in (
        ("there", THERE, ["en", "de"]),
        ("back", BACK, ["de", "en"]),
    ):
        marian = make_marian(root / f"marian-{name}", pairs)
        make_fsmt(root / f"fsmt-{name}", pairs, languages)
        TransformersConverter(str(marian), copy_files=["source.spm", "target.spm"]).convert(
            str(root / f"converted-{name}")
        )
    return root


ENGINES = [
    "marian:marian-there:marian-back",
    "marian:fsmt-there:fsmt-back",
    "marian:fsmt-there:marian-back",
    "ctranslate2:converted-there:converted-back",
]


@pytest.mark.parametrize("name", ENGINES)
def test_there_and_back(models: Path, name: str) -> None:
    engine = translator(name, models)
    texts = 9 * list(ANSWERS)
    random.Random(3).shuffle(texts)
    assert engine.translate(texts) == [ANSWERS[text] for text in texts]
    broken = ["", "  The heart\n is\tenlarged. ", " \n"]
    assert engine.translate(broken) == ["", "The heart is clearly enlarged.", ""]
    assert engine.translate([]) == []


@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("name", ["marian-there", "fsmt-there", "converted-there"])
def test_a_sentence_does_not_see_its_batch(
    models: Path, name: str, beams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ModelPath(models / name)
    module: Any = translate_transformers
    model: Any = None
    if name.startswith("converted"):
        module, model = translate_ctranslate2, CTranslate2Model(path, beams)
    else:
        model = TransformersModel(path, beams)
    texts = [*UNSEEN, *(english for english, _ in THERE)]
    alone = [model.translate([text])[0] for text in texts]
    assert model.translate(texts) == alone
    assert len(set(alone)) >= 8
    monkeypatch.setattr(module, "BATCH", 3)
    assert model.translate(texts) == alone


def test_ctranslate2_answers_as_transformers_does(models: Path) -> None:
    for name in ("there", "back"):
        one = TransformersModel(ModelPath(models / f"marian-{name}"), beams=1)
        other = CTranslate2Model(ModelPath(models / f"converted-{name}"), beams=1)
        texts = [*UNSEEN, *(text for pair in THERE for text in pair)]
        assert one.translate(texts) == other.translate(texts)
        assert one.digest != other.digest


@pytest.mark.parametrize("name", ENGINES)
def test_paraphrases_are_filtered_and_kept(models: Path, name: str, tmp_path: Path) -> None:
    silver = SilverLabels(lingula.load("rules"), load_schema("chexpert14"))
    texts = [
        "The heart is enlarged. No pneumothorax.",
        "No pleural effusion. Lung volumes are low.",
        "The trachea is midline.",
    ]
    cache = tmp_path / "cache.jsonl"
    made = back_translate(texts, translator(name, models), silver, cache)
    assert made.texts == ("The heart is clearly enlarged. There is no pneumothorax.",)
    assert made.rows.tolist() == [0]
    assert (made.unchanged, made.changed_labels) == (1, 1)

    again = translator(name, models)
    held = cache.read_bytes()
    assert len(held.splitlines()) == 5
    again.translate = None  # type: ignore[method-assign, assignment]
    assert back_translate(texts, again, silver, cache).texts == made.texts
    assert cache.read_bytes() == held


@pytest.mark.parametrize("name", ["marian-there", "fsmt-there", "converted-there"])
def test_what_has_no_whole_answer_comes_back_as_it_was(
    models: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "ctranslate2" if name.startswith("converted") else "marian"
    engine = translator(f"{kind}:{name}:{name.replace('there', 'back')}", models)
    long = " ".join(["The heart is enlarged."] * 200)
    texts = [long, "No pneumothorax."]
    assert engine.translate(texts) == [long, "There is no pneumothorax."]
    for module in (translate_transformers, translate_ctranslate2):
        monkeypatch.setattr(module, "ANSWER_TOKENS", 3)
    assert engine.translate(texts) == texts


def copied(models: Path, name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(models / name, tmp_path / name))


def refused(kind: str, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        translator(f"{kind}:{folder.name}:{folder.name}", folder.parent)
    return str(caught.value)


class TestFolders:
    def test_none(self, tmp_path: Path) -> None:
        for kind in ("marian", "ctranslate2"):
            assert "there is no such folder" in refused(kind, tmp_path / "none")
            assert "it has no config.json" in refused(kind, tmp_path)

    def test_of_another_model(self, models: Path, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text('{"model_type": "t5"}')
        assert "of kind 't5', not Marian or FSMT" in refused("marian", tmp_path)
        assert "of kind 't5'; CTranslate2 takes Marian" in refused("ctranslate2", tmp_path)
        assert "of kind 'fsmt'" in refused("ctranslate2", models / "fsmt-there")
        (tmp_path / "config.json").write_text("{}")
        assert "does not say what model it is" in refused("marian", tmp_path)
        (tmp_path / "config.json").write_text("[")
        assert "cannot be read" in refused("marian", tmp_path)
        (tmp_path / "config.json").write_text("[]")
        assert "must hold a JSON object, not a list" in refused("marian", tmp_path)

    def test_for_the_other_engine(self, models: Path) -> None:
        assert "write ctranslate2:" in refused("marian", models / "converted-there")
        told = refused("ctranslate2", models / "marian-there")
        assert "ct2-transformers-converter --model FOLDER" in told

    @pytest.mark.parametrize(
        ("name", "file"),
        [
            ("marian-there", "source.spm"),
            ("marian-there", "vocab.json"),
            ("marian-there", "tokenizer_config.json"),
            ("fsmt-there", "merges.txt"),
            ("fsmt-there", "vocab-tgt.json"),
            ("converted-there", "target.spm"),
        ],
    )
    def test_without_a_file_of_the_tokenizer(
        self, models: Path, tmp_path: Path, name: str, file: str
    ) -> None:
        folder = copied(models, name, tmp_path)
        (folder / file).unlink()
        kind = "ctranslate2" if name.startswith("converted") else "marian"
        assert f"lacks {file} of its tokenizer; copy" in refused(kind, folder)

    @pytest.mark.parametrize(
        ("name", "file"),
        [
            ("marian-there", "source.spm"),
            ("marian-there", "model.safetensors"),
            ("fsmt-there", "vocab-src.json"),
            ("converted-there", "target.spm"),
            ("converted-there", "model.bin"),
        ],
    )
    def test_with_a_damaged_file(self, models: Path, tmp_path: Path, name: str, file: str) -> None:
        folder = copied(models, name, tmp_path)
        (folder / file).write_bytes((folder / file).read_bytes()[:100])
        kind = "ctranslate2" if name.startswith("converted") else "marian"
        assert "cannot be loaded" in refused(kind, folder)

    @pytest.mark.parametrize("name", ["marian-there", "fsmt-there"])
    def test_without_a_weight(self, models: Path, tmp_path: Path, name: str) -> None:
        folder = copied(models, name, tmp_path)
        weights = load_file(folder / "model.safetensors")
        lost = next(key for key in weights if key.endswith("fc1.weight"))
        save_file({k: v for k, v in weights.items() if k != lost}, folder / "model.safetensors")
        assert f"1 of its weights are missing: {lost}" in refused("marian", folder)

    def test_weights_as_older_folders_hold_them(self, models: Path, tmp_path: Path) -> None:
        folder = copied(models, "marian-there", tmp_path)
        torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
        made = TransformersModel(ModelPath(folder)).translate([english for english, _ in THERE])
        assert made == [german for _, german in THERE]

    def test_changed_is_another_model(self, models: Path, tmp_path: Path) -> None:
        folder = copied(models, "converted-there", tmp_path)
        digest = CTranslate2Model(ModelPath(folder)).digest
        assert CTranslate2Model(ModelPath(models / "converted-there")).digest == digest
        with (folder / "shared_vocabulary.json").open("a") as stream:
            stream.write("\n")
        assert CTranslate2Model(ModelPath(folder)).digest != digest


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("marian-there", "sentencepiece"),
        ("marian-there", "transformers"),
        ("fsmt-there", "sacremoses"),
        ("converted-there", "ctranslate2"),
        ("converted-there", "sentencepiece"),
    ],
)
def test_a_missing_package_names_the_extra(
    models: Path, name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    kind = "ctranslate2" if name.startswith("converted") else "marian"
    with pytest.raises(MissingExtraError, match=rf"{package} needs .*'lingula\[translate\]'"):
        translator(f"{kind}:{name}:{name}", models)


def test_converted_models_need_no_torch(models: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from lingula.training.data.augment.translate_ctranslate2 import CTranslate2Model;"
        "from lingula.training.data.augment.translate_folders import ModelPath;"
        "sys.modules['torch'] = sys.modules['transformers'] = None;"
        "print(CTranslate2Model(ModelPath(Path(sys.argv[1]))).translate(['No pneumothorax.']))"
    )
    command = [sys.executable, "-c", code, str(models / "converted-there")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.stdout == "['Kein Pneumothorax.']\n", done.stderr


class TestLanguages:
    """A model with several target languages is told which by a code before the sentence."""

    CODES = (">>deu<<", ">>nld<<")

    def test_codes(self, tmp_path: Path) -> None:
        folder = make_marian(tmp_path / "many", THERE, self.CODES, trained=False)
        converted = tmp_path / "converted"
        TransformersConverter(str(folder), copy_files=["source.spm", "target.spm"]).convert(
            str(converted)
        )
        for kind, path in (("marian", folder), ("ctranslate2", converted)):
            assert f"as in {path.name}>>deu<<: it has >>deu<< >>nld<<" in refused(kind, path)
            assert "it has >>deu<< >>nld<<" in refused(kind, path.with_name(f"{path.name}>>fra<<"))
        digests = set()
        for code in self.CODES:
            one = TransformersModel(ModelPath.parse(f"many{code}", tmp_path), beams=1)
            other = CTranslate2Model(ModelPath.parse(f"converted{code}", tmp_path), beams=1)
            digests |= {one.digest, other.digest}
        assert len(digests) == 4

    def test_a_code_that_is_not_needed(self, models: Path) -> None:
        folder = models / "marian-there>>deu<<"
        assert "has one target language; leave out >>deu<<" in refused("marian", folder)
