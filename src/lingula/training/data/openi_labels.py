"""Open-i's human coding (MeSH) as labels of the 14 CheXpert observations.

The National Library of Medicine's indexers coded each report with MeSH terms and a list of
radiology words, a code being a term and its qualifiers (Demner-Fushman et al., JAMIA 2016). A code
says that something is there; nothing says that a thing is denied or in doubt, so these labels are
positive-only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lingula.labels import Schema

_NOT_LUNG = (
    "pleura|thorac|ribs|mediastinum|costophrenic|aorta|abdomen|pleural sinus|breast|spine|"
    "diaphragm|adipose|clavicle|neck|heart"
)

#: Which codes say that an observation is there; a pattern is matched at a code's beginning. The
#: codes were sorted by reading the coding's own vocabulary; each means what the observation's
#: name says in Irvin et al. (CheXpert, AAAI 2019), and codes that only suggest it are left out.
CODES: dict[str, tuple[str, ...]] = {
    "No Finding": (r"normal$",),
    "Enlarged Cardiomediastinum": (
        r"Mediastinum(?!.*(?:lymph nodes|blood vessels)).*/(?:prominent|enlarged)",
    ),
    "Cardiomegaly": (r"Cardiomegaly", r"Cardiac Shadow/.*enlarged"),
    "Lung Lesion": (
        r"Nodule(?!/.*breast)",
        r"Mass(?!/(?:breast|mediastinum|.*paratracheal))",
    ),
    "Lung Opacity": (
        rf"Opacity(?:$|/(?!{_NOT_LUNG}))",
        r"Airspace Disease",
        r"Infiltrate",
        r"Density/(?:lung|retrocardiac)",
    ),
    "Edema": (r"Pulmonary Edema",),
    "Consolidation": (r"Consolidation",),
    "Pneumonia": (r"Pneumonia",),
    "Atelectasis": (r"Pulmonary Atelectasis",),
    "Pneumothorax": (r"Pneumothorax|Hydropneumothorax|Hemopneumothorax",),
    "Pleural Effusion": (r"Pleural Effusion|Hydropneumothorax|Hemothorax|Hemopneumothorax",),
    "Pleural Other": (
        r"Thickening/pleura",
        r"(?:Cicatrix|Calcinosis|Opacity|Density|Deformity|Nodule|Mass)/.*pleura",
        r"Pleura/.*abnormal",
    ),
    "Fracture": (r"Fractures, Bone",),
    "Support Devices": (
        r"Catheters, Indwelling|Tube, Inserted|Implanted Medical Device|Medical Device",
    ),
}

#: The code of a report that nobody coded: it says nothing about any observation.
NOT_CODED = "no indexing"


def coded_observations(codes: Sequence[Sequence[str]], schema: Schema) -> npt.NDArray[np.bool_]:
    """Which observations the codes of each report name: bool, shape (n, k).

    Args:
        codes: The major codes of each report, as the archive writes them.
        schema: Observations; those without an entry in ``CODES`` are never coded.
    """
    patterns = {
        schema.index(name): re.compile("|".join(f"(?:{item})" for item in items))
        for name, items in CODES.items()
        if name in schema
    }
    table = np.zeros((len(codes), len(schema)), dtype=np.bool_)
    for row, own in enumerate(codes):
        for column, pattern in patterns.items():
            table[row, column] = any(pattern.match(code) for code in own)
    return table


def is_coded(codes: Sequence[str]) -> bool:
    """Whether anybody coded the report."""
    return any(code.strip().lower() != NOT_CODED for code in codes)


#: The first words of codes behind the nine classes in which labelers are compared on Open-i, as
#: NegBio's gold standard takes them (Peng et al., 2018; it counts a pericardial effusion too).
#: Lung Lesion is NIH's Mass or Nodule.
NINE_TERMS: dict[str, tuple[str, ...]] = {
    "Atelectasis": ("pulmonary atelectasis",),
    "Cardiomegaly": ("cardiomegaly",),
    "Pleural Effusion": ("pleural effusion", "pericardial effusion"),
    "Pneumonia": ("pneumonia",),
    "Pneumothorax": ("pneumothorax",),
    "Consolidation": ("consolidation",),
    "Edema": ("pulmonary edema",),
    "Lung Lesion": ("mass", "nodule"),
    "No Finding": ("normal",),
}


def nine_classes(codes: Sequence[Sequence[str]]) -> npt.NDArray[np.bool_]:
    """Which of ``NINE_TERMS`` the codes of each report name: bool, shape (n, 9)."""
    table = np.zeros((len(codes), len(NINE_TERMS)), dtype=np.bool_)
    for row, own in enumerate(codes):
        first = {code.split("/")[0].strip().lower() for code in own}
        table[row] = [not first.isdisjoint(terms) for terms in NINE_TERMS.values()]
    return table
