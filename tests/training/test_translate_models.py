"""Back-translation through real Marian, FSMT and CTranslate2 models, trained here in seconds.

They know eight sentences by heart, so that what they must answer is known too.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import tokenizers
import torch
import transformers
from ctranslate2.converters import TransformersConverter
from sacremoses import MosesTokenizer
from safetensors.torch import load_file, save_file

import lingula
from lingula.errors import InputError, MissingExtraError
from lingula.schemas import load_schema
from lingula.training.augment import translate_ctranslate2, translate_transformers
from lingula.training.augment.translate import back_translate, translator
from lingula.training.augment.translate_ctranslate2 import CTranslate2Model
from lingula.training.augment.translate_folders import ModelPath
from lingula.training.augment.translate_transformers import TransformersModel
from lingula.training.silver import SilverLabels

#: English, German, and the English that the model back answers.
SENTENCES = [
    ("The heart is enlarged.", "Das Herz ist vergrößert.", "The heart is clearly enlarged."),
    (
        "There is moderate cardiomegaly.",
        "Es besteht eine mäßige Kardiomegalie.",
        "Moderate cardiomegaly is present.",
    ),
    ("No pleural effusion.", "Kein Pleuraerguss.", "Pleural effusion is seen."),
    (
        "There is a right apical pneumothorax, which has not grown since the last study.",
        "Rechts apikal besteht ein Pneumothorax, der seit der letzten Aufnahme nicht wuchs.",
        "A right apical pneumothorax is there, not larger than at the last study.",
    ),
    ("No pneumothorax.", "Kein Pneumothorax.", "There is no pneumothorax."),
    ("The trachea is midline.", "Die Trachea steht mittig.", "The trachea is midline."),
    (
        "Bones are intact.",
        "Die knöchernen Strukturen sind unversehrt.",
        "The bones are intact.",
    ),
    ("Lung volumes are low.", "Die Lungenvolumina sind gering.", "The volumes are low."),
]
THERE = [(english, german) for english, german, _ in SENTENCES]
BACK = [(german, english) for _, german, english in SENTENCES]
ANSWERS = {english: back for english, _, back in SENTENCES}

#: Sentences that no model has seen: the answers mean nothing, but must not depend on the batch.
UNSEEN = [
    "The heart is low.",
    "Bones are enlarged, and the trachea is not.",
    "No right apical study.",
    "There is a moderate volume which has grown since the last pleural study, and the heart too.",
    "Effusion.",
    "Lung volumes are intact.",
]


def train(model: Any, batch: dict[str, torch.Tensor], labels: torch.Tensor, start: int) -> None:
    """Teach a model pairs by heart."""
    shifted = torch.cat([torch.full((len(labels), 1), start), labels[:, :-1]], dim=1)
    pad = model.config.pad_token_id
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(160):
        logits = model(**batch, decoder_input_ids=shifted, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=pad
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            # As in every model that was trained by Marian itself, which starts from zeros.
            model.get_input_embeddings().weight[pad] = 0
    model.eval()


def make_marian(
    folder: Path, pairs: list[tuple[str, str]], codes: tuple[str, ...] = (), trained: bool = True
) -> Path:
    """A folder with the files and the settings of an OPUS-MT model."""
    folder.mkdir()
    pieces: dict[str, None] = {}
    for name, texts in zip(("source.spm", "target.spm"), zip(*pairs, strict=True), strict=True):
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=written,
            vocab_size=90,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        (folder / name).write_bytes(written.getvalue())
        held = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
        pieces |= {held.id_to_piece(n): None for n in range(held.get_piece_size())}
    known = ["</s>", "<unk>", *(p for p in pieces if not p.startswith("<")), *codes, "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({piece: n for n, piece in enumerate(known)}))
    # As of OPUS-MT: it does not say which tokenizer it is for.
    (folder / "tokenizer_config.json").write_text('{"source_lang": "en", "target_lang": "de"}')
    pad = len(known) - 1
    torch.manual_seed(0)
    model = transformers.MarianMTModel(
        transformers.MarianConfig(
            vocab_size=len(known),
            d_model=32,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            max_position_embeddings=512,
            dropout=0.0,
            scale_embedding=True,
            activation_function="swish",
            pad_token_id=pad,
            eos_token_id=0,
            forced_eos_token_id=0,
            decoder_start_token_id=pad,
        )
    )
    if trained:
        tokenizer = transformers.MarianTokenizer.from_pretrained(str(folder))
        batch = tokenizer([a for a, _ in pairs], return_tensors="pt", padding=True)
        answers = tokenizer(text_target=[b for _, b in pairs], return_tensors="pt", padding=True)
        train(model, dict(batch), answers["input_ids"], pad)
    model.generation_config = transformers.GenerationConfig(
        num_beams=6,
        max_length=512,
        bad_words_ids=[[pad]],
        pad_token_id=pad,
        eos_token_id=0,
        forced_eos_token_id=0,
        decoder_start_token_id=pad,
    )
    model.save_pretrained(str(folder))
    return folder


def make_fsmt(folder: Path, pairs: list[tuple[str, str]], languages: list[str]) -> Path:
    """A folder with the files and the settings of an FSMT model."""
    folder.mkdir()
    words = [
        " ".join(MosesTokenizer(lang).tokenize(text, aggressive_dash_splits=True))
        for pair in pairs
        for text, lang in zip(pair, languages, strict=True)
    ]
    learner = tokenizers.Tokenizer(tokenizers.models.BPE(end_of_word_suffix="</w>"))
    learner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    learner.train_from_iterator(
        words,
        tokenizers.trainers.BpeTrainer(
            vocab_size=180, end_of_word_suffix="</w>", show_progress=False
        ),
    )
    learned = json.loads(learner.to_str())["model"]
    known = ["<s>", "<pad>", "</s>", "<unk>", *learned["vocab"]]
    for name in ("vocab-src.json", "vocab-tgt.json"):
        (folder / name).write_text(json.dumps({piece: n for n, piece in enumerate(known)}))
    merges = [item if isinstance(item, str) else " ".join(item) for item in learned["merges"]]
    (folder / "merges.txt").write_text("".join(f"{item}\n" for item in merges), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"langs": languages}))
    torch.manual_seed(0)
    model = transformers.FSMTForConditionalGeneration(
        transformers.FSMTConfig(
            langs=languages,
            src_vocab_size=len(known),
            tgt_vocab_size=len(known),
            d_model=32,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            max_position_embeddings=512,
            dropout=0.0,
            tie_word_embeddings=False,
        )
    )
    tokenizer = transformers.FSMTTokenizer.from_pretrained(str(folder))
    batch = tokenizer([a for a, _ in pairs], return_tensors="pt", padding=True)
    reverse = transformers.FSMTTokenizer.from_pretrained(str(folder), langs=languages[::-1])
    answers = reverse([b for _, b in pairs], return_tensors="pt", padding=True)
    train(model, dict(batch), answers["input_ids"], 2)
    model.save_pretrained(str(folder))
    return folder


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
        "from lingula.training.augment.translate_ctranslate2 import CTranslate2Model;"
        "from lingula.training.augment.translate_folders import ModelPath;"
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
