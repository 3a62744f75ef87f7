"""Names under which tables keep their columns, in lower case, by what the column is for."""

from __future__ import annotations

#: Names of text columns, in lower case, the first that a table has is taken.
TEXT_NAMES: tuple[str, ...] = (
    "report impression",
    "impression",
    "findings",
    "conclusion",
    "section_impression",
    "section_findings",
    "last_paragraph",
    "report",
    "text",
    "radiology report",
    "radiology_report",
    "report_text",
    "report text",
    "reports",
    "full_report",
    "note_text",
    "list of texts",
)

#: Columns that are read together where a table has both: MIMIC-CXR's, and CheXpert Plus's.
PAIRS: tuple[tuple[str, str], ...] = (
    ("findings", "impression"),
    ("section_findings", "section_impression"),
)

#: Text columns that hold one section already, so that no section is looked for in them.
SECTION_COLUMNS: frozenset[str] = frozenset(
    {
        "report impression",
        "impression",
        "findings",
        "conclusion",
        "section_impression",
        "section_findings",
        "last_paragraph",
    }
)

#: Names that say which side of a pair a text is of; they go before ``TEXT_NAMES``, so that one
#: table can hold both sides.
REFERENCE_NAMES: tuple[str, ...] = (
    "reference",
    "references",
    "reference_report",
    "reference report",
    "ref",
    "refs",
    "ground_truth",
    "ground truth",
    "gt",
    "gts",
)
GENERATED_NAMES: tuple[str, ...] = (
    "generated",
    "generated_report",
    "generated report",
    "prediction",
    "predictions",
    "predicted",
    "model_prediction",
    "hypothesis",
    "hyp",
    "hyps",
    "res",
)

#: Names of id columns whose rows are images.
IMAGE_ID_NAMES: tuple[str, ...] = ("dicom_id", "image_id", "imageid", "image index", "path")

#: Names of id columns: of reports, of images, then those that also number visits.
ID_NAMES: tuple[str, ...] = (
    "id",
    "report_id",
    "report id",
    "note_id",
    "study_id",
    "uid",
    *IMAGE_ID_NAMES[:-1],
    "accession_number",
    "accession number",
    "accession",
    "path",
    "study",
)
PATIENT_NAMES: tuple[str, ...] = (
    "patient_id",
    "patientid",
    "patient id",
    "subject_id",
    "subjectid",
    "patient",
)
STUDY_NAMES: tuple[str, ...] = (
    "study_id",
    "studyid",
    "study id",
    "accession_number",
    "accession",
    "study",
)
SPLIT_NAMES: tuple[str, ...] = ("split", "partition", "subset", "fold", "set")

#: Every name that says what a column is for, except those of observations.
USUAL_NAMES: frozenset[str] = frozenset(
    (
        *TEXT_NAMES,
        *REFERENCE_NAMES,
        *GENERATED_NAMES,
        *ID_NAMES,
        *PATIENT_NAMES,
        *STUDY_NAMES,
        *SPLIT_NAMES,
    )
)
