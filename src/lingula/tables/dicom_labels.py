"""Labels as DICOM structured reports: a Basic Text SR a report, which refers to that report's SR.

Layout by DICOM PS3.3: the Basic Text SR IOD and its content constraints (A.35.1), and the modules
SR Document Series, SR Document General and SR Document Content (C.17.1 to C.17.3). Observations and
what is said of them have codes of Lingula's own, in the private scheme ``99LINGULA`` (PS3.16, 8.2:
private designators begin with 99); nothing is verified by a person, and the document says so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lingula.errors import InputError, MissingExtraError
from lingula.labels import Label, Schema
from lingula.tables.opening import reading

#: SOP class of Basic Text SR Storage (PS3.4, B.5).
BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
SCHEME = "99LINGULA"
#: As in the FHIR answers of the service.
_SAID = {Label.POSITIVE: "present", Label.NEGATIVE: "absent", Label.UNCERTAIN: "indeterminate"}
#: What the new document has in common with the report's: patient and study.
_COPIED = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "ReferringPhysicianName",
    "AccessionNumber",
)
#: Type 3, left out where the report has none; the others are there, and empty (type 2).
_OPTIONAL = ("IssuerOfPatientID", "StudyDescription")


class DicomLabels:
    """A folder of label documents that is being written; it appears when all are whole.

    Args:
        folder: The folder.
        reports: The structured reports that are labeled.
        schema: The observations.
        labeler: Name of the labeler.
        sha256: Its digest, or None.

    Attributes:
        folder: The folder.

    Raises:
        InputError: If the folder cannot be written, or a report cannot be read or has no UID.
        MissingExtraError: If pydicom is not installed.
    """

    def __init__(
        self,
        folder: Path,
        reports: Sequence[Path],
        schema: Schema,
        labeler: str,
        sha256: str | None,
    ) -> None:
        try:
            import pydicom
        except ImportError:
            raise MissingExtraError("A DICOM file", "dicom") from None
        self.folder = folder
        self._beside = folder.with_name(f".{folder.name}.new")
        self._schema = schema
        self._method = f"Labeled by Lingula, labeler {labeler}" + (
            f", sha256 {sha256}" if sha256 else ""
        )
        self._paths: dict[str, Path] = {}
        with _lenient(pydicom):
            for path in reports:
                with reading(str(path)):
                    try:
                        found = pydicom.dcmread(path, specific_tags=["SOPInstanceUID"])
                    except (pydicom.errors.InvalidDicomError, NotImplementedError, ValueError):
                        # Whether such files are left out or end the run, the table's reader says.
                        continue
                self._paths[str(found.get("SOPInstanceUID", "") or "")] = path
        shutil.rmtree(self._beside, ignore_errors=True)
        self._beside.mkdir(mode=0o700)

    def write(self, uids: Sequence[str | None], classes: Any) -> None:
        """Write the documents of n reports.

        Args:
            uids: Their SOP instance UIDs.
            classes: int8, shape (n, k).

        Raises:
            InputError: If a report has no UID.
            OSError: If one cannot be written.
        """
        import pydicom

        for uid, row in zip(uids, classes.tolist(), strict=True):
            if not uid:
                raise InputError(
                    "--dicom-sr: a report without SOP instance UID cannot be referred to; leave "
                    "it out"
                )
            with _lenient(pydicom):
                source = pydicom.dcmread(self._paths[uid], stop_before_pixels=True)
                labels = {
                    name: Label(value)
                    for name, value in zip(self._schema.names, row, strict=True)
                    if value != Label.BLANK
                }
                made = label_document(source, labels, self._schema.name, self._method)
                path = self._beside / f"{made.SOPInstanceUID}.dcm"
                made.save_as(path, enforce_file_format=True)

    def publish(self) -> None:
        """Give the folder its name, in place of one that is there."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        os.replace(self._beside, self.folder)  # noqa: PTH105 - replaces on every system

    def abandon(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._beside, ignore_errors=True)


def label_document(source: Any, labels: Mapping[str, Label], schema: str, method: str) -> Any:
    """The Basic Text SR of one report's labels, as a pydicom data set with its file's meta data.

    Args:
        source: The data set of the report's SR.
        labels: What is said of each observation that is not blank.
        schema: Name of the observations' schema.
        method: How they were made, in words.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    now = datetime.now(timezone.utc)
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = BASIC_TEXT_SR
    made.SOPInstanceUID = generate_uid(prefix=None)
    made.InstanceCreationDate = made.ContentDate = now.strftime("%Y%m%d")
    made.InstanceCreationTime = made.ContentTime = now.strftime("%H%M%S")
    made.TimezoneOffsetFromUTC = "+0000"
    for name in _COPIED:
        if name in source:
            setattr(made, name, source.data_element(name).value)
        elif name not in _OPTIONAL:
            setattr(made, name, "")
    made.Modality = "SR"
    made.SeriesInstanceUID = generate_uid(prefix=None)
    made.SeriesNumber = made.InstanceNumber = "1"
    made.SeriesDescription = "Labels of the report"
    made.ReferencedPerformedProcedureStepSequence = []
    made.PerformedProcedureCodeSequence = []
    made.Manufacturer = "Lingula"
    made.SoftwareVersions = _version()
    made.CompletionFlag = "PARTIAL"
    made.CompletionFlagDescription = "Labels that a program read from the report"
    made.VerificationFlag = "UNVERIFIED"
    reference = Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    made.PertinentOtherEvidenceSequence = [_evidence(source, reference)]
    made.ValueType = "CONTAINER"
    made.ContinuityOfContent = "SEPARATE"
    made.ConceptNameCodeSequence = [_code("labels", "Labels of a radiology report")]
    report = _item("COMPOSITE", _code("labeled-report", "Labeled report"))
    report.ReferencedSOPSequence = [reference]
    how = _item("TEXT", _code("method", "Method"))
    how.TextValue = method
    made.ContentSequence = [report, how, *_said(labels, schema)]
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def _said(labels: Mapping[str, Label], schema: str) -> Iterator[Any]:
    for name, label in labels.items():
        item = _item("CODE", _code(name.lower().replace(" ", "-"), name, schema))
        item.ConceptCodeSequence = [_code(_SAID[label], _SAID[label].capitalize())]
        yield item


def _evidence(source: Any, reference: Any) -> Any:
    from pydicom.dataset import Dataset

    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID = source.get("SeriesInstanceUID", "")
    series.ReferencedSOPSequence = [reference]
    study.StudyInstanceUID = source.get("StudyInstanceUID", "")
    study.ReferencedSeriesSequence = [series]
    return study


def _item(kind: str, concept: Any) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = kind
    item.ConceptNameCodeSequence = [concept]
    return item


def _code(value: str, meaning: str, version: str = "") -> Any:
    from pydicom.dataset import Dataset

    code = Dataset()
    # 16 characters at most (PS3.5, SH); a longer one goes to its own attribute (PS3.3, 8.8).
    setattr(code, "CodeValue" if len(value) <= 16 else "LongCodeValue", value)
    code.CodingSchemeDesignator = SCHEME
    if version:
        code.CodingSchemeVersion = version
    code.CodeMeaning = meaning[:64]
    return code


@contextmanager
def _lenient(pydicom: Any) -> Iterator[None]:
    """Without checks of values: pydicom's warnings quote them, and they are of patients."""
    settings = pydicom.config.settings
    before = settings.reading_validation_mode, settings.writing_validation_mode
    settings.reading_validation_mode = pydicom.config.IGNORE
    settings.writing_validation_mode = pydicom.config.IGNORE
    try:
        yield
    finally:
        settings.reading_validation_mode, settings.writing_validation_mode = before


def _version() -> str:
    import lingula

    return lingula.__version__
