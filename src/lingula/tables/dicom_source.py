"""Reads DICOM structured reports (Basic Text, Enhanced, Comprehensive): one row a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lingula.errors import InputError, MissingExtraError
from lingula.tables.jsonl_source import JsonlSource
from lingula.tables.opening import reading
from lingula.tables.source import Reject

#: SOP classes (PS3.4): Basic Text SR, Enhanced SR, Comprehensive SR, Comprehensive 3D SR.
_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{last}" for last in (11, 22, 33, 34))
#: Concepts of PS3.16 that name a section of a report (TID 2000), and the header for it.
_HEADERS = {
    "121060": "HISTORY",
    "121070": "FINDINGS",
    "121071": "FINDINGS",
    "121072": "IMPRESSION",
    "121073": "IMPRESSION",
    "121074": "RECOMMENDATION",
    "121075": "RECOMMENDATION",
    "121076": "IMPRESSION",
    "121077": "IMPRESSION",
    "121078": "ADDENDUM",
}
_DEEPEST = 32


class DicomSource(JsonlSource):
    """One structured report: columns id (SOP instance), study_uid, accession, patient_id, text.

    Raises:
        InputError: If the file is no DICOM structured report with text (and bad rows are not to be
            skipped).
        MissingExtraError: If pydicom is not installed.
    """

    whole_reports = True
    _columns = ("id", "study_uid", "accession", "patient_id", "text")

    def _records(self) -> Iterator[dict[str, Any] | Reject]:
        try:
            import pydicom
            from pydicom.errors import InvalidDicomError
        except ImportError:
            raise MissingExtraError("A DICOM file", "dicom") from None
        record: dict[str, Any] = {}
        with reading(self.name):
            settings = pydicom.config.settings
            before = settings.reading_validation_mode
            # Its warnings quote the values, which are of patients.
            settings.reading_validation_mode = pydicom.config.IGNORE
            try:
                dataset = pydicom.dcmread(self._path, stop_before_pixels=True)
                record, reason = _record(dataset)
            except (InvalidDicomError, NotImplementedError, ValueError):
                reason = "is no DICOM file that can be read"
            finally:
                settings.reading_validation_mode = before
        if not reason:
            yield record
        elif self._skip_bad_rows:
            yield Reject(1, 0, reason, self.name)
        else:
            raise InputError(f"{self.name}: {reason}; leave such files out with --on-bad-row skip")


def _record(dataset: Any) -> tuple[dict[str, Any], str]:
    """The row of a data set, or what is wrong with it."""
    if str(dataset.get("SOPClassUID", "")) not in _CLASSES:
        return {}, "is no Basic Text, Enhanced or Comprehensive SR"
    lines: list[str] = []
    last = ""
    for header, text in _texts(dataset, "", 0):
        if header and header != last:
            lines.append(f"{header}:")
        last = header
        lines.append(text)
    if not lines:
        return {}, "is a structured report without text"
    names = ("SOPInstanceUID", "StudyInstanceUID", "AccessionNumber", "PatientID")
    columns = ("id", "study_uid", "accession", "patient_id")
    record: dict[str, Any] = {
        column: str(dataset.get(name, "") or "") or None
        for column, name in zip(columns, names, strict=True)
    }
    return {**record, "text": "\n".join(lines)}, ""


def _texts(item: Any, header: str, depth: int) -> Iterator[tuple[str, str]]:
    """Header and text of each text item below one, in order."""
    for child in item.get("ContentSequence", ()) if depth < _DEEPEST else ():
        own = _header(child) or header
        text = str(child.get("TextValue", "") or "")
        if child.get("ValueType") == "TEXT" and text.strip():
            yield own, text.replace("\r\n", "\n").replace("\r", "\n").strip()
        yield from _texts(child, own, depth + 1)


def _header(item: Any) -> str:
    """The header of a section; another concept's own words in capitals; nothing for a plain one."""
    for concept in item.get("ConceptNameCodeSequence", ()):
        known = _HEADERS.get(str(concept.get("CodeValue", "")))
        if known:
            return known
        return str(concept.get("CodeMeaning", "")).strip().upper()
    return ""
