"""Forms in which people have reports and labels, each through every command that takes it."""

from __future__ import annotations

import bz2
import csv
import json
import lzma
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from lingula.cli import cli
from lingula.schemas import load_schema

CHEXPERT = load_schema("chexpert14").names
TEXTS = {"s50414267": "Mild edema.", "s50414268": "No edema.", "s50414269": "Acute rib fracture."}
IDS = tuple(TEXTS)
EDEMA = ["1.0", "0.0", ""]


def run(*arguments):
    outcome = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert outcome.exit_code == 0, (arguments, outcome.output, outcome.exception)
    return outcome


def cells(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def plain(folder, name="plain.csv", prefix="s"):
    path = folder / name
    rows = (f"{key.replace('s', prefix)},{text}\n" for key, text in TEXTS.items())
    path.write_text("study_id,report\n" + "".join(rows))
    return path


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def packed(folder, suffix, pack):
    return write(folder, f"r.csv{suffix}", pack(plain(folder).read_bytes()))


def zipped(folder):
    with zipfile.ZipFile(folder / "r.zip", "w") as archive:
        archive.write(plain(folder), "inner/r.csv")
    return folder / "r.zip"


def parts(folder):
    for at, (key, text) in enumerate(TEXTS.items()):
        pq.write_table(pa.table({"id": [key], "report": [text]}), folder / f"part-{at}.parquet")
    return folder / "part-*.parquet"


def text_files(folder):
    (folder / "texts").mkdir()
    for key, text in TEXTS.items():
        write(folder / "texts", f"{key}.txt", text)
    return folder / "texts"


def workbook(folder, rows):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def mimic_sections(folder):
    rows = "s50414267,,,Mild edema.\ns50414268,No edema.,,\ns50414269,,Acute rib fracture.,\n"
    return write(folder, "m.csv", "study_id,findings,impression,last_paragraph\n" + rows)


def chexpert_plus(folder):
    rows = "s50414267,Mild edema.,\ns50414268,,No edema.\ns50414269,Acute rib fracture.,\n"
    return write(folder, "p.csv", "id,section_findings,section_impression\n" + rows)


#: Form -> the file, and how the commands are told of its columns where they do not find them.
REPORTS = {
    "R2Gen": (
        lambda f: write(
            f,
            "r.json",
            json.dumps([{"id": k, "gts": [t], "res": t} for k, t in TEXTS.items()]),
        ),
        ("--text-column", "gts", "--id-column", "id"),
    ),
    "ReXrank": (
        lambda f: write(
            f,
            "r.json",
            json.dumps({k: {"findings": t, "model_prediction": t} for k, t in TEXTS.items()}),
        ),
        (),
    ),
    "object of texts": (lambda f: write(f, "r.json", json.dumps(TEXTS)), ()),
    "list of lists": (
        lambda f: write(f, "r.json", json.dumps([list(item) for item in TEXTS.items()])),
        ("--text-column", "column_2", "--id-column", "column_1"),
    ),
    "MIMIC sections": (mimic_sections, ()),
    "CheXpert Plus": (chexpert_plus, ()),
    "headless": (
        lambda f: write(f, "r.csv", "".join(f"{k},{t}\n" for k, t in TEXTS.items())),
        (),
    ),
    "semicolons": (
        lambda f: write(f, "r.csv", plain(f).read_text().replace(",", ";")),
        (),
    ),
    "folder": (text_files, ()),
    "zip": (zipped, ()),
    "zst": (lambda f: packed(f, ".zst", lambda b: pa.compress(b, "zstd", asbytes=True)), ()),
    "bz2": (lambda f: packed(f, ".bz2", bz2.compress), ()),
    "xz": (lambda f: packed(f, ".xz", lzma.compress), ()),
    "xlsx": (lambda f: workbook(f, [("id", "report"), *TEXTS.items()]), ()),
    "file address": (lambda f: f"file://{plain(f)}", ()),
}


#: Forms that differ from another one by how a file is opened, which tests of their own cover.
SLOW = {"object of texts", "zst", "bz2", "xz", "file address"}


@pytest.mark.parametrize(
    "form", [pytest.param(f, marks=pytest.mark.slow) if f in SLOW else f for f in REPORTS]
)
def test_reports(tmp_path, form):
    make, told = REPORTS[form]
    path = make(tmp_path)
    rules = ("--labeler", "rules")
    run("label", path, "-o", tmp_path / "o.csv", *told, *rules, "--quiet")
    rows = cells(tmp_path / "o.csv")
    assert [row["Edema"] for row in rows] == EDEMA and rows[2]["Fracture"] == "1.0"
    run("strata", path, "-o", tmp_path / "strata.csv", *told, "--quiet")
    assert len((tmp_path / "strata.csv").read_text().splitlines()) == 4
    assert "fracture" in run("explain", "--table", path, *told, *rules).output
    other = plain(tmp_path, "other.csv")
    columns = told[:2] and (*told[:2], "--generated-text-column", "report")
    ids = told[2:] and (*told[2:], "--id-column", "study_id")
    found = json.loads(
        run("score", path, other, *columns, *ids, *rules, "--quiet", "--json", "-").stdout
    )
    assert found["reports"] == 3
    edema = next(s for s in found["scores"] if s["observation"] == "Edema" and s["measure"] == "f1")
    assert (edema["value"], edema["support"]) == (1.0, 1)


def test_reports_of_an_audit(tmp_path):
    labels = write(tmp_path, "l.csv", "study_id,Edema\n50414267,1\n50414268,0\n50414269,\n")
    for at, form in enumerate(("semicolons", "folder", "xlsx", "MIMIC sections")):
        path = REPORTS[form][0](tmp_path)
        run("audit", labels, "--reports", path, "-o", tmp_path / str(at), "--resamples", "100")
        figures = json.loads((tmp_path / str(at) / "audit.json").read_text())
        assert figures["checks"]["references"]["score"] == 1


def test_parquet_parts_are_one_table(tmp_path):
    path = parts(tmp_path)
    run("label", path, "-o", tmp_path / "o.csv", "--labeler", "rules", "--quiet")
    rows = cells(tmp_path / "o.csv")
    assert [row["Edema"] for row in rows] == EDEMA


def test_one_report(tmp_path):
    path = write(tmp_path, "rep.txt", "FINIDNGS: Mild edema.\nIMPRSSION: Acute rib fracture.")
    run("label", path, "-o", tmp_path / "o.csv", "--labeler", "rules", "--quiet")
    (row,) = cells(tmp_path / "o.csv")
    assert (row["Edema"], row["Fracture"]) == ("1.0", "1.0")
    assert '"edema"' in run("explain", path, "--labeler", "rules").output
    run("strata", path, "-o", tmp_path / "s.csv", "--quiet")


def test_lists_of_texts(tmp_path):
    texts = list(TEXTS.values())
    lines = write(tmp_path, "refs.txt", "".join(f"{text}\n" for text in texts))
    other = write(tmp_path, "hyps.txt", "\r\n".join(texts))
    lists = write(tmp_path, "refs.json", json.dumps(texts))
    both = write(tmp_path, "both.json", json.dumps({"refs": texts, "hyps": texts}))
    for given in ((lines, other), (lists, write(tmp_path, "h.json", json.dumps(texts))), (both,)):
        outcome = run("score", *given, "--labeler", "rules", "--quiet", "--json", "-")
        assert json.loads(outcome.stdout)["reports"] == 3
    run("label", lists, "-o", tmp_path / "o.csv", "--labeler", "rules", "--quiet")


def table(rows, separator=","):
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def wide(values, head="study_id", ids=IDS, names=CHEXPERT, separator=","):
    """All 14 columns, with edema as given, a fracture in the third row, and no other label."""
    rows = [(head, *names)]
    for at, key in enumerate(ids):
        cells = {"Edema": values[at], "Fracture": values[3] if at == 2 else ""}
        rows.append((key, *(cells.get(name, "") for name in CHEXPERT)))
    return table(rows, separator)


PADCHEST = table(
    [
        ("ImageID", "Labels"),
        ("s50414267", "\"['Edema', 'nodule']\""),
        ("s50414268", "[]"),
        ("s50414269", "['fracture']"),
    ]
)
VINDR = table(
    [
        ("study_id", "rad_id", "class_name"),
        ("s50414267", "R1", "Edema"),
        ("s50414267", "R2", "Calcification"),
        ("s50414268", "R1", "No finding"),
        ("s50414269", "R1", "Fracture"),
        ("s50414269", "R2", "Fracture"),
    ]
)
NUMBERS = tuple(key[1:] for key in IDS)
SNAKE = tuple(name.lower().replace(" ", "_") for name in CHEXPERT)
CAMEL = tuple(name.replace(" ", "") for name in CHEXPERT)
#: Form -> text, options that every command needs, and those of all but score.
LABELS = {
    "MIMIC numbers": (wide(("1.0", "0.0", "", "1.0"), ids=NUMBERS), ()),
    "float ids": (wide(("1", "0", "", "1"), ids=[f"{n}.0" for n in NUMBERS]), ()),
    "decimal commas": (wide(("1,0", "0,0", "", "1,0"), separator=";"), ()),
    "class numbers": (wide((1, 2, 0, 1)), ("--label-codes", "chexbert")),
    "words": (wide(("present", "absent", "", "positive")), ()),
    "snake case": (wide((1, 0, "", 1), names=SNAKE), ()),
    "camel case": (wide((1, 0, "", 1), names=CAMEL), ()),
    "NIH list": (
        table(
            [
                ("Image Index", "Finding Labels"),
                ("s50414267", "Edema|Mass"),
                ("s50414268", "No Finding"),
                ("s50414269", "Fracture"),
            ]
        ),
        (),
    ),
    "PadChest lists": (PADCHEST, ()),
    "VinDr readers": (VINDR, ("--duplicates", "max")),
}


@pytest.mark.parametrize("form", LABELS)
def test_labels(tmp_path, form):
    text, told = LABELS[form]
    path = write(tmp_path, "labels.csv", text)
    coded = told[0] == "--label-codes" if told else False
    truth = write(tmp_path, "truth.csv", wide((1, 2, 0, 1) if coded else ("1.0", "0.0", "", "1.0")))
    head = text.partition("\n")[0].partition(",")[0].partition(";")[0]
    ids = () if head == "study_id" else ("--id-column", "study_id", "--id-column", head)
    outcome = run("evaluate", truth, path, *ids, *told, "--quiet", "--json", "-")
    figures = json.loads(outcome.stdout)["figures"]
    f1 = {
        figure["observation"]: figure["value"]
        for figure in figures
        if (figure["group"], figure["metric"]) == ("positive", "f1")
    }
    assert f1["Edema"] == f1["Fracture"] == 1
    outcome = run("score", truth, path, "--labels", *ids, *told, "--quiet", "--json", "-")
    scores = json.loads(outcome.stdout)["scores"]
    assert [s["value"] for s in scores if (s["observation"], s["measure"]) == ("Edema", "f1")] == [
        1,
        1,
    ]
    codes = told if coded else ()
    run("audit", path, *codes, "-o", tmp_path / "audit", "--quiet", "--resamples", "100")
    checks = json.loads((tmp_path / "audit" / "audit.json").read_text())["checks"]
    positive = {
        row["label"]: row["positive"] for row in checks["prevalence"]["exhibits"]["labels"]["rows"]
    }
    assert positive["Edema"] == 1 and positive["Fracture"] == (2 if "VinDr" in form else 1)
    run(
        "audit", truth, "--compare", path, *told, "-o", tmp_path / "two", "-q", "--resamples", "100"
    )
    checks = json.loads((tmp_path / "two" / "audit.json").read_text())["checks"]
    kappas = checks["agreement"]["exhibits"]["kappa labels.csv"]["rows"]
    assert next(row["kappa_positive"] for row in kappas if row["label"] == "Edema") == 1
