"""Marian (Junczys-Dowmunt et al., 2018) and FSMT (Ng et al., 2019) models through transformers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lingula.errors import InputError
from lingula.training.data.augment.translate_folders import (
    ANSWER_TOKENS,
    BATCH,
    BEAMS,
    CONVERTED,
    ModelPath,
    check_code,
    digest,
    model_kind,
    need_packages,
    require_files,
)


@dataclass(frozen=True)
class _Kind:
    """What a kind of model needs: names in transformers, files and a package of the tokenizer."""

    model: str
    tokenizer: str
    files: tuple[str, ...]
    package: str


KINDS = {
    "marian": _Kind(
        "MarianMTModel",
        "MarianTokenizer",
        ("source.spm", "target.spm", "vocab.json", "tokenizer_config.json"),
        "sentencepiece",
    ),
    "fsmt": _Kind(
        "FSMTForConditionalGeneration",
        "FSMTTokenizer",
        ("vocab-src.json", "vocab-tgt.json", "merges.txt", "tokenizer_config.json"),
        "sacremoses",
    ),
}


class TransformersModel:
    """One direction: a folder as ``save_pretrained`` writes it, or as it is downloaded.

    Runs on a GPU if there is one. Nothing is fetched.

    Args:
        path: The folder.
        beams: Beams of the search.

    Raises:
        InputError: If the folder holds no Marian or FSMT model, or not all of it.
        MissingExtraError: If a package is not installed.
    """

    def __init__(self, path: ModelPath, beams: int = BEAMS) -> None:
        folder = path.folder
        kind = model_kind(folder)
        if kind == CONVERTED:
            raise InputError(
                f"{folder}: was converted for CTranslate2; write ctranslate2:FOLDER:FOLDER"
            )
        if kind not in KINDS:
            raise InputError(f"{folder}: holds a model of kind {kind!r}, not Marian or FSMT")
        known = KINDS[kind]
        require_files(folder, known.files)
        need_packages("torch", "transformers", known.package)
        import torch
        import transformers

        try:
            # By name, since older folders do not say which tokenizer is theirs.
            self._tokenizer = getattr(transformers, known.tokenizer).from_pretrained(
                str(folder), local_files_only=True
            )
            model, told = getattr(transformers, known.model).from_pretrained(
                str(folder), local_files_only=True, output_loading_info=True
            )
        except Exception as error:  # noqa: BLE001  (of many packages, without a common base)
            raise InputError(f"{folder}: cannot be loaded: {error}") from None
        check_code(path, getattr(self._tokenizer, "supported_language_codes", ()))
        # Positions are computed, and not in every file. Anything else would be left to chance.
        missing = sorted(name for name in told["missing_keys"] if "embed_positions" not in name)
        if missing:
            raise InputError(f"{folder}: {len(missing)} of its weights are missing: {missing[0]}")
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = model.to(self._device).eval()
        self._beams = beams
        self._code = path.code
        # A Marian tokenizer would else decode with the pieces of the source language.
        self._decoding = {"use_source_tokenizer": False} if kind == "marian" else {}
        self._longest = int(model.config.max_position_embeddings)
        self.digest = digest(path, f"transformers {beams}")

    def translate(self, sentences: Sequence[str]) -> list[str | None]:
        """Each sentence in the other language; None where there is no whole answer."""
        import torch

        given = [f"{self._code} {sentence}".lstrip() for sentence in sentences]
        ids: list[list[int]] = self._tokenizer(given)["input_ids"] if given else []
        made: list[str | None] = [None] * len(sentences)
        # By length, so that little of a batch is padding.
        rows = sorted(
            (row for row, own in enumerate(ids) if len(own) <= self._longest),
            key=lambda row: -len(ids[row]),
        )
        for start in range(0, len(rows), BATCH):
            chosen = rows[start : start + BATCH]
            batch = self._tokenizer.pad(
                {"input_ids": [ids[row] for row in chosen]}, return_tensors="pt"
            ).to(self._device)
            with torch.inference_mode():
                answers = self._model.generate(
                    input_ids=batch["input_ids"],
                    attention_mask=batch["attention_mask"],
                    num_beams=self._beams,
                    do_sample=False,
                    # With the start token.
                    max_length=ANSWER_TOKENS + 1,
                )
            for row, answer in zip(chosen, answers.tolist(), strict=True):
                made[row] = self._text(answer[1:])
        return made

    def _text(self, answer: list[int]) -> str | None:
        """The text of an answer without its start token."""
        end = self._tokenizer.eos_token_id
        if end is None:
            end = self._tokenizer.sep_token_id
        length = answer.index(end) if end in answer else len(answer)
        if length >= ANSWER_TOKENS - 1:
            return None
        text: str = self._tokenizer.decode(
            answer[:length], skip_special_tokens=True, **self._decoding
        )
        return " ".join(text.split()) or None
