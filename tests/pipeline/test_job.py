"""A job is a value: built once, printed, and handed down whole."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest
from small_table import TEXTS, make
from word_labeler import WordLabeler

from lingula.errors import InputError, LingulaError, SchemaError
from lingula.pipeline import How, Job, Output, Source, run


def test_both_ways_to_build_it_are_equal(tmp_path: Path) -> None:
    labeler = WordLabeler()
    job = Job.of(
        Path("in.csv"),
        "out.csv",
        labeler,
        text_columns=["a"],
        sections=["findings"],
        evidence="e.csv",
        workers=3,
        resume=True,
    )
    assert job == Job(
        Source("in.csv", ("a",), sections=("findings",)),
        labeler,
        Output(Path("out.csv"), Path("e.csv")),
        How(workers=3, resume=True),
    )
    with pytest.raises(FrozenInstanceError):
        job.source.path = "other.csv"  # type: ignore[misc]


def test_a_job_is_printed_as_json(tmp_path: Path) -> None:
    job = Job.of("in.csv", "out.csv", WordLabeler(), sections=("findings",), progress=print)
    held = json.loads(json.dumps(job.to_dict()))
    assert held["source"]["sections"] == ["findings"]
    assert held["output"]["path"] == "out.csv"
    assert held["labeler"]["schema"]["name"] == "chexpert14"
    assert set(held["source"]) == {item.name for item in fields(Source)}
    assert set(held["how"]) == {item.name for item in fields(How)} - {"progress"}


def test_a_job_is_run_whole(tmp_path: Path) -> None:
    source = make(tmp_path / "in.csv", TEXTS)
    job = Job.of(source, tmp_path / "a.csv", WordLabeler())
    assert run(job).rows == len(TEXTS)
    run(source, tmp_path / "b.csv", WordLabeler())
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    again = replace(job, output=replace(job.output, overwrite=True)).resuming()
    assert again.how.resume
    assert run(again).rows == len(TEXTS)


def test_what_is_no_job(tmp_path: Path) -> None:
    labeler: Any = WordLabeler()
    with pytest.raises(TypeError, match="source, an output and a labeler"):
        run("in.csv")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="nothing beside a Job"):
        run(Job.of("a.csv", "b.csv", labeler), "c.csv")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="colour"):
        Job.of("a.csv", "b.csv", labeler, colour="red")
    with pytest.raises(InputError, match="cannot be read again"):
        Job.of("-", "b.csv", labeler, resume=True)
    with pytest.raises(InputError, match="fail or be skipped"):
        Job.of("a.csv", "b.csv", labeler, on_bad_row="mend")
    with pytest.raises(SchemaError, match="no form 'negbio'"):
        Job.of("a.csv", "b.csv", labeler, format_like="negbio")
    with pytest.raises(LingulaError, match="no probabilities"):
        Job.of("a.csv", "b.csv", labeler, format_like="chexbert", probabilities=True)
