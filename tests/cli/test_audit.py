from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lingula.cli.audit import command
from lingula.cli.audit_files import CHANGES, FIGURES, PAGE, SHEET, SHEET_PAGE
from lingula.errors import ColumnError, InputError

LABELS = """\
study_id,subject_id,split,sex,No Finding,Edema,Lung Opacity
s1,p1,train,F,1.0,,
s2,p1,test,F,,1.0,
s3,p2,train,M,,-1.0,1.0
s4,p3,train,M,1.0,,1.0
"""
REPORTS = """\
study_id,text
s1,No significant change from the earlier film.
s2,There is moderate pulmonary edema.
s3,"Possible edema, with a basal opacity."
s4,There is an opacity at the left base.
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "labels.csv").write_text(LABELS, encoding="utf-8")
    (tmp_path / "reports.csv").write_text(REPORTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments), catch_exceptions=True)


def test_four_files_and_a_summary(folder: Path) -> None:
    result = _run("labels.csv", "--reports", "reports.csv", "--compare", "labels.csv")
    assert result.exit_code == 0, result.output
    assert "Prevalence" in result.output
    assert "audit/audit.html" in result.output
    figures = json.loads((folder / "audit" / FIGURES).read_text("utf-8"))
    assert figures["checks"]["references"]["measures"]["only_compare"]["value"] == 1
    assert figures["checks"]["leakage"]["measures"]["shared_patients"]["value"] == 1
    assert figures["checks"]["agreement"]["score"] == 1
    assert (folder / "audit" / PAGE).read_text("utf-8").endswith("</html>\n")
    assert (folder / "audit" / SHEET).read_text("utf-8").startswith("# Data sheet")
    assert sorted(path.name for path in (folder / "audit").iterdir()) == sorted(
        (PAGE, FIGURES, SHEET, SHEET_PAGE)
    )


def test_text_is_written_only_when_it_is_asked_for(folder: Path) -> None:
    _run("labels.csv", "--reports", "reports.csv", "-o", "plain", "-q")
    for name in (PAGE, FIGURES, SHEET):
        assert "the earlier film" not in (folder / "plain" / name).read_text("utf-8")
    _run("labels.csv", "--reports", "reports.csv", "-o", "shown", "-q", "--show-text")
    assert "the earlier film" in (folder / "shown" / PAGE).read_text("utf-8")
    assert "the earlier film" not in (folder / "shown" / SHEET).read_text("utf-8")


def test_corrected_tables(folder: Path) -> None:
    result = _run(
        "labels.csv",
        "--reports",
        "reports.csv",
        "--fill-parents",
        "filled.csv",
        "--drop",
        "kept.csv",
    )
    assert result.exit_code == 0, result.output
    assert "filled.csv: parents filled in (1 cell: 1 blank)" in result.output
    changes = (folder / "audit" / CHANGES).read_text("utf-8").splitlines()
    assert changes[1:] == ["2,s2,Lung Opacity,Lung Opacity,blank,Edema"]
    lines = LABELS.splitlines()
    filled = (folder / "filled.csv").read_text("utf-8").splitlines()
    assert filled == [*lines[:2], lines[2] + "1.0", *lines[3:]]
    kept = (folder / "kept.csv").read_text("utf-8").splitlines()
    assert kept == [lines[0], *lines[2:]]


def test_without_extras_the_figures_and_the_sheet_are_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lingula.documents.html import _template

    _template.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setitem(sys.modules, "datasketch", None)
    result = _run("labels.csv", "--reports", "reports.csv")
    assert result.exit_code == 0, result.output
    assert "no pages are written" in result.stderr
    assert "lingula[report]" in result.stderr
    assert {path.name for path in (folder / "audit").iterdir()} == {FIGURES, SHEET}
    checks = json.loads((folder / "audit" / FIGURES).read_text("utf-8"))["checks"]
    assert "lingula[audit]" in checks["duplicates"]["missing"]
    assert checks["references"]["score"] is not None


def test_quiet_says_nothing(folder: Path) -> None:
    assert _run("labels.csv", "-q").output == ""


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["nowhere.csv"], InputError, "nowhere.csv"),
        (["labels.csv", "--patient-column", "who"], ColumnError, "no column 'who'"),
        (["labels.csv", "--group", "hue"], ColumnError, "no metadata column 'hue'"),
        (["labels.csv", "--drop", "kept.csv"], InputError, "--reports"),
        (["labels.csv", "--drop", "kept.doc"], InputError, "kept.doc"),
        (["labels.csv", "--fill-parents", "./labels.csv"], InputError, "is an input"),
        (
            ["labels.csv", "--fill-parents", "kept.csv", "--drop", "kept.csv"],
            InputError,
            "another output",
        ),
        (["labels.csv", "-o", "labels.csv"], InputError, "labels.csv"),
    ],
)
def test_errors_are_ours(
    folder: Path, arguments: list[str], error: type[Exception], message: str
) -> None:
    result = _run(*arguments)
    assert isinstance(result.exception, error)
    assert message in str(result.exception)
    assert not (folder / "kept.csv").exists()
    assert (folder / "labels.csv").read_text("utf-8") == LABELS


def test_an_earlier_audit_survives_an_error(folder: Path) -> None:
    assert _run("labels.csv", "-q").exit_code == 0
    before = (folder / "audit" / PAGE).read_bytes()
    refused = _run("labels.csv", "-q").exception
    assert isinstance(refused, InputError) and "--overwrite" in str(refused)
    again = _run("labels.csv", "-q", "--overwrite", "--drop", "kept.csv")
    assert isinstance(again.exception, InputError)
    assert (folder / "audit" / PAGE).read_bytes() == before
    (folder / "labels.csv").write_text("study_id,Edema\n", encoding="utf-8")
    assert isinstance(_run("labels.csv", "-q", "--overwrite").exception, InputError)
    assert (folder / "audit" / PAGE).read_bytes() == before
    (folder / "labels.csv").write_text(LABELS, encoding="utf-8")
    (folder / "kept.csv").write_text("mine", encoding="utf-8")
    target = ("--fill-parents", "kept.csv", "-o", "new")
    assert "kept.csv: is there already" in str(_run("labels.csv", "-q", *target).exception)
    assert _run("labels.csv", "-q", "--overwrite").exit_code == 0
    assert _run("labels.csv", "-q", "--only-blanks").exit_code == 2
    assert _run("labels.csv", "-q", *target, "--overwrite", "--only-blanks").exit_code == 0


def test_help_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from lingula.cli.audit import command; "
        "heavy = {'pyarrow', 'jinja2', 'datasketch', 'pandas', 'torch'} & set(sys.modules); "
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


STATEMENTS = (
    "Small left pleural effusion.",
    "Moderate cardiomegaly without edema.",
    "Right lower lobe pneumonia. No pneumothorax.",
    "Possible atelectasis at the base.",
    "Acute rib fracture. Endotracheal tube in place.",
)


def test_a_second_labeler_of_the_same_rules_counts_for_nothing(folder: Path) -> None:
    import lingula

    texts = [f"{STATEMENTS[i % 5]} {STATEMENTS[(i * 2 + i // 5) % 5]}" for i in range(25)]
    rows = [f'{i},"{text}"' for i, text in enumerate(texts)]
    (folder / "texts.csv").write_text("\n".join(["id,report", *rows]), encoding="utf-8")
    for name in ("rules", "builtin"):
        table = lingula.load(name).label(texts).to_arrow()
        lines = [",".join(["id", *table.column_names])]
        for i, cells in enumerate(table.to_pylist()):
            values = ["" if value is None else str(value) for value in cells.values()]
            lines.append(",".join([str(i), *values]))
        (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    other = (folder / "rules.csv").read_text("utf-8").splitlines()
    turned = [other[0], *(f"{i},{row.partition(',')[2]}" for i, row in enumerate(other[:0:-1]))]
    (folder / "turned.csv").write_text("\n".join(turned), encoding="utf-8")
    given = ("builtin.csv", "--resamples", "100", "--overwrite", "--compare", "rules.csv")
    result = _run(*given, "--reports", "texts.csv")
    assert result.exit_code == 0, result.output
    assert "share their rules" in result.output.replace("\n", " ")
    checks = json.loads((folder / "audit" / FIGURES).read_text("utf-8"))["checks"]
    assert checks["agreement"]["score"] is None and "share" in checks["agreement"]["missing"]
    assert 'those of "rules"' in checks["agreement"]["findings"][0]["text"]
    assert checks["agreement"]["label_scores"] is None
    assert "mean nothing here" in (folder / "audit" / PAGE).read_text("utf-8")
    # One of another origin counts, alone; without reports nothing can be told.
    _run(*given, "--reports", "texts.csv", "--compare", "turned.csv", "-q")
    agreement = json.loads((folder / "audit" / FIGURES).read_text("utf-8"))["checks"]["agreement"]
    assert agreement["score"] is not None and "with turned.csv. Not counted" in agreement["summary"]
    _run(*given, "-q")
    agreement = json.loads((folder / "audit" / FIGURES).read_text("utf-8"))["checks"]["agreement"]
    assert agreement["score"] > 0.9 and "cannot be told" in agreement["findings"][0]["text"]
    _run(*given, "-q", "--related", "rules.csv")
    agreement = json.loads((folder / "audit" / FIGURES).read_text("utf-8"))["checks"]["agreement"]
    assert agreement["score"] is None and "as was said" in agreement["findings"][0]["text"]
