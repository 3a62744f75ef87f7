"""Broken files through every command, a few of those of benchmarks/fuzz.py."""

from __future__ import annotations

import importlib
import os
import random
from pathlib import Path
from typing import Any

import pytest

from lingula.cli.wording import ERROR_CHARACTERS, counted, one_line

#: LINGULA_FUZZ=20000 for the run whose figure is in benchmarks/README.md.
INPUTS = int(os.environ.get("LINGULA_FUZZ", "60"))


RULES = ("--labeler", "rules")


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    module = importlib.import_module("fuzz")
    with module.loaded_once():
        yield module


@pytest.mark.slow
def test_broken_files(fuzz: Any) -> None:
    found = fuzz.fuzz(INPUTS, seed=100_000)
    assert sum(found.statuses.values()) == INPUTS
    assert not found.failures


@pytest.mark.slow
@pytest.mark.parametrize("command", ["label", "strata"])
def test_encodings_that_are_none(fuzz: Any, tmp_path: Path, command: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,report\n1,No edema.\n")
    found = fuzz.Found()
    for number, encoding in enumerate(fuzz.ENCODINGS):
        output = tmp_path / f"{number}.csv"
        arguments = [command, str(source), "-o", str(output), "--encoding", encoding]
        if command == "label":
            arguments += ["--labeler", "rules"]
        fuzz.run_one(arguments, tmp_path, command, found, number)
    assert not found.failures


@pytest.mark.slow
def test_strange_parquet(fuzz: Any, tmp_path: Path) -> None:
    found = fuzz.Found()
    for seed in range(12):
        source = tmp_path / f"{seed}.parquet"
        source.write_bytes(fuzz.strange_parquet(random.Random(seed)))
        for command in (["strata"], ["label", *RULES]):
            arguments = [command[0], str(source), "-o", str(tmp_path / "o.jsonl"), "--overwrite"]
            fuzz.run_one([*arguments, *command[1:]], tmp_path, command[0], found, seed)
        fuzz.run_one(["explain", "--table", str(source), *RULES], tmp_path, "explain", found, seed)
    assert not found.failures


def test_an_error_is_one_line_of_bounded_length() -> None:
    assert one_line("a\nb\x1b[31m\u202e\ud800c\td") == "a b\\x1b[31m\\u202e\\ud800c\\td"
    assert one_line("é 👍") == "é 👍"
    long = one_line("x" * 5000 + "the end")
    assert len(long) < ERROR_CHARACTERS + 60
    assert long.endswith("the end")
    assert "characters) ..." in long


def test_numbers_with_nouns() -> None:
    assert [counted(n, "row") for n in (0, 1, 2, 1000)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "1,000 rows",
    ]
    assert counted(2, "process", "processes") == "2 processes"
