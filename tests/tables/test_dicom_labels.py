"""Labels as DICOM structured reports, read back by pydicom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lingula.cli.label import command
from lingula.errors import InputError
from lingula.pipeline import run
from lingula.rules import RuleLabeler
from tests.tables.test_messages import structured_report

pydicom = pytest.importorskip("pydicom")


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    structured_report(folder / "1.dcm", PatientName="Größe^Ända", SeriesInstanceUID="1.2.8")
    structured_report(folder / "2.dcm", "33", AccessionNumber="A2", StudyDate="20260102")
    return folder


def read(folder: Path) -> dict[str, Any]:
    """The documents of a folder, by the UID of the report that each refers to."""
    found = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    return {
        str(item.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID): item
        for item in found
    }


def test_each_report_gets_a_document_that_refers_to_it(reports: Path, tmp_path: Path) -> None:
    words = [str(reports), "-o", str(tmp_path / "out.csv"), "--dicom-sr", str(tmp_path / "sr")]
    done = CliRunner().invoke(command, [*words, "--labeler", "rules"], catch_exceptions=False)
    assert done.exit_code == 0
    found = read(tmp_path / "sr")
    assert set(found) == {"1.2.3.1", "1.2.3.2"}
    first, second = found["1.2.3.1"], found["1.2.3.2"]
    for made, kind in ((first, "11"), (second, "33")):
        assert made.SOPClassUID.name == "Basic Text SR Storage"
        assert made.file_meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID
        assert (made.StudyInstanceUID, made.PatientID) == ("1.2.9", "p7")
        assert (made.Modality, made.VerificationFlag, made.CompletionFlag) == (
            "SR", "UNVERIFIED", "PARTIAL",
        )  # fmt: skip
        reference = made.ContentSequence[0].ReferencedSOPSequence[0]
        assert reference.ReferencedSOPClassUID == f"1.2.840.10008.5.1.4.1.1.88.{kind}"
        evidence = made.PertinentOtherEvidenceSequence[0]
        series = evidence.ReferencedSeriesSequence[0]
        assert evidence.StudyInstanceUID == "1.2.9"
        assert series.ReferencedSOPSequence[0] == reference
        assert RuleLabeler().sha256 in made.ContentSequence[1].TextValue
        said = {
            item.ConceptNameCodeSequence[0].CodeMeaning: item.ConceptCodeSequence[0].CodeValue
            for item in made.ContentSequence[2:]
        }
        assert said == {
            "Pneumothorax": "absent",
            "Pleural Effusion": "present",
            "Pneumonia": "indeterminate",
        }
    assert str(first.PatientName) == "Größe^Ända"
    assert (
        first.PertinentOtherEvidenceSequence[0].ReferencedSeriesSequence[0].SeriesInstanceUID
        == "1.2.8"
    )
    assert (second.AccessionNumber, second.StudyDate) == ("A2", "20260102")
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_type_1_and_2_attributes_are_there(reports: Path, tmp_path: Path) -> None:
    run(reports, tmp_path / "out.csv", RuleLabeler(), dicom_sr=tmp_path / "sr")
    made = read(tmp_path / "sr")["1.2.3.1"]
    # PS3.3: Patient, General Study, SR Document Series, SR Document General, SR Document Content.
    filled = ("StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "InstanceNumber",
              "ContentDate", "ContentTime", "ValueType", "ConceptNameCodeSequence",
              "ContinuityOfContent", "ContentSequence", "Manufacturer")  # fmt: skip
    assert [name for name in filled if not made.get(name)] == []
    there = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate",
             "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
             "ReferencedPerformedProcedureStepSequence",
             "PerformedProcedureCodeSequence")  # fmt: skip
    assert [name for name in there if name not in made] == []
    for item in made.ContentSequence:
        for code in (*item.ConceptNameCodeSequence, *item.get("ConceptCodeSequence", ())):
            value = code.get("CodeValue") or code.LongCodeValue
            assert len(code.get("CodeValue", "")) <= 16 and value
            assert code.CodingSchemeDesignator == "99LINGULA"


def test_a_long_code_has_its_own_attribute(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "1.dcm"
    path.parent.mkdir()
    structured_report(path)
    report = pydicom.dcmread(path)
    report.ContentSequence[1].ContentSequence[0].TextValue = "Enlarged cardiomediastinum."
    report.save_as(path)
    run(path, tmp_path / "out.csv", RuleLabeler(), dicom_sr=tmp_path / "sr")
    items = read(tmp_path / "sr")["1.2.3.1"].ContentSequence[2:]
    codes = [item.ConceptNameCodeSequence[0] for item in items]
    (long,) = [code for code in codes if "LongCodeValue" in code]
    assert long.LongCodeValue == "enlarged-cardiomediastinum"
    assert long.CodingSchemeVersion == "chexpert14"


def test_what_is_there_and_what_is_no_dicom(reports: Path, tmp_path: Path) -> None:
    sr, labeler = tmp_path / "sr", RuleLabeler()
    table = tmp_path / "table.csv"
    table.write_text("id,report\n1,No edema.\n", encoding="utf-8")
    with pytest.raises(InputError, match="none of DICOM"):
        run(table, tmp_path / "out.csv", labeler, dicom_sr=sr)
    with pytest.raises(InputError, match="holds the reports themselves"):
        run(reports, tmp_path / "out.csv", labeler, dicom_sr=reports, overwrite=True)
    run(reports, tmp_path / "out.csv", labeler, dicom_sr=sr)
    before = {path.name for path in sr.iterdir()}
    with pytest.raises(InputError, match="is there already"):
        run(reports, tmp_path / "out2.csv", labeler, dicom_sr=sr)
    assert {path.name for path in sr.iterdir()} == before
    run(reports, tmp_path / "out.csv", labeler, dicom_sr=sr, overwrite=True)
    assert len(list(sr.iterdir())) == 2
    assert not before & {path.name for path in sr.iterdir()}
    (sr / "mine.txt").touch()
    with pytest.raises(InputError, match="holds more than labels"):
        run(reports, tmp_path / "out.csv", labeler, dicom_sr=sr, overwrite=True)


def test_a_report_that_is_left_out_gets_none(reports: Path, tmp_path: Path) -> None:
    structured_report(reports / "3.dcm", "99")
    (reports / "4.dcm").write_bytes(b"no DICOM")
    run(reports, tmp_path / "out.csv", RuleLabeler(), dicom_sr=tmp_path / "sr", on_bad_row="skip")
    assert set(read(tmp_path / "sr")) == {"1.2.3.1", "1.2.3.2"}
    rejects = (tmp_path / "out.csv.rejects.csv").read_text(encoding="utf-8")
    assert "no DICOM file that can be read" in rejects and "3.dcm" in rejects
    with pytest.raises(InputError):
        run(reports, tmp_path / "out2.csv", RuleLabeler(), dicom_sr=tmp_path / "sr2")
    assert not (tmp_path / "sr2").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".new")]
