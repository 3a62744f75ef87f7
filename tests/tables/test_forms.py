"""Every form of table in: the same rows come out, of reports, labels and scores."""

import bz2
import gzip
import json
import lzma
import sys
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from lingula.cli import cli
from lingula.errors import ColumnError, InputError, MissingExtraError
from lingula.tables.columns import choose_text_columns, listed, observation_columns, usual_column
from lingula.tables.label_columns import labels_in_list
from lingula.tables.label_table import as_schema, read_label_table
from lingula.tables.open_source import open_source
from lingula.tables.reading import read_columns
from lingula.tables.report_table import read_report_table
from lingula.tables.score_table import read_prediction_table
from lingula.tables.usual_names import GENERATED_NAMES

TEXT = 'study_id,report,Edema\n1,"Mild edema; no effusion.",1\n2,Clear.,\n'
PACKED = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}


def packed(path, suffix, data):
    path = path.with_name(path.name + suffix)
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("__MACOSX/._labels.csv", b"x")
            archive.writestr("folder/labels.csv", data)
    else:
        path.write_bytes(PACKED[suffix](data) if suffix else data)
    return path


@pytest.mark.parametrize("suffix", ["", *PACKED, ".zip"])
def test_compressed_text_is_read_by_its_first_bytes(tmp_path, suffix):
    path = packed(tmp_path / "labels.csv", suffix, TEXT.encode())
    assert read_report_table(path).texts == ("Mild edema; no effusion.", "Clear.")
    assert read_label_table(path).labels.classes[:, 0].tolist() == [1, 0]
    scores = packed(tmp_path / "s.csv", suffix, b"id,Edema\na,0.25\nb,3.5\n")
    assert read_prediction_table(scores).scores.values[:, 0].tolist() == [0.25, 3.5]


def test_a_zip_is_named_by_what_is_inside_and_holds_one_table(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("labels.tsv", TEXT.replace(",", "\t"))
    assert read_label_table(tmp_path / "a.zip").ids.tolist() == ["1", "2"]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    with pytest.raises(InputError, match="it holds 2 files"):
        read_label_table(tmp_path / "b.zip")
    (tmp_path / "c.zip").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"c\.zip: the compressed data cannot be read"):
        read_label_table(tmp_path / "c.zip")


@pytest.mark.parametrize("suffix", [*PACKED, ".zip"])
def test_damaged_compression_is_one_clear_error(tmp_path, suffix):
    path = packed(tmp_path / "labels.csv", suffix, TEXT.encode() * 50)
    path.write_bytes(path.read_bytes()[:-30])
    for read in (read_label_table, read_report_table):
        with pytest.raises(InputError, match=r"labels\.csv"):
            read(path)


def workbook(path, rows):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.create_sheet("second")
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_excel(tmp_path):
    rows = [
        ["study_id", "report", "Edema", None],
        [50414267, "Mild edema.\nNo effusion.", 1.0],
        [None, None, None],
        [50414268, "Clear.", None],
    ]
    path = workbook(tmp_path / "t.xlsx", rows)
    table = read_report_table(path)
    assert table.texts == ("Mild edema.\nNo effusion.", "Clear.")
    assert table.ids == ("50414267", "50414268")
    assert read_label_table(path).labels.classes[:, 0].tolist() == [1, 0]
    scores = workbook(tmp_path / "s.xlsx", [["id", "Edema"], ["a", 0.37], ["b", -1.2]])
    assert read_prediction_table(scores).scores.values[:, 0].tolist() == [0.37, -1.2]


def test_excel_that_is_none_or_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "t.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match="no Excel workbook"):
        read_label_table(tmp_path / "t.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"lingula\[excel\]"):
        read_label_table(tmp_path / "t.xlsx")


REPORTS = [{"id": "a", "gts": "Edema.", "res": "Clear."}, {"id": "b", "gts": "X.", "res": "Y."}]


@pytest.mark.parametrize(
    "value",
    [
        REPORTS,
        [{**row, "gts": [row["gts"]]} for row in REPORTS],
        {row["id"]: {key: row[key] for key in ("gts", "res")} for row in REPORTS},
        {key: [row[key] for row in REPORTS] for key in ("id", "gts", "res")},
    ],
    ids=["array", "lists of one", "by id", "columns"],
)
def test_json_of_report_generators(tmp_path, value):
    path = tmp_path / "predictions.json"
    path.write_text(json.dumps(value))
    table = read_report_table(path, side_names=GENERATED_NAMES)
    assert (table.ids, table.texts, table.columns) == (("a", "b"), ("Clear.", "Y."), ("res",))


def test_json_of_texts_and_of_lists(tmp_path):
    path = tmp_path / "p.json"
    for value in ({"1": "Edema.", "2": "Clear."}, {"1": ["Edema."], "2": ["Clear."]}):
        path.write_text(json.dumps(value))
        assert read_report_table(path).texts == ("Edema.", "Clear.")
        assert read_report_table(path).ids == ("1", "2")
    path.write_text('[["1", "Edema."], ["2", "Clear."]]')
    assert open_source(path).schema.names == ["column_1", "column_2"]
    table = read_report_table(path, text_columns=["column_2"], id_column="column_1")
    assert table.ids == ("1", "2")


@pytest.mark.parametrize("text", ["7", "[]", "{", "[[1], [1, 2]]", '{"a": 7}', "[" * 5000, ""])
def test_json_that_is_no_table(tmp_path, text):
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"p\.json"):
        open_source(path)


def test_json_labels(tmp_path):
    path = tmp_path / "labels.json"
    path.write_text('{"a": {"Edema": 1, "Fracture": null}, "b": {"Edema": -1, "Fracture": 0}}')
    table = read_label_table(path)
    assert table.labels.classes.tolist() == [[1, 0], [3, 2]] and table.ids.tolist() == ["a", "b"]


def test_one_text_file_is_one_report(tmp_path):
    path = tmp_path / "rep.txt"
    path.write_text("FINDINGS: Clear.\nIMPRESSION: Normal.")
    table = read_report_table(path)
    assert table.texts == ("FINDINGS: Clear.\nIMPRESSION: Normal.",) and table.ids == ("rep",)
    assert open_source(path).whole_reports


def test_semicolons_and_decimal_commas(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("study_id;report;Edema\n1;Mild, diffuse edema.;1,0\n2;Clear.;-1,0\n3;;\n")
    assert read_report_table(path).texts == ("Mild, diffuse edema.", "Clear.", "")
    assert read_label_table(path).labels.classes[:, 0].tolist() == [1, 3, 0]
    path.write_text("id;Edema;Edema probability\n1;1;0,75\n2;0;0,25\n")
    assert read_label_table(path).probabilities[:, 0, 1].tolist() == [0.75, 0.25]
    path.write_text("id;Edema\n1;0,75\n2;2\n")
    assert read_prediction_table(path).scores.values[:, 0].tolist() == [0.75, 2]


def test_a_report_with_a_semicolon_is_no_header_of_two_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("No effusion; lungs clear.\nEdema.\n")
    assert open_source(path, header=False).rows == 2
    with pytest.raises(ColumnError, match="--delimiter"):
        choose_text_columns(open_source(path).schema, (), "t.csv")


def test_findings_that_one_column_lists(tmp_path):
    path = tmp_path / "nih.csv"
    path.write_text(
        "Image Index,Finding Labels\na.png,Effusion|Mass\nb.png,No Finding\nc.png,Pneumothorax\n"
    )
    table = read_label_table(path)
    column = table.schema.index("Pleural Effusion")
    assert table.labels.classes[:, column].tolist() == [1, 0, 0]
    assert table.labels.classes[:, table.schema.index("No Finding")].tolist() == [0, 1, 0]
    assert "'Mass' (1 rows)" in table.notes[0]
    assert read_label_table(path, schema="nih14").notes == ()
    padchest = tmp_path / "padchest.csv"
    padchest.write_text(
        "ImageID,Labels\na,\"['pleural effusion', 'nodule']\"\nb,['cardiomegaly']\n"
    )
    classes = read_label_table(padchest).labels.classes
    assert np.argwhere(classes == 1).tolist() == [[0, column], [1, 2]]


def test_lists_of_parquet():
    table = pa.table({"Labels": pa.array([["Edema", "Mass"], None, []])})
    found = labels_in_list(table, "Labels", as_schema(None))
    assert found.labels.classes[:, 5].tolist() == [1, 0, 0]
    assert [item.value for item in found.outside] == ["'Mass'"]


def test_columns_by_their_names():
    assert usual_column(["A", " Study_ID "], ("id", "study_id")) == " Study_ID "
    assert listed(["a"]) == "its column is 'a'"
    assert "and 5 more" in listed([f"c{number}" for number in range(35)])
    columns = observation_columns(["EDEMA", "x", "effusion"], as_schema(None), "t")
    assert columns == {"Edema": "EDEMA", "Pleural Effusion": "effusion"}


def test_what_pyarrow_refuses_is_read_or_named_by_row(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": 1, "Edema": 1}\n{"id": "b", "Edema": "absent"}\n')
    assert read_label_table(path).labels.classes[:, 0].tolist() == [1, 2]
    path.write_text('{"id": 1, "Edema": 1}\n{"id": \n')
    with pytest.raises(InputError, match=r"row 2 \(line 2\) is not JSON"):
        read_columns(path, ["id"])


def test_two_columns_without_a_header_are_id_and_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('s1,No pneumothorax.\ns2,"Mild edema, small effusion."\n')
    table = read_report_table(path)
    assert table.ids == ("s1", "s2") and table.texts[0] == "No pneumothorax."
    path = tmp_path / "u.tsv"
    path.write_text("The heart is not enlarged\t7\nClear.\t8\n")
    assert read_report_table(path).ids == ("7", "8")
    # Ids that repeat are none, and a header that is one stays one.
    for text in ("s1,No pneumothorax.\ns1,Edema.\n", "id,Report of the chest film\n1,Clear.\n"):
        path.write_text(text.replace(",", "\t"))
        assert open_source(path).rows == 1


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.jsonl.xz", "t.json.bz2"])
def test_packed_bytes_without_end_are_refused_on_the_way(tmp_path, name, monkeypatch):
    monkeypatch.setattr("lingula.tables.lines.CELL_CHARACTERS", 1 << 16)
    monkeypatch.setattr("lingula.tables.json_source.MOST_BYTES", 1 << 16)
    start = b"" if ".csv" in name else b'{"text": "'
    suffix = name[name.rindex(".") :]
    path = tmp_path / name
    path.write_bytes(PACKED.get(suffix, bytes)(start + b"a" * (1 << 20)))
    with pytest.raises(InputError, match="is longer than"):
        open_source(path)
    if ".json" not in name:
        with pytest.raises(InputError):
            read_label_table(path)


FORMS = [".csv", ".json", ".xlsx"]
MORE_FORMS = [".tsv", ".parquet", ".jsonl", ".csv.gz", ".csv.zip", ".csv.zst"]


def made(folder, stem, suffix, rows):
    """A table of those rows in one form."""
    path = folder / f"{stem}{suffix}"
    table = pa.Table.from_pylist(rows)
    if suffix == ".parquet":
        pq.write_table(table, path)
    elif suffix == ".xlsx":
        workbook(path, [list(rows[0]), *(list(row.values()) for row in rows)])
    elif suffix == ".json":
        path.write_text(json.dumps(rows))
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        separator = "\t" if suffix == ".tsv" else ","
        cells = [list(rows[0]), *(list(row.values()) for row in rows)]
        text = "".join(
            separator.join("" if c is None else str(c) for c in row) + "\n" for row in cells
        )
        packing = suffix.removeprefix(".csv").removeprefix(".tsv")
        return packed(folder / f"{stem}{suffix.removesuffix(packing)}", packing, text.encode())
    return path


@pytest.mark.parametrize(
    "suffix", [*FORMS, *(pytest.param(form, marks=pytest.mark.slow) for form in MORE_FORMS)]
)
def test_every_form_through_every_command(tmp_path, suffix):
    labels = [
        {"study_id": "a", "Edema": 1, "Fracture": 0, "report": "Mild edema."},
        {"study_id": "b", "Edema": 0, "Fracture": None, "report": "No edema."},
        {"study_id": "c", "Edema": None, "Fracture": 1, "report": "Rib fracture."},
    ]
    scores = [
        {"study_id": "c", "Edema": -0.5, "Fracture": 0.9},
        {"study_id": "a", "Edema": 2.5, "Fracture": 0.1},
        {"study_id": "b", "Edema": 0.25, "Fracture": 0.2},
    ]
    truth, scored = made(tmp_path, "truth", suffix, labels), made(tmp_path, "s", suffix, scores)
    run = CliRunner()
    for arguments in (
        ["label", truth, "-o", tmp_path / "o.csv", "--labeler", "rules", "--suffix", "_found"],
        ["strata", truth, "-o", tmp_path / "strata.csv"],
        ["evaluate", truth, truth, "--quiet", "--json", tmp_path / "e.json"],
        ["evaluate", truth, scored, "--quiet", "--json", tmp_path / "scores.json"],
        ["score", truth, truth, "--text-column", "report", "--generated-text-column", "study_id"],
        ["audit", truth, "-o", tmp_path / "audit", "--quiet", "--resamples", "100"],
        ["explain", "--table", truth, "--sample", "2", "--labeler", "rules"],
    ):
        outcome = run.invoke(cli, [str(argument) for argument in arguments])
        assert outcome.exit_code == 0, (arguments[0], outcome.output, outcome.exception)
    assert read_report_table(tmp_path / "o.csv").texts[2] == "Rib fracture."
    figures = json.loads((tmp_path / "scores.json").read_text())["figures"]
    areas = {f["observation"]: f["value"] for f in figures if f["metric"] == "auroc"}
    assert areas["Edema"] == areas["Fracture"] == 1.0
