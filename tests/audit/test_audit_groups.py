"""Prevalence, metadata as groups, uncertainty."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from audit_rows import labels_of, random_labels
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.audit import AuditInput, AuditOptions, Groups
from lingula.audit.checks.prevalence import Prevalence
from lingula.audit.checks.uncertainty import Uncertainty
from lingula.audit.grouping import group_column, is_telling
from lingula.documents import Grid, Level
from lingula.errors import ColumnError, InputError
from lingula.schemas import load_schema


def _group(name: str, values: list[object], most: int = 8):
    return group_column(name, pa.chunked_array([pa.array(values)]), most)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=6)), min_size=1, max_size=80))
def test_every_row_is_in_one_group(values: list[str | None]) -> None:
    for name in ("Age", "StudyDate", "Site"):
        found = _group(name, [*values, "x"], 4)
        assert found.codes.shape == (len(values) + 1,)
        assert found.codes.min() >= 0
        assert set(found.codes) == set(range(len(found.names)))
        assert len(set(found.names)) == len(found.names)


def test_ages_become_bands_in_order() -> None:
    found = _group("PatientAge", ["057Y", "006M", "3", "88.0", "017Y", "400", "old", None, "-4"])
    assert found.names == ("0–17", "40–59", "80+", "unreadable", "blank")
    assert [found.names[c] for c in found.codes] == [
        "40–59", "0–17", "0–17", "80+", "0–17", "unreadable", "unreadable", "blank", "unreadable",
    ]  # fmt: skip
    assert "3 cells hold no age between 0 and 120 years" in found.odd[0]


def test_dates_become_years_or_decades() -> None:
    found = _group("StudyDate", ["20110203", "2012-04-05", "20121301", "1812-01-01", "soon", ""])
    assert found.names == ("2011", "2012", "unreadable", "blank")
    assert list(found.codes) == [0, 1, 2, 2, 2, 3]
    assert "3 cells" in found.odd[0]
    # De-identified dates lie in the future; they are dates all the same.
    many = _group("StudyDate", [f"{year}0101" for year in range(2105, 2205)], 5)
    assert len(many.names) <= 5
    assert not many.odd
    assert many.names == ("2100–2199", "2200–2299")
    assert _group("date", ["20110101", "21500101"]).names == ("2011", "2150")


def test_rare_categories_are_pooled() -> None:
    found = _group("site", ["a"] * 5 + ["b"] * 3 + ["c", "d", "e"], 3)
    assert found.names == ("a", "b", "other (3 values)")
    assert np.bincount(found.codes).tolist() == [5, 3, 3]


def test_long_cells_are_not_shown() -> None:
    text = "There is a small effusion at the left base, as before."
    for name in ("site", "Age", "StudyDate"):
        found = _group(name, ["a", text])
        assert text not in str(found)
        assert str(len(text)) in str((found.names, found.odd))


def test_many_numbers_become_quarters() -> None:
    found = _group("width", [float(v) for v in range(100)])
    assert len(found.names) == 4
    assert np.bincount(found.codes).tolist() == [25, 25, 25, 25]


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("AP/PA", True), ("Frontal/Lateral", True), ("Patient Age", True), ("ViewPosition", True),
        ("Sex", True), ("site_code", True), ("ImageWidth", False), ("pagenumber", False),
        ("Follow-up #", False), ("Path", False), ("StudyDate", True),
    ],
)  # fmt: skip
def test_names_that_promise_a_breakdown(name: str, telling: bool) -> None:
    assert is_telling(name) is telling


def test_counts_shares_and_intervals() -> None:
    data = AuditInput(labels=labels_of({"Edema": "+" * 30 + "-" * 10 + "?" * 5 + " " * 55}))
    result = Prevalence().run(data, AuditOptions(), {})
    table = result.table("labels")
    row = table.rows[table.column("label").index("Edema")]
    assert row[:6] == ("Edema", 30, 5, 10, 55, 0.3)
    assert row[6:8] == pytest.approx((0.2189, 0.3958), abs=1e-4)  # Wilson, by hand
    assert row[8] == 30
    assert any(
        f.text.startswith("Edema is too rare to measure: with 30 reports") for f in result.findings
    )
    assert any(f.text.startswith("Never positive:") for f in result.findings)
    assert result.score == 0
    assert np.isfinite(result.label_scores).all()


def test_patients_not_rows_make_a_label_frequent() -> None:
    labels = labels_of({"Edema": "+" * 600})
    alone = Prevalence().run(AuditInput(labels=labels), AuditOptions(), {})
    few = Prevalence().run(
        AuditInput(labels=labels, patients=Groups.of([str(i % 20) for i in range(600)])),
        AuditOptions(),
        {},
    )
    at = alone.table("labels").column("label").index("Edema")
    assert alone.table("labels").column("cases")[at] == 600
    assert few.table("labels").column("cases")[at] == 20
    assert few.label_scores[at] < alone.label_scores[at]


def test_a_difference_between_groups_is_named() -> None:
    view = ["AP"] * 500 + ["PA"] * 500
    labels = labels_of({"Edema": "+" * 200 + " " * 300 + "+" * 20 + " " * 480})
    data = AuditInput(labels=labels, metadata=pa.table({"view": view, "note": ["x"] * 1000}))
    result = Prevalence().run(data, AuditOptions(), {})
    assert "Edema is positive in 40.0% where view is AP, and in 4.0% where it is PA." in [
        finding.text for finding in result.findings
    ]
    grids = [item for item in result.exhibits if isinstance(item, Grid)]
    assert [grid.name for grid in grids] == ["by view"]
    counts = result.table("counts by view")
    assert sum(counts.column("positive")) == 220
    chosen = Prevalence().run(data, AuditOptions(groups=("note",)), {})
    assert any(item.name == "by note" for item in chosen.exhibits)


def test_no_difference_is_named_where_there_is_none() -> None:
    generator = np.random.default_rng(4)
    data = AuditInput(
        labels=random_labels(4000, 4),
        metadata=pa.table({"view": generator.choice(["AP", "PA"], 4000)}),
    )
    found = Prevalence().run(data, AuditOptions(), {}).findings
    assert not [finding for finding in found if "where view is" in finding.text]


def test_an_unknown_group_column_is_an_error() -> None:
    data = AuditInput(labels=random_labels(3, 1), metadata=pa.table({"view": ["a", "b", "c"]}))
    with pytest.raises(ColumnError, match="no metadata column 'age'; there are view"):
        Prevalence().run(data, AuditOptions(groups=("age",)), {})
    with pytest.raises(InputError, match="widest_interval"):
        AuditOptions(widest_interval=2)


def test_bounds_of_prevalence() -> None:
    data = AuditInput(
        labels=labels_of({"Pneumonia": "+???- " + " " * 4, "Edema": "++--" + " " * 6})
    )
    result = Uncertainty().run(data, AuditOptions(), {})
    table = result.table("labels")
    row = table.rows[table.column("label").index("Pneumonia")]
    assert row == ("Pneumonia", 3, 0.3, pytest.approx(0.6), 0.75, 0.1, 0.4)
    assert result.value("uncertain") == 3
    assert result.findings[0].level is Level.ACT
    # Two labels have possible positives: 1 - 0.75 and 1 - 0.
    assert result.score == pytest.approx((0.25 + 1) / 2)


def test_no_uncertain_label_is_said_and_a_schema_without_them_not_checked() -> None:
    none = Uncertainty().run(AuditInput(labels=labels_of({"Edema": "+-"})), AuditOptions(), {})
    assert none.score == 1
    assert none.label_scores is None  # what was uncertain is not known
    assert "No uncertain label at all" in none.findings[0].text
    nih = load_schema("nih14")
    data = AuditInput(labels=labels_of({"Mass": "+ "}, nih))
    assert "cannot" not in Uncertainty().run(data, AuditOptions(), {}).summary
    assert Uncertainty().run(data, AuditOptions(), {}).missing
