"""A source may give some sections of its reports only, as ``lingula label --sections`` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingula.errors import InputError
from lingula.schemas import load_schema
from lingula.training.data.openi import measured_ids
from lingula.training.data.sources import read_source
from lingula.training.recipe import Source
from tests.training.test_data import openi_wheel

SCHEMA = load_schema("chexpert14")

WHOLE = (
    "INDICATION: Evaluate for pneumonia.\n\nFINDINGS: The heart is enlarged. No effusion.\n\n"
    "IMPRESSION: Cardiomegaly."
)


def texts(**changes: object) -> tuple[str, ...]:
    return read_source(Source("a", **changes), SCHEMA, Path()).texts  # type: ignore[arg-type]


def test_whole_reports_give_findings_and_impression_unless_asked_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "1.txt").write_text(WHOLE, encoding="utf-8")
    table = tmp_path / "t.jsonl"
    table.write_text('{"text": "' + WHOLE.replace("\n", "\\n") + '"}\n', encoding="utf-8")
    for source in ({"path": str(table)}, {"path": str(folder), "kind": "reports"}):
        (both,) = texts(**source)
        assert " ".join(both.split()) == "The heart is enlarged. No effusion. Cardiomegaly."
        assert texts(**source, sections="impression") == ("Cardiomegaly.",)
        assert texts(**source, sections="none") == (WHOLE,)
        with pytest.raises(InputError, match="there is no section 'remarks'"):
            texts(**source, sections="remarks")


def test_a_column_named_for_a_section_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "findings,impression\nHeart is enlarged,HISTORY: Fever. Clear lungs.\n,No edema.\n",
        encoding="utf-8",
    )
    columns = ("findings", "impression")
    joined, alone = texts(path=str(path), text_columns=columns)
    # A blank line: no sentence runs on from one column into the next.
    assert joined == "Heart is enlarged\n\nHISTORY: Fever. Clear lungs."
    assert alone == "No edema."


def test_open_i_has_two_sections(tmp_path: Path) -> None:
    wheel = openi_wheel(
        tmp_path / "x.whl",
        [
            ("CXR90001", "Heart is large.", "Cardiomegaly.", ["Cardiomegaly/mild"]),
            ("CXR90002", "Lungs are clear.", "", ["normal"]),
            (min(measured_ids()), "Other findings.", "CARDIOMEGALY.", ["Cardiomegaly"]),
        ],
    )
    source = Source("o", kind="openi", path=str(wheel), sections="impression")
    reports = read_source(source, SCHEMA, Path())
    assert reports.texts == ("Cardiomegaly.",)
    # A measured report has the same impression.
    assert reports.never_train.tolist() == [True]
    with pytest.raises(InputError, match="no section 'comparison'"):
        read_source(
            Source("o", kind="openi", path=str(wheel), sections="comparison"), SCHEMA, Path()
        )
