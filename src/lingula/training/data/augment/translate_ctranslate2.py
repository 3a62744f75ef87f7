"""Marian models through CTranslate2 (Klein et al., 2020), made for inference; needs no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence

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
    read_json,
    require_files,
)

#: Most tokens of a sentence: the positions of a Marian model.
LONGEST = 512

#: How a folder is converted.
CONVERT = (
    "ct2-transformers-converter --model FOLDER --output_dir CONVERTED "
    "--copy_files source.spm target.spm"
)

#: Tokens that are no text.
_MARKS = {"<unk>", "</s>", "<pad>"}


class CTranslate2Model:
    """One direction: a converted folder, with the two sentencepiece models beside.

    Runs on a GPU if there is one.

    Args:
        path: The folder.
        beams: Beams of the search.

    Raises:
        InputError: If the folder holds no converted Marian model, or not all of it.
        MissingExtraError: If a package is not installed.
    """

    def __init__(self, path: ModelPath, beams: int = BEAMS) -> None:
        folder = path.folder
        kind = model_kind(folder)
        if kind == "marian":
            raise InputError(f"{folder}: was not converted for CTranslate2: {CONVERT}")
        if kind != CONVERTED:
            raise InputError(
                f"{folder}: holds a model of kind {kind!r}; CTranslate2 takes Marian models here, "
                f"converted by {CONVERT}"
            )
        require_files(folder, ("source.spm", "target.spm"))
        need_packages("ctranslate2", "sentencepiece")
        import ctranslate2
        import sentencepiece

        try:
            self._model = ctranslate2.Translator(str(folder), device="auto")
            self._source, self._target = (
                sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
                for name in ("source.spm", "target.spm")
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"{folder}: cannot be loaded: {error}") from None
        self._folder = folder
        self._beams = beams
        check_code(path, _codes(path))
        self._before = [path.code] if path.code else []
        # Some converters have CTranslate2 add it.
        added = read_json(folder / "config.json").get("add_source_eos", False)
        self._after = [] if added else ["</s>"]
        self.digest = digest(path, f"ctranslate2 {beams}")

    def translate(self, sentences: Sequence[str]) -> list[str | None]:
        """Each sentence in the other language; None where there is no whole answer."""
        tokens: list[list[str]] = [
            [*self._before, *pieces, *self._after]
            for pieces in self._source.encode(list(sentences), out_type=str)
        ]
        made: list[str | None] = [None] * len(sentences)
        rows = [row for row, own in enumerate(tokens) if len(own) <= LONGEST]
        try:
            # It sorts by length, and answers in the order that was given.
            answers = self._model.translate_batch(
                [tokens[row] for row in rows],
                beam_size=self._beams,
                max_batch_size=BATCH,
                max_input_length=0,
                max_decoding_length=ANSWER_TOKENS,
            )
        except (RuntimeError, ValueError) as error:
            raise InputError(f"{self._folder}: CTranslate2 failed: {error}") from None
        for row, answer in zip(rows, answers, strict=True):
            made[row] = self._text(answer.hypotheses[0])
        return made

    def _text(self, tokens: list[str]) -> str | None:
        if len(tokens) >= ANSWER_TOKENS - 1:
            return None
        text: str = self._target.decode([token for token in tokens if token not in _MARKS])
        # A piece that only the source language has keeps the mark of its space.
        return " ".join(text.replace("\u2581", " ").split()) or None


def _codes(path: ModelPath) -> list[str]:
    """The codes of languages in the vocabulary."""
    for name in ("shared_vocabulary.json", "source_vocabulary.json"):
        if (path.folder / name).is_file():
            tokens = json.loads((path.folder / name).read_text(encoding="utf-8"))
            return [token for token in tokens if token.startswith(">>") and token.endswith("<<")]
    return []
