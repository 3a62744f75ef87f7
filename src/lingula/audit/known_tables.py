"""What a table's columns are for: patients, studies, splits, labels in columns or in a list.

Three published tables are known by their columns: CheXpert's (patients and studies are parts of its
paths), ChestX-ray14's (labels are a list in one column) and MIMIC-CXR-JPG's. In other tables
columns are found by their names, and each can be named by the user.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lingula.audit.inputs import Groups
from lingula.errors import ColumnError
from lingula.tables.label_table import find_id_column

if TYPE_CHECKING:
    import pyarrow as pa

#: Where CheXpert's paths hold split, patient and study (Irvin et al., AAAI 2019).
CHEXPERT_PATH = (
    r"(?:^|/)(?P<split>train|valid|val|test)/(?P<patient>patient[^/]+)/(?P<study>study[^/]+)/"
)
#: Columns of ChestX-ray14's table (Wang et al., CVPR 2017); "No Finding" is one of its list.
NIH_COLUMNS = frozenset({"Image Index", "Finding Labels", "Patient ID"})
NIH_SEPARATOR = "|"

PATIENT_NAMES = ("patient_id", "patientid", "patient id", "subject_id", "subjectid", "patient")
STUDY_NAMES = ("study_id", "studyid", "study id", "accession_number", "accession", "study")
SPLIT_NAMES = ("split", "partition", "subset", "fold", "set")
IMAGE_ID_NAMES = frozenset({"dicom_id", "image_id", "imageid", "image index", "path"})


@dataclass(frozen=True)
class Columns:
    """Columns that the user names; None leaves it to the names of the columns."""

    id: str | None = None
    patient: str | None = None
    study: str | None = None
    split: str | None = None
    finding_list: str | None = None
    separator: str = NIH_SEPARATOR


@dataclass(frozen=True, eq=False)
class Layout:
    """What was found.

    Attributes:
        known: Name of the published table, or an empty text.
        unit: What one row is: "image", "study" or "report".
        schema: Name of the schema that the published table follows, or None.
        id: Column of the ids, or None.
        patients: Patient of each row, or None.
        studies: Study of each row, or None.
        splits: Split of each row, or None.
        finding_list: Column that lists the positive labels, or None.
        separator: What stands between two labels of that list.
        used: Columns that are spoken for, so that they are no metadata.
    """

    known: str
    unit: str
    schema: str | None
    id: str | None
    patients: Groups | None
    studies: Groups | None
    splits: Groups | None
    finding_list: str | None
    separator: str
    used: frozenset[str]


def layout_of(table: pa.Table, wanted: Columns, source: str) -> Layout:
    """The layout of a table; what the user names wins over what is found.

    Raises:
        ColumnError: If a column that the user names is not there.
    """
    found = _chexpert(table) or _nih(table) or _by_name(table)
    named = {
        role: _column(table, name, source)
        for role, name in (
            ("id", wanted.id),
            ("patient", wanted.patient),
            ("study", wanted.study),
            ("split", wanted.split),
            ("finding_list", wanted.finding_list),
        )
        if name is not None
    }
    used = set(found.used) | set(named.values())
    if "id" in named:
        found = replace(found, id=named["id"])
    if "patient" in named:
        found = replace(found, patients=Groups.of(table.column(named["patient"])))
    if "study" in named:
        found = replace(found, studies=Groups.of(table.column(named["study"])))
    if "split" in named:
        found = replace(found, splits=Groups.of(table.column(named["split"])))
    if "finding_list" in named:
        found = replace(found, finding_list=named["finding_list"])
    return replace(found, separator=wanted.separator, used=frozenset(used))


def _column(table: pa.Table, name: str, source: str) -> str:
    if name in table.column_names:
        return name
    folded = [held for held in table.column_names if _key(held) == _key(name)]
    if len(folded) == 1:
        return str(folded[0])
    raise ColumnError(
        f"{source}: there is no column {name!r}; it has {', '.join(table.column_names[:20])}"
    )


def _key(name: str) -> str:
    return name.strip().casefold()


def _chexpert(table: pa.Table) -> Layout | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if "Path" not in table.column_names or not pa.types.is_string(table.column("Path").type):
        return None
    parts = pc.extract_regex(table.column("Path"), CHEXPERT_PATH)
    if parts.null_count == len(parts):
        return None
    return Layout(
        known="CheXpert",
        unit="image",
        schema="chexpert14",
        id="Path",
        patients=Groups.of(pc.struct_field(parts, "patient")),
        studies=Groups.of(pc.struct_field(parts, "study")),
        splits=Groups.of(pc.struct_field(parts, "split")),
        finding_list=None,
        separator=NIH_SEPARATOR,
        used=frozenset({"Path"}),
    )


def _nih(table: pa.Table) -> Layout | None:
    if not set(table.column_names) >= NIH_COLUMNS:
        return None
    return Layout(
        known="ChestX-ray14",
        unit="image",
        schema="nih14",
        id="Image Index",
        patients=Groups.of(table.column("Patient ID")),
        studies=None,
        splits=_groups(table, SPLIT_NAMES),
        finding_list="Finding Labels",
        separator=NIH_SEPARATOR,
        used=NIH_COLUMNS,
    )


def _by_name(table: pa.Table) -> Layout:
    names = {_key(name): name for name in table.column_names}
    key = find_id_column(table.column_names)
    mimic = "subject_id" in names and "study_id" in names
    if mimic and "dicom_id" in names:
        key = "dicom_id"
    used = {
        names[name]
        for roles in (PATIENT_NAMES, STUDY_NAMES, SPLIT_NAMES)
        for name in (next((n for n in roles if n in names), None),)
        if name is not None
    }
    if key is not None:
        used.add(names[key])
    studies = _groups(table, STUDY_NAMES)
    unit = "report"
    if key in IMAGE_ID_NAMES:
        unit = "image"
    elif studies is not None and len(studies.names) == table.num_rows:
        unit = "study"
    return Layout(
        known="MIMIC-CXR" if mimic else "",
        unit=unit,
        schema="chexpert14" if mimic else None,
        id=None if key is None else names[key],
        patients=_groups(table, PATIENT_NAMES),
        studies=studies,
        splits=_groups(table, SPLIT_NAMES),
        finding_list=None,
        separator=NIH_SEPARATOR,
        used=frozenset(used),
    )


def _groups(table: pa.Table, roles: tuple[str, ...]) -> Groups | None:
    names = {_key(name): name for name in table.column_names}
    found = next((names[name] for name in roles if name in names), None)
    return None if found is None else Groups.of(table.column(found))
