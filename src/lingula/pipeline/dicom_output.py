"""Labels as DICOM structured reports, beside reports that are such themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lingula.errors import InputError
from lingula.pipeline.job import Job
from lingula.pipeline.places import writing
from lingula.tables.dicom_labels import DicomLabels
from lingula.tables.formats import format_to_read


def dicom_labels(job: Job, paths: Sequence[Path]) -> DicomLabels | None:
    """Where the labels of a job go as structured reports; None if nobody asks for them.

    Raises:
        InputError: If the input is something else, or the folder is there or cannot be written.
        MissingExtraError: If pydicom is not installed.
    """
    folder = job.output.dicom_sr
    if folder is None:
        return None
    for path in paths:
        if not path.is_file() or format_to_read(path).kind != "dicom":
            raise InputError(
                f"{path}: --dicom-sr writes structured reports that refer to the reports, and "
                "this is none of DICOM; leave it out"
            )
    folder = folder.resolve()
    if not folder.parent.is_dir():
        raise InputError(f"{folder}: the folder {folder.parent} does not exist; create it first")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is there and is no folder")
    if any(path.resolve().is_relative_to(folder) for path in paths):
        raise InputError(f"{folder}: holds the reports themselves; name another folder")
    if folder.exists() and any(folder.iterdir()):
        if not job.output.overwrite:
            raise InputError(f"{folder}: is there already; name another, or add --overwrite")
        if any(path.suffix != ".dcm" for path in folder.iterdir()):
            raise InputError(f"{folder}: holds more than labels; name another folder")
    labeler = job.labeler
    with writing(folder):
        return DicomLabels(
            folder,
            paths,
            labeler.schema,
            str(getattr(labeler, "name", type(labeler).__qualname__)),
            getattr(labeler, "sha256", None),
        )
