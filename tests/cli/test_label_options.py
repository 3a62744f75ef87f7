"""Every option of the label command either changes no label, or is held against kept work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

import lingula.pipeline
from lingula.cli.label import command
from lingula.pipeline import Job

#: Options that change no label, and why.
FREE = {
    "paths": "the input's content is held, not where it is",
    "output": "where it is written",
    "suffix": "names of new columns",
    "columns": "which columns are written",
    "no_text": "which columns are written",
    "dicom_sr": "where labels are written too",
    "form": "how they are written",
    "strict": "the exit status",
    "log_format": "what is printed",
    "format_like": "which columns are written",
    "id_column": "ids are written anew",
    "workers": "who labels a task",
    "engine": "who labels a partition",
    "endpoint": "where a language model's server stands; its digest says which model it is",
    "allow_remote": "where it may stand",
    "concurrency": "how it is asked",
    "answer_tokens": "is part of a language model's digest",
    "unanswered": "whether a report without an answer ends the run, which may then go on",
    "overwrite": "starts anew",
    "resume": "goes on",
    "quiet": "what is printed",
}

#: Every other option with a value that is not its default.
HELD: dict[str, list[str]] = {
    "labeler_name": ["--labeler", "rules"],
    "schema": ["--schema", "nih14"],
    "lexicon": ["--lexicon", "own.toml"],
    "aggregation": ["--aggregation", "chexpert-code"],
    "spelling": ["--spelling", "exact"],
    "text_columns": ["--text-column", "report"],
    "sections": ["--sections", "none"],
    "evidence": ["--evidence", "e.csv"],
    "probabilities": ["--probabilities"],
    "batch_size": ["--batch-size", "3"],
    "device": ["--device", "cpu"],
    "runtime": ["--runtime", "onnx"],
    "precision": ["--precision", "int8"],
    "long": ["--long", "cut"],
    "input_format": ["--input-format", "tsv"],
    "delimiter": ["--delimiter", ";"],
    "encoding": ["--encoding", "latin-1"],
    "no_header": ["--no-header"],
    "language": ["--language", "any"],
    "keep_placeholders": ["--keep-placeholders"],
    "on_bad_row": ["--on-bad-row", "skip"],
}


class CapturedError(Exception):
    """Ends the command where the run would begin."""


@pytest.fixture
def job_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The job that the command line builds."""
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text("")
    held: list[Job] = []

    def capture(job: Job) -> None:
        held.append(job)
        raise CapturedError

    monkeypatch.setattr(lingula.pipeline, "run", capture)

    def call(*arguments: str) -> Job:
        with pytest.raises(CapturedError):
            command.main(["in.csv", "-o", "out.csv", *arguments], standalone_mode=False)
        return held.pop()

    return call


def test_every_option_is_known_here() -> None:
    names = {parameter.name for parameter in command.params}
    assert names == set(FREE) | set(HELD)
    assert not set(FREE) & set(HELD)


def test_what_labels_depend_on_is_held(job_of: Any) -> None:
    plain = {name: job_of("--labeler", name).choices() for name in ("builtin", "rules")}
    for name, arguments in HELD.items():
        rules = name in ("lexicon", "aggregation", "schema")
        named = rules or "--labeler" in arguments
        changed = job_of(*arguments, *(() if named else ("--labeler", "builtin"))).choices()
        assert changed != plain["rules" if rules else "builtin"], name


def test_what_labels_do_not_depend_on_is_free(job_of: Any) -> None:
    plain = job_of().choices()
    free = ["--suffix", " x", "--id-column", "id", "--workers", "2", "--overwrite", "--resume"]
    assert job_of(*free, "--quiet").choices() == plain
    # CheXbert labels whatever a cell holds, so its form does too.
    assert job_of("--format-like", "chexbert").choices() != plain
    assert isinstance(command, click.Command)
