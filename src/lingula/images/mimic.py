"""Films of MIMIC-CXR-JPG, whose tables have no paths (Johnson et al., 2019).

Its archive keeps a film of subject 10000032, study 50414267 at
``files/p10/p10000032/s50414267/<dicom_id>.jpg``; views are in its table of metadata, labels in that
of CheXpert or NegBio (one row a study), and the parts in that of the split (one row a film).
"""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS = ("subject_id", "study_id", "dicom_id")


def has_mimic_columns(names: Sequence[str]) -> bool:
    """Whether a table names films as MIMIC-CXR-JPG does."""
    return set(COLUMNS) <= set(names)


def mimic_path(subject: str, study: str, dicom: str) -> str:
    """Where the archive keeps a film."""
    return f"files/p{subject[:2]}/p{subject}/s{study}/{dicom}.jpg"
