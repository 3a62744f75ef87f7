"""Back-translation: a text to another language and back, through real engines.

CheXbert's authors went from English to German and back (Smit et al., EMNLP 2020). An engine is
anything with a ``name`` and ``translate``; one ships for the program apertium, one for local Marian
or FSMT folders through transformers.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lingula.errors import InputError, RecipeError
from lingula.text.sentences import split_sentences
from lingula.training.examples import text_key
from lingula.training.silver import SilverLabels

#: Seconds after which a call of apertium is given up.
PATIENCE = 600

#: Sentences that go through a Marian or FSMT model together.
BATCH = 32


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


class Apertium:
    """The rule-based engine apertium (Forcada et al., 2011), as a program.

    Args:
        pair: The direction there, such as "eng-spa"; the way back is the reverse.

    Raises:
        InputError: If the program or one of the directions is not installed.
    """

    def __init__(self, pair: str = "eng-spa") -> None:
        program = shutil.which("apertium")
        if program is None:
            raise InputError(f"apertium is not installed: apt-get install apertium apertium-{pair}")
        self._program = program
        first, _, second = pair.partition("-")
        self._ways = (pair, f"{second}-{first}")
        known = self._run("-l").split()
        if missing := [way for way in self._ways if way not in known]:
            raise InputError(
                f"apertium has no {missing[0]}: apt-get install apertium-{pair}; it has "
                f"{', '.join(known) or 'none'}"
            )
        self.name = f"apertium {pair}"

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Each sentence by way of the other language."""
        lines = [" ".join(text.split()) for text in texts]
        for way in self._ways:
            # -u leaves out the marks of unknown words.
            made = self._run("-u", way, content="\n".join(lines) + "\n").split("\n")
            if len(made) != len(lines) + 1:
                raise InputError(f"apertium {way} gave {len(made) - 1} lines for {len(lines)}")
            lines = made[:-1]
        return lines

    def _run(self, *arguments: str, content: str = "") -> str:
        try:
            done = subprocess.run(
                [self._program, *arguments],
                input=content,
                capture_output=True,
                encoding="utf-8",
                timeout=PATIENCE,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            # Its own text may hold a report, so only the kind of error is shown.
            raise InputError(f"apertium {' '.join(arguments)}: {type(error).__name__}") from None
        return done.stdout


class Marian:
    """Two local folders of Marian or FSMT models, through transformers.

    Args:
        there: Folder of the model to the other language.
        back: Folder of the model back.
        beams: Beams of the search.

    Raises:
        InputError: If a folder holds no such model.
    """

    def __init__(self, there: Path, back: Path, beams: int = 4) -> None:
        self.name = f"{there.name} and {back.name}, {beams} beams"
        self._beams = beams
        self._models = [_seq2seq(there), _seq2seq(back)]

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Each sentence by way of the other language."""
        import torch

        lines = list(texts)
        for tokenizer, model in self._models:
            made: list[str] = []
            for start in range(0, len(lines), BATCH):
                batch = tokenizer(
                    lines[start : start + BATCH], return_tensors="pt", padding=True, truncation=True
                )
                with torch.inference_mode():
                    answer = model.generate(**batch, num_beams=self._beams, max_new_tokens=256)
                made += tokenizer.batch_decode(answer, skip_special_tokens=True)
            lines = made
        return lines


def _seq2seq(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder of a translation model")
    try:
        load: Any = AutoTokenizer.from_pretrained
        return load(str(folder)), AutoModelForSeq2SeqLM.from_pretrained(str(folder)).eval()
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"{folder}: not a Marian or FSMT model: {error}") from None


def translator(name: str, folder: Path = Path()) -> Translator:
    """An engine by its name in a recipe: "apertium:PAIR" or "marian:THERE:BACK" (folders).

    Raises:
        RecipeError: If the name is of another form.
        InputError: If the engine is not installed.
    """
    kind, *rest = name.split(":")
    if kind == "apertium" and len(rest) == 1:
        return Apertium(rest[0])
    if kind == "marian" and len(rest) == 2:
        return Marian(folder / rest[0], folder / rest[1])
    raise RecipeError(
        f"unknown translator {name!r}; write apertium:eng-spa or marian:FOLDER:FOLDER"
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
    if new := [sentence for sentence in wanted if _key(sentence) not in known]:
        made = dict(zip(map(_key, new), engine.translate(new), strict=True))
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
    with path.open("a", encoding="utf-8") as stream:
        for key, text in made.items():
            entry = {"engine": engine, "key": key, "text": text}
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
