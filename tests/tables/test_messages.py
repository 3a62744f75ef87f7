"""HL7 v2 messages and DICOM structured reports as tables of reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingula.errors import InputError
from lingula.pipeline import run
from lingula.rules import RuleLabeler
from lingula.tables.hl7_text import Delimiters, MessageError, reports_of, split_messages
from lingula.tables.open_source import open_source

MSH = "MSH|^~\\&|RIS|H|X|Y|202601020304||ORU^R01^ORU_R01|m1|P|2.5.1"
ORU = "\r".join(
    [
        MSH,
        "PID|1||p7^^^H||DOE^J",
        "OBR|1|placer|filler-9^RIS|36643-5^XR",
        "OBX|1|TX|36643-5&GDT^XR||No pneumothorax.\\.br\\Small \\T\\ left effusion.||||||F",
        "OBX|2|TX|36643-5&GDT^XR||The heart \\E\\ aorta~are normal.||||||F",
        "OBX|3|ED|36643-5^PDF||^application^pdf^Base64^JVBE||||||F",
        "OBX|4|TX|36643-5&IMP^XR||Possible pneumonia.||||||F",
        "OBX|5|TX|36643-5&IMP^XR||Large mass.||||||D",
        "",
    ]
)


def rows(source) -> list[dict]:
    return [row for batch in source.batches() for row in batch.to_pylist()]


def test_a_message_is_one_report() -> None:
    assert reports_of(ORU.rstrip("\r")) == [
        {
            "id": "filler-9",
            "message_id": "m1",
            "patient_id": "p7",
            "text": "FINDINGS:\nNo pneumothorax.\nSmall & left effusion.\nThe heart \\ aorta\n"
            "are normal.\nIMPRESSION:\nPossible pneumonia.",
        }
    ]


def test_each_order_is_a_report() -> None:
    message = "\r".join([MSH, "OBR|1|a|b", "OBX|1|FT|x||One.", "OBR|2|c|", "OBX|1|ST|x||Two."])
    found = [(item["id"], item["text"]) for item in reports_of(message)]
    assert found == [("b", "One."), ("c", "Two.")]


def test_delimiters_are_the_messages_own() -> None:
    message = "\r".join(
        ["MSH!*%$@!R!H!!!2026!!ORU*R01!m2", "OBX!1!TX!x@IMP*y!!No | edema$T$$X41$."]
    )
    assert reports_of(message)[0]["text"] == "IMPRESSION:\nNo | edema@A."


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("a\\E\\R\\E\\b", "a\\R\\b"),
        ("\\H\\bold\\N\\", "bold"),
        ("one\\.sp2\\two\\.in+4\\", "one\n\ntwo"),
        ("\\X0D0A\\", "\r\n"),
        ("\\Zlocal\\", "\\Zlocal\\"),
        ("50\\50", "50\\50"),
        ("\\F\\\\S\\\\R\\", "|^~"),
    ],
)
def test_escapes_are_decoded_once(given: str, text: str) -> None:
    assert Delimiters.of(MSH).unescape(given) == text


@pytest.mark.parametrize(
    "message",
    ["", "PID|1", "MSH", "MSH|^~\\&", "MSH||||||", MSH, MSH.replace("ORU", "ADT"),
     MSH + "\rOBX|1|NM|x||5", MSH + "\rOBX|1|TX|x||", MSH + "\rOBX"],
)  # fmt: skip
def test_other_messages_are_refused(message: str) -> None:
    with pytest.raises(MessageError):
        reports_of(message)


def test_a_file_of_messages_is_labeled(tmp_path: Path) -> None:
    path = tmp_path / "feed.hl7"
    framed = [f"\x0b{ORU}\x1c\r", ORU.replace("\r", "\r\n"), ORU.replace("m1", "m2")]
    path.write_bytes("".join(["FHS|^~\\&\r", *framed]).encode())
    assert len(list(split_messages(path.read_bytes().decode()))) == 3
    summary = run(path, tmp_path / "out.csv", RuleLabeler())
    assert summary.rows == 3
    labels = rows(open_source(tmp_path / "out.csv"))
    names = ("Pneumothorax", "Pleural Effusion", "Pneumonia")
    assert [[float(row[name]) for name in names] for row in labels] == [[0, 1, -1]] * 3


def test_a_bad_message_ends_the_run_or_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "feed.hl7"
    path.write_bytes((ORU + MSH.replace("ORU", "ADT") + "\r" + ORU).encode())
    with pytest.raises(InputError, match="message 2 is no ORU message; leave such"):
        open_source(path)
    assert open_source(path, skip_bad_rows=True).rows == 2
    path.write_bytes(ORU.replace("left", "größer").encode("latin-1"))
    with pytest.raises(InputError, match="--encoding latin-1"):
        open_source(path)
    assert "größer" in rows(open_source(path, encoding="latin-1"))[0]["text"]


def structured_report(path: Path, kind: str = "11", **more: str) -> None:
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    def item(value_type: str, code: str, meaning: str, **values: object) -> Dataset:
        found, concept = Dataset(), Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator = code, "DCM"
        concept.CodeMeaning = meaning
        found.RelationshipType, found.ValueType = "CONTAINS", value_type
        found.ConceptNameCodeSequence = [concept]
        for name, value in values.items():
            setattr(found, name, value)
        return found

    def text(code: str, meaning: str, words: str) -> Dataset:
        return item("TEXT", code, meaning, TextValue=words)

    report = Dataset()
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    report.file_meta.MediaStorageSOPClassUID = f"1.2.840.10008.5.1.4.1.1.88.{kind}"
    report.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.88.{kind}"
    report.SOPInstanceUID = report.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{path.stem}"
    report.StudyInstanceUID, report.PatientID, report.Modality = "1.2.9", "p7", "SR"
    report.SpecificCharacterSet = "ISO_IR 192"
    findings = [text("121071", "Finding", "No pneumothorax."),
                text("121071", "Finding", "Größe normal. Small effusion.")]  # fmt: skip
    report.ContentSequence = [
        item("CONTAINER", "121060", "History", ContentSequence=[text("1", "", "Cough.")]),
        item("CONTAINER", "121070", "Findings", ContentSequence=findings),
        item("CONTAINER", "121072", "Impressions",
             ContentSequence=[text("121073", "Impression", "Possible pneumonia.")]),
    ]  # fmt: skip
    for name, value in more.items():
        setattr(report, name, value)
    pydicom.dcmwrite(path, report, enforce_file_format=True)


@pytest.mark.parametrize("kind", ["11", "22", "33"])
def test_a_structured_report_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "7.dcm"
    structured_report(path, kind)
    (row,) = rows(open_source(path))
    assert (row["id"], row["study_uid"], row["patient_id"]) == ("1.2.3.7", "1.2.9", "p7")
    assert row["text"] == (
        "HISTORY:\nCough.\nFINDINGS:\nNo pneumothorax.\nGröße normal. Small effusion.\n"
        "IMPRESSION:\nPossible pneumonia."
    )


def test_a_folder_of_structured_reports_is_labeled(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    for number in range(3):
        structured_report(folder / f"{number}.dcm")
    summary = run(folder, tmp_path / "out.csv", RuleLabeler())
    assert summary.rows == 3
    found = rows(open_source(tmp_path / "out.csv"))
    assert [item["id"] for item in found] == [f"1.2.3.{number}" for number in range(3)]
    assert {float(item["Pneumonia"]) for item in found} == {-1}


def test_other_dicom_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "8.dcm"
    structured_report(path, "67")
    with pytest.raises(InputError, match="is no Basic Text, Enhanced or Comprehensive SR"):
        open_source(path)
    path.write_bytes(b"no DICOM at all")
    with pytest.raises(InputError, match="is no DICOM file that can be read"):
        open_source(path)
