"""What a table's columns are for: patients, studies, splits, labels in columns or in a list.

Three published tables are known by their columns: CheXpert's (patients and studies are parts of its
paths), ChestX-ray14's (labels are a list in one column) and MIMIC-CXR-JPG's. In other tables
columns are found by their names, and each can be named by the user.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lingula.audit.inputs import Groups
from lingula.tables.columns import find_column, usual_column
from lingula.tables.label_columns import SEPARATOR
from lingula.tables.usual_names import (
    ID_NAMES,
    IMAGE_ID_NAMES,
    PATIENT_NAMES,
    SPLIT_NAMES,
    STUDY_NAMES,
)

if TYPE_CHECKING:
    import pyarrow as pa

#: Where CheXpert's paths hold split, patient and study (Irvin et al., AAAI 2019).
CHEXPERT_PATH = (
    r"(?:^|/)(?P<split>train|valid|val|test)/(?P<patient>patient[^/]+)/(?P<study>study[^/]+)/"
)
#: Columns of ChestX-ray14's table (Wang et al., CVPR 2017); "No Finding" is one of its list.
NIH_COLUMNS = frozenset({"Image Index", "Finding Labels", "Patient ID"})


@dataclass(frozen=True)
class Columns:
    """Columns that the user names; None leaves it to the names of the columns."""

    id: str | None = None
    patient: str | None = None
    study: str | None = None
    split: str | None = None
    finding_list: str | None = None
    separator: str = SEPARATOR


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
        role: table.column_names[find_column(table.column_names, name, source)]
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
        separator=SEPARATOR,
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
        separator=SEPARATOR,
        used=NIH_COLUMNS,
    )


def _by_name(table: pa.Table) -> Layout:
    names = table.column_names
    mimic = {"subject_id", "study_id"} <= {name.strip().casefold() for name in names}
    key = (usual_column(names, ("dicom_id",)) if mimic else None) or usual_column(names, ID_NAMES)
    used = {usual_column(names, role) for role in (PATIENT_NAMES, STUDY_NAMES, SPLIT_NAMES)}
    studies = _groups(table, STUDY_NAMES)
    unit = "report"
    if key is not None and key.strip().casefold() in IMAGE_ID_NAMES:
        unit = "image"
    elif studies is not None and len(studies.names) == table.num_rows:
        unit = "study"
    return Layout(
        known="MIMIC-CXR" if mimic else "",
        unit=unit,
        schema="chexpert14" if mimic else None,
        id=key,
        patients=_groups(table, PATIENT_NAMES),
        studies=studies,
        splits=_groups(table, SPLIT_NAMES),
        finding_list=None,
        separator=SEPARATOR,
        used=frozenset(name for name in (*used, key) if name is not None),
    )


def _groups(table: pa.Table, roles: tuple[str, ...]) -> Groups | None:
    found = usual_column(table.column_names, roles)
    return None if found is None else Groups.of(table.column(found))
