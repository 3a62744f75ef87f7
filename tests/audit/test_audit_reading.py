"""Files into audits: known tables, joins, lists of labels, corrected copies."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lingula.audit import audit
from lingula.audit.known_tables import Columns
from lingula.audit.reading import Files, read_audit
from lingula.audit.rewriting import with_parents, without_rows
from lingula.errors import ColumnError, InputError, LingulaError, SchemaError
from lingula.tables.label_table import read_label_table
from lingula.tables.write_table import write_table

CHEXPERT = """\
Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Edema,Lung Opacity
CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,
CheXpert-v1.0/train/patient00001/study2/view1_frontal.jpg,Female,68,Frontal,AP,,1.0,
CheXpert-v1.0/train/patient00001/study2/view2_lateral.jpg,Female,68,Lateral,,,-1.0,0.0
CheXpert-v1.0/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,PA,,1.0,1.0
"""
NIH = """\
Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,View Position,Image[Width,Height]
00000001_000.png,Cardiomegaly,0,1,57,PA,2682,2749
00000001_001.png,Cardiomegaly|Effusion,1,1,58,PA,2894,2729
00000002_000.png,No Finding,0,2,81,PA,2500,2048
00000003_000.png,Effusion|Gremlins,0,3,999,AP,2500,2048
"""


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_chexperts_table_is_known(tmp_path: Path) -> None:
    path = tmp_path / "train.csv.gz"
    path.write_bytes(gzip.compress(CHEXPERT.encode()))
    data = read_audit(Files(path)).data
    assert data.name == "CheXpert (train.csv.gz)"
    assert data.unit == "image"
    assert data.label_names == ("No Finding", "Lung Opacity", "Edema")
    assert data.patients is not None
    assert data.patients.names == ("patient00001", "patient64541")
    assert data.patient_studies is not None
    assert len(data.patient_studies.names) == 3
    assert data.splits is not None
    assert data.splits.names == ("train", "valid")
    assert data.metadata is not None
    assert data.metadata.column_names == ["Sex", "Age", "Frontal/Lateral", "AP/PA"]
    assert data.ids[3].endswith("patient64541/study1/view1_frontal.jpg")


def test_the_nih_table_is_known(tmp_path: Path) -> None:
    data = read_audit(Files(_write(tmp_path / "nih.csv", NIH))).data
    assert data.labels.schema.name == "nih14"
    values = data.labels.values
    heart, fluid = (data.labels.schema.index(name) for name in ("Cardiomegaly", "Effusion"))
    assert list(values[:2, heart]) == [1, 1]
    assert values[1, fluid] == values[3, fluid] == 1
    assert np.isnan(values[2]).all()
    assert [(item.value, list(item.rows)) for item in data.outside] == [("'Gremlins'", [3])]
    result = audit(data)
    assert result.check("logic").value("outside_cells") == 1
    assert any("999" in finding.text for finding in result.check("prevalence").findings)


def test_a_mimic_table_is_known(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "mimic.csv",
        "subject_id,study_id,Airspace Opacity,Edema\n10,50,1.0,\n10,51,,0.0\n11,52,-1.0,1.0\n",
    )
    data = read_audit(Files(path)).data
    assert data.unit == "study"
    assert list(data.ids) == ["50", "51", "52"]
    assert data.patients is not None
    assert data.patients.names == ("10", "11")
    assert data.label_names == ("Lung Opacity", "Edema")


def test_columns_that_the_user_names(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "own.csv",
        "key,who,visit,part,found\nx,p1,v1,a,Edema; Fracture\ny,p2,v1,b,\nz,p1,v2,a,No Finding\n",
    )
    columns = Columns("key", "WHO", "visit", "part", "found", ";")
    data = read_audit(Files(path, schema="chexpert14", columns=columns)).data
    assert list(data.ids) == ["x", "y", "z"]
    assert data.patients is not None
    assert list(data.patients.codes) == [0, 1, 0]
    assert data.patient_studies is not None
    assert len(data.patient_studies.names) == 3
    names = data.labels.schema
    assert data.labels.values[0, [names.index("Edema"), names.index("Fracture")]].tolist() == [1, 1]
    assert data.labels.values[2, names.index("No Finding")] == 1
    with pytest.raises(ColumnError, match="no column 'nobody'"):
        read_audit(Files(path, columns=Columns(patient="nobody")))


def test_cells_that_are_no_label_are_counted_not_fatal(tmp_path: Path) -> None:
    path = _write(tmp_path / "t.csv", "id,Edema,Fracture\n1,1,maybe\n2,7,0\n3,7,\n")
    data = read_audit(Files(path)).data
    found = {(item.column, item.value): list(item.rows) for item in data.outside}
    assert found == {("Edema", "'7'"): [1, 2], ("Fracture", "'maybe'"): [0]}
    assert np.isnan(data.labels.values[1, data.labels.schema.index("Edema")])


def test_reports_metadata_and_other_labels_are_joined_by_id(tmp_path: Path) -> None:
    labels = _write(tmp_path / "l.csv", "study_id,Edema\ns1,1\ns2,0\ns3,\n")
    reports = _write(tmp_path / "r.csv", 'study_id,findings,impression\ns3,A.,B.\ns1,,"C, D."\n')
    metadata = _write(tmp_path / "m.csv", "study_id,sex,split\ns2,F,test\ns1,M,train\n")
    second = _write(tmp_path / "c.csv", "study_id,Edema\ns2,0\ns3,1\nunknown,1\n")
    data = read_audit(Files(labels, reports, metadata, compare=(second,), truth=second)).data
    assert data.texts == ["C, D.", None, "A.\n\nB."]
    assert data.unit == "report"
    assert data.metadata is not None
    assert data.metadata.column("sex").to_pylist() == ["M", "F", None]
    assert data.splits is not None
    assert list(data.splits.codes) == [0, 1, -1]
    (other,) = data.compare
    assert other.name == "c.csv"
    assert list(other.rows) == [1, 2]
    assert other.labels.classes[:, 0].tolist() == [2, 1]
    assert data.truth is not None


def test_two_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    labels = _write(tmp_path / "l.csv", "id,Edema\n1,1\n2,0\n")
    paths = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        paths.append(_write(tmp_path / name / "reader.csv", "id,Edema\n1,1\n2,1\n"))
    data = read_audit(Files(labels, compare=tuple(paths))).data
    assert [other.name for other in data.compare] == [str(path) for path in paths]
    with pytest.raises(InputError, match="given twice"):
        read_audit(Files(labels, compare=(paths[0], paths[0])))


def test_metadata_of_images_joins_labels_of_studies(tmp_path: Path) -> None:
    labels = _write(tmp_path / "l.csv", "subject_id,study_id,Edema\n1,s1,1\n1,s2,0\n2,s3,1\n")
    metadata = _write(
        tmp_path / "m.csv",
        "dicom_id,study_id,view,split\nd1,s1,PA,train\nd2,s1,LL,train\nd3,s2,AP,test\nd4,s2,,test\n",
    )
    data = read_audit(Files(labels, metadata=metadata)).data
    assert data.metadata is not None
    assert data.metadata.column("view").to_pylist() == ["several values", "AP", None]
    assert data.splits is not None
    assert [data.splits.names[code] for code in data.splits.codes[:2]] == ["train", "test"]
    assert data.splits.codes[2] == -1


def test_a_folder_of_reports(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    _write(folder / "a.txt", "No change.")
    _write(folder / "b.txt", "Effusion.")
    labels = _write(tmp_path / "l.csv", "id,Edema\nb,1\na,0\n")
    assert read_audit(Files(labels, folder)).data.texts == ["Effusion.", "No change."]


def test_text_inside_the_label_table(tmp_path: Path) -> None:
    path = _write(tmp_path / "l.csv", "Report Impression,Edema,Fracture\nNo change.,1,\nOld.,,0\n")
    data = read_audit(Files(path)).data
    assert data.texts == ["No change.", "Old."]
    assert data.metadata is None
    assert list(data.ids) == ["1", "2"]


def test_images_share_the_report_of_their_study(tmp_path: Path) -> None:
    labels = _write(
        tmp_path / "l.csv", "dicom_id,subject_id,study_id,Edema\nd1,1,s1,1\nd2,1,s1,1\nd3,2,s2,0\n"
    )
    reports = _write(tmp_path / "r.csv", "study_id,text\ns1,One.\ns2,Two.\n")
    data = read_audit(Files(labels, reports)).data
    assert data.texts == ["One.", "One.", "Two."]


@pytest.mark.parametrize(
    ("table", "reports", "message"),
    [
        ("id,Edema\n1,1\n", "id,text\n2,x\n", "share no id"),
        ("id,Edema\n1,1\n", "id,text\n1,x\n1,y\n", "occurs in rows 1 and 2"),
        ("Edema\n1\n", "id,text\n1,x\n", "no id column was found"),
        ("id,Edema\n1,1\n", "id,other\n1,x\n", "no column is named as text"),
        ("id,Edema\n", "id,text\n1,x\n", "a header but no rows"),
        ("id,Other\n1,2\n", "id,text\n1,x\n", "no column is an observation"),
        ("id,Effusion,Pleural Effusion\n1,1,1\n", "id,text\n1,x\n", "are both"),
    ],
)
def test_what_cannot_be_joined_is_said(
    tmp_path: Path, table: str, reports: str, message: str
) -> None:
    files = Files(_write(tmp_path / "l.csv", table), _write(tmp_path / "r.csv", reports))
    with pytest.raises(InputError, match=message):
        read_audit(files)


def test_lists_are_no_groups_and_no_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": [1], "Edema": [1], "view": [["AP", "PA"]]}), path)
    assert read_audit(Files(path)).data.metadata is None
    pq.write_table(pa.table({"id": [1], "Edema": [[1]]}), path)
    with pytest.raises(ColumnError, match="lists or objects"):
        read_audit(Files(path))


def test_by_row_order(tmp_path: Path) -> None:
    labels = _write(tmp_path / "l.csv", "Edema\n1\n0\n")
    reports = _write(tmp_path / "r.csv", "text\na\nb\n")
    assert read_audit(Files(labels, reports, by_row_order=True)).data.texts == ["a", "b"]
    sex = _write(tmp_path / "m.csv", 'sex\nF\n""\n')
    data = read_audit(Files(labels, metadata=sex, by_row_order=True)).data
    assert data.metadata is not None
    assert data.metadata.column("sex").to_pylist() == ["F", None]
    longer = _write(tmp_path / "long.csv", "text\na\nb\nc\n")
    with pytest.raises(InputError, match=r"2 rows, .* has 3"):
        read_audit(Files(labels, longer, by_row_order=True))


def test_filling_parents_changes_only_the_parents(tmp_path: Path) -> None:
    path = _write(tmp_path / "train.csv", CHEXPERT)
    audited = read_audit(Files(path))
    table, changed = with_parents(audited)
    assert changed.to_pylist() == [
        {
            "row": 2,
            "id": audited.data.ids[1],
            "observation": "Lung Opacity",
            "column": "Lung Opacity",
            "before": "blank",
            "because": "Edema",
        }
    ]
    target = tmp_path / "filled.csv"
    write_table(target, table)
    before, after = CHEXPERT.splitlines(), target.read_text(encoding="utf-8").splitlines()
    assert after[2] == before[2] + "1.0"
    assert after[:2] + after[3:] == before[:2] + before[3:]
    again = read_label_table(target)
    assert again.labels.classes[1].tolist() == [0, 1, 1]
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("kind", [pa.float64(), pa.int64(), pa.null()])
def test_filling_parents_keeps_a_parquet_column_a_number(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "t.parquet"
    parents = [None, None] if pa.types.is_null(kind) else [0, None]
    table = pa.table({"id": [1, 2], "Edema": [1.0, None], "Lung Opacity": pa.array(parents, kind)})
    pq.write_table(table, path)
    filled, changed = with_parents(read_audit(Files(path)))
    assert changed.num_rows == 1
    assert changed.column("before").to_pylist() == ["blank" if parents[0] is None else "negative"]
    assert filled.column("Lung Opacity").to_pylist() == [1, None]
    assert filled.column("id").to_pylist() == [1, 2]
    target = tmp_path / "out.jsonl"
    write_table(target, filled)
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2


def test_filling_where_there_are_no_parents(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="lists the labels"):
        with_parents(read_audit(Files(_write(tmp_path / "nih.csv", NIH))))
    with pytest.raises(SchemaError, match="no parents"):
        with_parents(read_audit(Files(_write(tmp_path / "t.csv", "id,Fracture\n1,1\n"))))


def test_rows_are_left_out(tmp_path: Path) -> None:
    audited = read_audit(Files(_write(tmp_path / "train.csv", CHEXPERT)))
    assert without_rows(audited, np.array([0, 3])).num_rows == 2
    assert without_rows(audited, np.array([], dtype=np.intp)).equals(audited.table)


def test_a_target_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    audited = read_audit(Files(_write(tmp_path / "train.csv", CHEXPERT)))
    with pytest.raises(InputError):
        write_table(tmp_path / "missing" / "out.csv", audited.table)
    with pytest.raises(InputError):
        write_table(tmp_path / "out.xlsx", audited.table)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Edema\n",
        "id,Edema\n1,1\n",
        "Edema\n\n1\n",
        "id,Edema,Lung Opacity\n" + "".join(f"{i},,\n" for i in range(40)),
        "id,Edema\n" + "".join(f"{i},1\n" for i in range(40)),
        "id,patient_id,StudyDate,Edema\n1,,soon,1\n2,,9999-99-99,0\n3,,,-1\n",
        "id,patient_id,split,sex,Edema\n1,a,train,,1\n2,a,test,,0\n3,,,,\n",
        "id,Edema,text\n1,1,\n2,0,   \n",
        "id,Edema,text\n1,1,No change.\n",
        "id,Edema\n1,1\n2\n",
        'id,Edema\n1,"1\n',
        "id,Edema,Edema\n1,1,1\n",
    ],
)
def test_bad_input_gives_an_audit_or_one_clear_error(tmp_path: Path, text: str) -> None:
    from lingula.audit.datasheet import datasheet
    from lingula.audit.document import audit_document
    from lingula.audit.values import audit_values
    from lingula.documents import to_html, to_json, to_markdown

    path = _write(tmp_path / "bad.csv", text)
    try:
        result = audit(read_audit(Files(path, truth=path, compare=(path,), by_row_order=True)).data)
    except LingulaError as error:
        assert "bad.csv" in str(error)
        assert "\n" not in str(error)
        return
    assert to_html(audit_document(result)).startswith("<!doctype html>")
    assert to_markdown(datasheet(result)).startswith("# Data sheet")
    assert to_json(audit_values(result)).endswith("}\n")


def test_mimics_tables_go_together(tmp_path: Path) -> None:
    labels = "subject_id,study_id,Edema,Fracture\n10,50414267,1.0,\n10,50414268,,0.0\n11,5,-1.0,\n"
    chexpert = _write(tmp_path / "mimic-cxr-2.0.0-chexpert.csv", labels)
    negbio = _write(tmp_path / "mimic-cxr-2.0.0-negbio.csv", labels.replace("-1.0", "1.0"))
    split = _write(
        tmp_path / "mimic-cxr-2.0.0-split.csv",
        "dicom_id,study_id,subject_id,split\na,50414267,10,train\nb,50414267,10,train\n"
        "c,50414268,10,train\nd,5,11,test\n",
    )
    reports = _write(
        tmp_path / "mimic_cxr_sectioned.csv",
        "study,impression,findings,last_paragraph,comparison\ns50414267,Edema.,Wet.,,None.\n"
        "s5,,,Perhaps edema.,\n",
    )
    data = read_audit(Files(chexpert, reports, split, compare=(negbio,))).data
    assert data.texts == ["Wet.\n\nEdema.", None, "Perhaps edema."]
    assert data.splits is not None and data.splits.names == ("train", "test")
    (other,) = data.compare
    assert other.labels.classes[2, data.labels.schema.index("Edema")] == 1


def test_lists_and_class_numbers_are_read_by_the_audit_too(tmp_path: Path) -> None:
    padchest = _write(
        tmp_path / "p.csv",
        "ImageID,StudyID,PatientID,Labels\na,1,1,\"['pleural effusion', 'nodule']\"\n"
        "b,2,1,['normal']\n",
    )
    data = read_audit(Files(padchest, schema="chexpert14")).data
    assert data.labels.classes[0, data.labels.schema.index("Pleural Effusion")] == 1
    assert {item.value for item in data.outside} == {"'nodule'", "'normal'"}
    assert data.metadata is None or "Labels" not in data.metadata.column_names
    codes = _write(tmp_path / "c.csv", "id,Edema\na,0\nb,3\nc,2\n")
    data = read_audit(Files(codes, label_codes="chexbert")).data
    assert data.labels.classes[:, 0].tolist() == [0, 3, 2]


def test_blanks_only_are_filled_if_asked(tmp_path: Path) -> None:
    text = "id,Edema,Lung Opacity\na,1,\nb,1,0\nc,1,-1\nd,1,1\ne,,0\n"
    audited = read_audit(Files(_write(tmp_path / "t.csv", text)))
    table, changes = with_parents(audited)
    assert table.column("Lung Opacity").to_pylist() == ["1", "1", "1", "1", "0"]
    assert changes.column("before").to_pylist() == ["blank", "negative", "uncertain"]
    table, changes = with_parents(audited, only_blanks=True)
    assert table.column("Lung Opacity").to_pylist()[:3] == ["1", "0", "-1"]
    assert changes.column("id").to_pylist() == ["a"]


def test_several_rows_a_study_in_joined_tables(tmp_path: Path) -> None:
    labels = _write(tmp_path / "l.csv", "study_id,Edema,Fracture\ns1,1,0\ns2,0,0\n")
    images = _write(tmp_path / "i.csv", "study_id,Edema,Fracture\n2,0,\n1,-1,0\n1,1,\n2,,1\n")
    reports = _write(tmp_path / "r.csv", "study_id,report\ns1,A.\ns2,B.\ns2,C.\n")
    with pytest.raises(InputError, match=r"i\.csv.*'1'.*rows 2 and 3.*--duplicates"):
        read_audit(Files(labels, compare=(images,)))
    # blank 0, positive 1, negative 2, uncertain 3
    for how, expected in (
        ("first", [[3, 2], [2, 0]]),
        ("last", [[1, 0], [0, 1]]),
        ("max", [[1, 2], [2, 1]]),
    ):
        read = read_audit(Files(labels, compare=(images,), duplicates=how)).data
        assert read.compare[0].labels.classes.tolist() == expected, how
    found = read_audit(Files(labels, reports, duplicates="last")).data
    assert found.texts == ["A.", "C."]
    with pytest.raises(InputError, match="--duplicates"):
        read_audit(Files(labels, reports, duplicates="max"))


def test_names_of_a_list_that_the_audited_schema_lacks(tmp_path: Path) -> None:
    labels = _write(tmp_path / "l.csv", "id,Edema,Pneumothorax,Fracture\na,1,,\nb,,1,1\nc,,,\n")
    nih = _write(tmp_path / "n.csv", "id,Finding Labels\na,Edema|Mass\nb,Hernia\nc,No Finding\n")
    (other,) = read_audit(Files(labels, compare=(nih,), schema="chexpert14")).data.compare
    assert other.labels.classes[:, 0].tolist() == [1, 0, 0]
    # What the list never names, nobody looked for.
    assert other.columns.tolist() == [True, False, False]
    assert "'Hernia' (1 rows)" in other.notes[0] or "'Mass' (1 rows)" in other.notes[0]
    with pytest.raises(InputError, match="not compared"):
        Files(labels, related=(nih,))
    few = _write(tmp_path / "few.csv", "id,Fracture\na,1\n")
    with pytest.raises(InputError, match=r"n\.csv: names none of the audited labels \(Fracture\)"):
        read_audit(Files(few, compare=(nih,)))
