"""Codes of observations and of what is said of them.

Each label has a code of Lingula's own; RadLex is added where a class means exactly the same, and
SNOMED CT, whose use needs a licence in many countries, only if asked for. Sources:

- RadLex 4.3: observations as mapped in joseph-arulraj/NeSy-rag-rrg and checked against NCBO's
  BioPortal in florian-reiger-ochsner/radreport-templates; present, absent, indeterminate as in
  openimagingdata/findingmodels. Cardiomegaly has no class; those of Lung Lesion, Lung Opacity,
  Pleural Other and Support Devices are only near, and left out.
- SNOMED CT: DICOM PS3.16 (Edema, Pneumothorax, Pleural Effusion), Microsoft's Radiology Insights
  (Pneumonia, Atelectasis); qualifiers as in HL7's mCODE and DICOM.
"""

from __future__ import annotations

from typing import Any

RADLEX = "http://radlex.org"
SNOMED = "http://snomed.info/sct"
OWN = "urn:x-lingula:"

_RADLEX = {
    "Edema": "RID4866",
    "Consolidation": "RID43255",
    "Pneumonia": "RID5350",
    "Atelectasis": "RID28493",
    "Pneumothorax": "RID5352",
    "Pleural Effusion": "RID34539",
    "Fracture": "RID4650",
}
_SNOMED = {
    "Edema": "19242006",
    "Pneumonia": "233604007",
    "Atelectasis": "46621007",
    "Pneumothorax": "36118008",
    "Pleural Effusion": "60046008",
}
#: By label: own code, RadLex, SNOMED CT.
_SAID = {
    "positive": ("present", "RID28472", "52101004"),
    "negative": ("absent", "RID28473", "2667000"),
    "uncertain": ("indeterminate", "RID39110", "82334004"),
}


def observation_concept(name: str, schema: str, *, snomed: bool) -> dict[str, Any]:
    """The CodeableConcept of an observation.

    Args:
        name: Its name in the schema.
        schema: Name of the schema; the code system is named for it.
        snomed: Whether to add SNOMED CT.
    """
    own = name.lower().replace(" ", "-")
    codings = [{"system": f"{OWN}{schema}", "code": own, "display": name}]
    # RadLex and SNOMED CT were looked up for the observations of CheXpert's schema alone.
    if schema == "chexpert14" and name in _RADLEX:
        codings.append({"system": RADLEX, "code": _RADLEX[name]})
    if snomed and schema == "chexpert14" and name in _SNOMED:
        codings.append({"system": SNOMED, "code": _SNOMED[name]})
    return {"coding": codings, "text": name}


def said_concept(label: str, *, snomed: bool) -> dict[str, Any]:
    """The CodeableConcept of "positive", "negative" or "uncertain"."""
    own, radlex, sct = _SAID[label]
    codings = [{"system": f"{OWN}label", "code": own}, {"system": RADLEX, "code": radlex}]
    if snomed:
        codings.append({"system": SNOMED, "code": sct})
    return {"coding": codings, "text": own}
