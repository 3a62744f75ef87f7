"""Back-translation: a text to another language and back, through real engines.

CheXbert's authors went from English to German and back (Smit et al., EMNLP 2020). An engine is
anything with a ``name`` and ``translate``; there is one for the program apertium, one for local
Marian or FSMT folders through transformers, and one for Marian folders through CTranslate2.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from lingula.errors import RecipeError
from lingula.text.sentences import split_sentences
from lingula.training.data.augment.translate_apertium import Apertium
from lingula.training.data.augment.translate_folders import ModelPath, ThereAndBack
from lingula.training.data.examples import text_key
from lingula.training.data.silver import SilverLabels

#: Sentences that are translated before they are written to the cache.
CHUNK = 2048


class Translator(Protocol):
    """A translation there and back again."""

    @property
    def name(self) -> str:
        """What the engine is: part of the cache's key."""
        ...

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Each sentence, paraphrased by way of the other language, in order.

        Raises:
            InputError: If the engine fails.
        """
        ...


def translator(name: str, folder: Path = Path()) -> Translator:
    """An engine by its name in a recipe.

    Args:
        name: "apertium:PAIR", "marian:THERE:BACK" (folders of Marian or FSMT models) or
            "ctranslate2:THERE:BACK" (converted folders). A folder of a model with several target
            languages is followed by the code of one: ``opus-mt-en-gmw>>deu<<``.
        folder: Where relative paths begin.

    Raises:
        RecipeError: If the name is of another form.
        InputError: If apertium is not installed, or a folder holds no such model.
        MissingExtraError: If the packages of an engine are not installed.
    """
    kind, *rest = name.split(":")
    if kind == "apertium" and len(rest) == 1:
        return Apertium(rest[0])
    if kind in ("marian", "ctranslate2") and len(rest) == 2 and all(rest):
        there, back = (ModelPath.parse(text, folder) for text in rest)
        if kind == "marian":
            from lingula.training.data.augment.translate_transformers import TransformersModel

            return ThereAndBack(kind, TransformersModel(there), TransformersModel(back))
        from lingula.training.data.augment.translate_ctranslate2 import CTranslate2Model

        return ThereAndBack(kind, CTranslate2Model(there), CTranslate2Model(back))
    raise RecipeError(
        f"unknown translator {name!r}; write apertium:eng-spa, marian:FOLDER:FOLDER or "
        "ctranslate2:FOLDER:FOLDER"
    )


@dataclass(frozen=True, eq=False)
class Paraphrases:
    """What came back.

    Attributes:
        texts: Paraphrases that are new and have the labels of their originals.
        rows: Which original each is of: int, (m,).
        unchanged: How many came back as they were.
        changed_labels: How many were dropped because the rules label them in another way.
    """

    texts: tuple[str, ...]
    rows: np.ndarray[tuple[int], np.dtype[np.intp]]
    unchanged: int
    changed_labels: int


def back_translate(
    texts: Sequence[str], engine: Translator, silver: SilverLabels, cache: Path | None = None
) -> Paraphrases:
    """Paraphrase reports sentence by sentence, and keep those whose labels stay the same.

    Args:
        texts: The reports.
        engine: Goes there and back.
        silver: Labels originals and paraphrases.
        cache: File of sentences that were translated before; JSON Lines. It holds report text, so
            keep it where the reports are kept.

    Raises:
        InputError: If the engine fails.
    """
    spans = [[text[start:end] for start, end in split_sentences(text)] for text in texts]
    wanted = list(dict.fromkeys(sentence for own in spans for sentence in own))
    known = _read_cache(cache, engine.name)
    new = [sentence for sentence in wanted if _key(sentence) not in known]
    # Translation takes hours on a CPU: what is done is kept as it comes.
    for start in range(0, len(new), CHUNK):
        chunk = new[start : start + CHUNK]
        made = dict(zip(map(_key, chunk), engine.translate(chunk), strict=True))
        _add_to_cache(cache, engine.name, made)
        known.update(made)
    drafts = [" ".join(known[_key(sentence)] for sentence in own) for own in spans]
    differs = np.array(
        [text_key(a) != text_key(b) for a, b in zip(texts, drafts, strict=True)], dtype=np.bool_
    )
    rows = np.flatnonzero(differs)
    chosen = [int(row) for row in rows]
    before = silver.classes([texts[row] for row in chosen])
    after = silver.classes([drafts[row] for row in chosen])
    same = (before == after).all(axis=1)
    return Paraphrases(
        tuple(drafts[int(row)] for row in rows[same]),
        rows[same],
        unchanged=int((~differs).sum()),
        changed_labels=int((~same).sum()),
    )


def _key(sentence: str) -> str:
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()


def _read_cache(path: Path | None, engine: str) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    out = {}
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                # The last line of an interrupted run; it is translated again.
                continue
            if entry["engine"] == engine:
                out[entry["key"]] = entry["text"]
    return out


def _add_to_cache(path: Path | None, engine: str, made: dict[str, str]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # translations of reports are reports
    with path.open("ab+") as ends:
        # After an interrupted run the last line may lack its end, and would spoil the next.
        ends.seek(max(0, ends.tell() - 1))
        unfinished = ends.read() not in (b"", b"\n")
    with path.open("a", encoding="utf-8") as stream:
        if unfinished:
            stream.write("\n")
        for key, text in made.items():
            entry = {"engine": engine, "key": key, "text": text}
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
