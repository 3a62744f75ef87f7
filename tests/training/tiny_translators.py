"""Marian and FSMT models that know eight sentences by heart, made here in seconds."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import sentencepiece
import tokenizers
import torch
import transformers
from sacremoses import MosesTokenizer

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

#: Of both kinds of model.
SIZES: dict[str, Any] = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 512,
    "dropout": 0.0,
}


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
            **SIZES,
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
            **SIZES,
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
