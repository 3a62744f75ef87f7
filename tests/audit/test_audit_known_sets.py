"""Figures of two public tables, read from the wheel of torchxrayvision that the environment names.

They are facts of those tables: CheXpert's (Irvin et al., AAAI 2019) and ChestX-ray14's (Wang et
al., CVPR 2017). The tables are not part of this project.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lingula.audit import Audit, audit
from lingula.audit.checks.repeats import held_by_more_than, held_by_top
from lingula.audit.reading import Files, read_audit

VARIABLE = "LINGULA_TXRV_WHEEL"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path(os.environ.get(VARIABLE, "")).is_file(),
        reason=f"{VARIABLE} names no torchxrayvision wheel",
    ),
]


def _audit(name: str, folder: Path) -> Audit:
    member = f"torchxrayvision/data/{name}"
    with zipfile.ZipFile(os.environ[VARIABLE]) as wheel:
        path = Path(wheel.extract(member, folder))
    return audit(read_audit(Files(path)).data)


@pytest.fixture(scope="module")
def chexpert(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return _audit("chexpert_train.csv.gz", tmp_path_factory.mktemp("chexpert"))


@pytest.fixture(scope="module")
def nih(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return _audit("Data_Entry_2017_v2020.csv.gz", tmp_path_factory.mktemp("nih"))


def test_chexpert_counts(chexpert: Audit) -> None:
    repeats = chexpert.check("repeats")
    assert repeats.value("images") == 223_414
    assert repeats.value("patients") == 64_540
    assert repeats.value("studies") == 187_641
    top = repeats.table("top_studies")
    held = dict(zip(top.column("patients"), top.column("held"), strict=True))
    assert f"{held[0.31]:.1%}" == "70.4%"


def test_chexpert_labels(chexpert: Audit) -> None:
    """Counts as a plain count of the table's cells gives them."""
    table = chexpert.check("prevalence").table("labels")
    assert sum(table.column("positive")) == 515_589
    assert sum(table.column("negative")) == 194_275
    assert sum(table.column("uncertain")) == 139_958
    # The labeler of CheXpert fills in no parents, and gives No Finding with devices alone.
    logic = chexpert.check("logic")
    assert logic.value("no_finding_rows") == 0
    assert logic.value("orphan_rows") > 60_000
    groups = {item.name for item in chexpert.check("prevalence").exhibits}
    assert {"by Sex", "by Age", "by Frontal/Lateral", "by AP/PA"} <= groups


def test_nih_counts(nih: Audit) -> None:
    repeats = nih.check("repeats")
    assert repeats.value("images") == 112_120
    assert repeats.value("patients") == 30_805
    more = repeats.table("more_than_images")
    at = more.column("k").index(10)
    assert f"{more.column('patients')[at]:.1%}" == "7.2%"
    assert f"{more.column('held')[at]:.1%}" == "45.0%"


def test_nih_labels(nih: Audit) -> None:
    table = nih.check("prevalence").table("labels")
    counts = dict(zip(table.column("label"), table.column("positive"), strict=True))
    assert counts["Infiltration"] == 19_894
    assert counts["Hernia"] == 227
    assert nih.check("logic").value("outside_cells") == 0


def test_shares_do_not_depend_on_order() -> None:
    counts = np.random.default_rng(1).integers(1, 30, 1000)
    shuffled = np.random.default_rng(2).permutation(counts)
    assert held_by_top(counts, 0.31) == held_by_top(shuffled, 0.31)
    assert held_by_more_than(counts, 10) == held_by_more_than(shuffled, 10)
