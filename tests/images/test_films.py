"""Tables of films: paths, patients, studies, views, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from lingula.errors import ColumnError, InputError
from lingula.images.films import FilmTable, read_films, refuse_shared_patients
from lingula.schemas import load_schema
from tests.images.drawn import films

SCHEMA = load_schema("chexpert14")


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def table(folder, text):
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_chexperts_form_by_name_never_by_place(tmp_path):
    found = read_films(FilmTable(films(tmp_path, "train", 3, views=2)), SCHEMA)
    assert found.patients.tolist()[:2] == ["patient00000"] * 2
    assert found.studies[0] == "patient00000/study1" and found.views[1] == "lateral"
    assert found.sexes[0] == "f" and found.ages[0] == 20
    assert found.labels.schema.names == ("Lung Lesion", "Lung Opacity", "Edema")
    assert (found.classes[:, 1] == 0).all() and (found.classes[:, [0, 2]] != 0).all()
    assert len(found.of_view("frontal")) == 3


@pytest.mark.parametrize("root", ["CheXpert-v1.0-small", "."])
def test_the_first_folder_may_be_missing(tmp_path, root):
    name = "patient00001/study1/view1_frontal.jpg"
    touch(tmp_path / root / "train", name)
    path = table(tmp_path, f"Path,Edema\nCheXpert-v1.0-small/train/{name},1\n")
    assert read_films(FilmTable(path, tmp_path), SCHEMA).files[0].is_file()


def test_nihs_form(tmp_path):
    touch(tmp_path, "images_001/images/00000001_000.png", "images_002/images/00000002_003.png")
    path = table(
        tmp_path,
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
        "View Position\n"
        "00000001_000.png,Cardiomegaly|Edema,0,1,57,M,PA\n"
        "00000002_003.png,No Finding,3,2,060Y,F,AP\n",
    )
    found = read_films(FilmTable(path, tmp_path), SCHEMA)
    assert found.patients.tolist() == ["1", "2"] and found.studies.tolist() == ["1/0", "2/3"]
    assert found.ages.tolist() == [57, 60] and found.views.tolist() == ["frontal"] * 2
    column = found.labels.schema.index("Edema")
    assert found.classes[:, column].tolist() == [1, 0]


def test_labels_of_another_table_are_found_by_study(tmp_path):
    path = "files/p10/p10000032/s50414267/a.jpg"
    touch(tmp_path, path, path.replace("a.jpg", "b.jpg"))
    films_of = table(tmp_path, f"path\n{path}\n{path.replace('a.jpg', 'b.jpg')}\n")
    labels = tmp_path / "labels.csv"
    labels.write_text("study_id,Edema\n50414267,1\n50000000,0\n")
    found = read_films(FilmTable(films_of, labels=labels), SCHEMA)
    assert found.classes.ravel().tolist() == [1, 1]
    labels.write_text("study_id,Edema\n1,1\n")
    with pytest.raises(InputError, match="none of its ids"):
        read_films(FilmTable(films_of, labels=labels), SCHEMA)


def test_mimics_three_tables_are_joined(tmp_path):
    films_of = [
        (10000032, 50414267, "02aa804e-bde0afdd"),
        (10000032, 53189527, "2a2277a9-b0ded155"),
        (11000011, 51131114, "68b5c4b1-227d0485"),
    ]
    views = ("PA", "LATERAL", "AP")
    rows = [f"{dicom},{subject},{study}" for subject, study, dicom in films_of]
    for subject, study, dicom in films_of:
        touch(tmp_path, f"files/p{str(subject)[:2]}/p{subject}/s{study}/{dicom}.jpg")
    metadata = table(
        tmp_path,
        "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows\n"
        + "".join(f"{row},CHEST,{view},2544\n" for row, view in zip(rows, views, strict=True)),
    )
    labels, splits = tmp_path / "chexpert.csv", tmp_path / "split.csv"
    labels.write_text(
        "subject_id,study_id,Edema,Pleural Effusion\n11000011,51131114,-1.0,1.0\n"
        "10000032,50414267,1.0,\n10000032,53189527,0.0,1.0\n"
    )
    splits.write_text(
        "dicom_id,study_id,subject_id,split\n68b5c4b1-227d0485,51131114,11000011,validate\n"
        "02aa804e-bde0afdd,50414267,10000032,train\n2a2277a9-b0ded155,53189527,10000032,train\n"
    )
    found = read_films(FilmTable(metadata, labels=labels, splits=splits), SCHEMA)
    assert [path.is_file() for path in found.files] == [True] * 3
    assert found.patients.tolist() == ["10000032", "10000032", "11000011"]
    assert found.studies[1] == "10000032/53189527"
    assert found.views.tolist() == ["frontal", "lateral", "frontal"]
    assert found.parts.tolist() == ["train", "train", "validate"]
    assert found.classes.tolist() == [[1, 0], [2, 1], [3, 1]]


def test_padchests_form(tmp_path):
    touch(tmp_path, "0/216840111366964012283393834152009033102258826_00-014-084.png", "1/b.png")
    path = table(
        tmp_path,
        "ImageID,ImageDir,StudyID,PatientID,PatientSex_DICOM,Projection,Labels\n"
        "216840111366964012283393834152009033102258826_00-014-084.png,0,20140915,"
        "839860488694292331637988235681460987,F,PA,\"['cardiomegaly', 'pleural effusion']\"\n"
        "b.png,1,20150101,1,M,L,['normal']\n",
    )
    found = read_films(FilmTable(path, tmp_path), SCHEMA)
    assert found.views.tolist() == ["frontal", "lateral"] and found.sexes.tolist() == ["f", "m"]
    assert found.studies[0].endswith("/20140915")
    names = found.labels.schema.names
    positive = [names[at] for at in np.flatnonzero(found.classes[0] == 1)]
    assert positive == ["Cardiomegaly", "Pleural Effusion"]
    assert not (found.classes[1] == 1)[[names.index("Cardiomegaly")]].any()


def test_vindrs_form_has_no_suffixes_and_several_readers(tmp_path):
    touch(tmp_path, "test/002a34c58c5b758217ed1f584ccbcfe9.dicom", "test/b.dicom")
    head = "image_id,Atelectasis,Cardiomegaly,Pleural effusion,No finding\n"
    path = table(tmp_path, f"{head}002a34c58c5b758217ed1f584ccbcfe9,0,1,1,0\nb,0,0,0,1\n")
    found = read_films(FilmTable(path, tmp_path), SCHEMA)
    assert [item.name for item in found.files][1] == "b.dicom"
    names = found.labels.schema.names
    assert found.classes[0, names.index("Cardiomegaly")] == 1
    assert found.classes[1, names.index("Pleural Effusion")] == 2
    path = table(tmp_path, f"{head}b,0,0,0,1\nb,1,0,0,0\n")
    with pytest.raises(InputError, match="rows 1 and 2 are of one film"):
        read_films(FilmTable(path, tmp_path), SCHEMA)


def test_all_missing_files_are_listed_before_anything_starts(tmp_path):
    path = films(tmp_path, "train", 4)
    for number in (1, 2):
        (tmp_path / f"train/patient0000{number}/study1/view1_frontal.png").unlink()
    listing = tmp_path / "missing.txt"
    with pytest.raises(InputError, match="2 of 4 files are missing"):
        read_films(FilmTable(path, missing_list=listing), SCHEMA)
    assert len(listing.read_text().splitlines()) == 2
    found = read_films(FilmTable(path, skip_missing=True), SCHEMA)
    assert len(found) == 2 and "2 of 4" in found.notes[-1]


@pytest.mark.parametrize("escape", ["../secret.png", "a/../../b.png", "/etc/hostname", "C:\\x.png"])
def test_paths_stay_below_the_folder_of_images(tmp_path, escape):
    path = table(tmp_path, f"Path,Edema\n{escape},1\n")
    with pytest.raises(InputError, match=r"row 1: .*leaves the folder"):
        read_films(FilmTable(path, tmp_path), SCHEMA)


def test_links_stay_below_the_folder_of_images_too(tmp_path):
    touch(tmp_path, "root/real/a.png", "secret/b.png")
    root = tmp_path / "root"
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "c.png").symlink_to(tmp_path / "secret" / "b.png")
    (root / "inside").symlink_to(root / "real")
    (tmp_path / "other").symlink_to(root)
    for escape in ("folder/b.png", "c.png"):
        path = table(tmp_path, f"Path,Edema\nreal/a.png,1\n{escape},1\n")
        with pytest.raises(InputError, match=r"row 2: .* is a link that leaves the folder"):
            read_films(FilmTable(path, root), SCHEMA)
    path = table(tmp_path, "Path,Edema\nreal/a.png,1\ninside/a.png,1\n")
    for held in (root, tmp_path / "other"):
        assert len(read_films(FilmTable(path, held), SCHEMA)) == 2


def test_no_column_of_paths_or_labels(tmp_path):
    path = table(tmp_path, "who,what\na,b\n")
    with pytest.raises(ColumnError, match="--path-column"):
        read_films(FilmTable(path), SCHEMA)
    touch(tmp_path, "a.png")
    path = table(tmp_path, "path,what\na.png,b\n")
    with pytest.raises(ColumnError, match="no column is an observation"):
        read_films(FilmTable(path), SCHEMA)


def test_a_patient_belongs_to_one_side(tmp_path):
    first = read_films(FilmTable(films(tmp_path, "train", 4)), SCHEMA)
    second = read_films(FilmTable(films(tmp_path, "valid", 4, first=3)), SCHEMA)
    with pytest.raises(InputError, match="patient00003"):
        refuse_shared_patients(first, second)
    refuse_shared_patients(first, second.take(np.array([1, 2])))
