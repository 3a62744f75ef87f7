"""Columns that tables of images have besides labels, told by their names.

CheXpert (Irvin et al., AAAI 2019), MIMIC-CXR-JPG (Johnson et al., 2019), ChestX-ray14 (Wang et al.,
CVPR 2017), PadChest (Bustos et al., 2020), VinDr-CXR (Nguyen et al., 2022).
"""

from __future__ import annotations

#: Files, relative to a folder of images; of a table's columns the first of these is taken.
PATH_NAMES: tuple[str, ...] = (
    "path",
    "image_path",
    "imagepath",
    "file_path",
    "filepath",
    "path_to_image",
    "filename",
    "file_name",
    "image index",
    "imageid",
    "image_id",
    "image",
    "file",
)
#: Frontal or lateral, or a projection (PA, AP, LL, ...).
VIEW_NAMES: tuple[str, ...] = (
    "frontal/lateral",
    "frontal_lateral",
    "viewposition",
    "view position",
    "view_position",
    "projection",
    "view",
)
SEX_NAMES: tuple[str, ...] = ("sex", "patient gender", "patientsex_dicom", "patient_sex", "gender")
AGE_NAMES: tuple[str, ...] = ("age", "patient age", "patientage", "patient_age")
#: ChestX-ray14's number of a visit; with the patient it names a study.
VISIT_NAMES: tuple[str, ...] = ("follow-up #",)

#: Words of views, in lower case. "postero-anterior" and "lateral" are MIMIC-CXR's, "l" and
#: "ap_horizontal" PadChest's.
_FRONTAL = frozenset(
    {"frontal", "pa", "ap", "postero-anterior", "antero-posterior", "ap_horizontal", "ap supine"}
)
_LATERAL = frozenset({"lateral", "ll", "l", "left lateral", "lateral-left", "lat", "rl"})


def view_of(text: str) -> str:
    """ "frontal", "lateral", or "" where a cell says neither."""
    word = text.strip().casefold()
    if word in _FRONTAL:
        return "frontal"
    return "lateral" if word in _LATERAL else ""
