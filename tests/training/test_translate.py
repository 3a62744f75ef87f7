"""Back-translation around its engines: their names, the cache, interrupted runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import lingula
from lingula.errors import RecipeError
from lingula.schemas import load_schema
from lingula.training.data.augment import translate
from lingula.training.data.augment.translate import back_translate, translator
from lingula.training.data.augment.translate_folders import ModelPath, ThereAndBack
from lingula.training.data.silver import SilverLabels

SILVER = SilverLabels(lingula.load("rules"), load_schema("chexpert14"))


class Adverb:
    """Says it more clearly, until it is stopped."""

    name = "adverb"

    def __init__(self, patience: int = 99) -> None:
        self.given: list[str] = []
        self.patience = patience

    def translate(self, texts: Sequence[str]) -> list[str]:
        if self.patience == 0:
            raise KeyboardInterrupt
        self.patience -= 1
        self.given += texts
        return [text.replace(" is ", " is clearly ") for text in texts]


TEXTS = [f"The heart is enlarged. The mark number {n} is midline." for n in range(7)]


def test_an_interrupted_run_keeps_what_was_translated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translate, "CHUNK", 3)
    cache = tmp_path / "new" / "cache.jsonl"
    with pytest.raises(KeyboardInterrupt):
        back_translate(TEXTS, Adverb(patience=2), SILVER, cache)
    assert len(cache.read_text().splitlines()) == 6
    engine = Adverb()
    made = back_translate(TEXTS, engine, SILVER, cache)
    assert len(engine.given) == 2
    assert made.texts[0] == "The heart is clearly enlarged. The mark number 0 is clearly midline."
    assert made.rows.tolist() == list(range(7))
    assert made.texts == back_translate(TEXTS, Adverb(), SILVER).texts


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    cache = tmp_path / "cache.jsonl"
    back_translate(TEXTS, Adverb(), SILVER, cache)
    whole = cache.read_text()
    cache.write_text(whole[:-9])
    first = Adverb()
    back_translate(TEXTS, first, SILVER, cache)
    assert len(first.given) == 1
    second = Adverb()
    back_translate(TEXTS, second, SILVER, cache)
    assert second.given == []
    lines = cache.read_text().splitlines()
    assert len(lines) == 9
    assert json.loads(lines[-1]) == json.loads(whole.splitlines()[-1])


def test_another_engine_has_answers_of_its_own(tmp_path: Path) -> None:
    cache = tmp_path / "cache.jsonl"
    back_translate(TEXTS, Adverb(), SILVER, cache)
    other = Adverb()
    other.name = "another"
    back_translate(TEXTS, other, SILVER, cache)
    assert len(other.given) == 8


class Half:
    """A model that gives up on some sentences."""

    def __init__(self, mark: str, unknown: str) -> None:
        self.digest = mark
        self.unknown = unknown

    def translate(self, sentences: Sequence[str]) -> list[str | None]:
        return [None if self.unknown in text else f"{self.digest}({text})" for text in sentences]


def test_what_one_of_two_models_cannot_say_stays() -> None:
    engine = ThereAndBack("kind", Half("f", "x"), Half("g", "y"))
    assert engine.name == "kind f g"
    assert engine.translate(["a", "x", "", "y", " b  b\n"]) == [
        "g(f(a))",
        "x",
        "",
        "y",
        "g(f(b b))",
    ]


@pytest.mark.parametrize(
    "name", ["google:en-de", "marian", "marian:a", "marian:a:b:c", "marian::b", "ctranslate2:a"]
)
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(RecipeError, match=r"unknown translator .*ctranslate2:FOLDER:FOLDER"):
        translator(name)


def test_paths_and_codes() -> None:
    assert ModelPath.parse("a/b", Path("/c")) == ModelPath(Path("/c/a/b"))
    assert ModelPath.parse("/d>>deu<<", Path("/c")) == ModelPath(Path("/d"), ">>deu<<")


def test_the_engines_packages_are_left_alone_until_asked_for() -> None:
    code = (
        "import sys, lingula.training.data.augment.translate;"
        "print({'torch', 'transformers', 'sentencepiece', 'ctranslate2'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "set()\n"
