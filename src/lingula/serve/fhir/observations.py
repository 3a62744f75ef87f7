"""Observations of a report's labels, as FHIR resources."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lingula
from lingula.serve.fhir.codes import OWN, observation_concept, said_concept
from lingula.serve.fhir.report_text import ReportText

_CATEGORY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "imaging",
        }
    ]
}
#: What an Observation shares with its report.
_COPIED = ("subject", "encounter", "effectiveDateTime", "effectivePeriod", "basedOn")


@dataclass(frozen=True)
class Writing:
    """How labels are written.

    Attributes:
        labeler: What it is: name, sha256, schema.
        issued: Moment of labeling, as FHIR's instant.
        snomed: Whether SNOMED CT codes are added.
        phrases: Whether evidence quotes the report.
    """

    labeler: Mapping[str, Any]
    issued: str
    snomed: bool = False
    phrases: bool = False


def label_entries(
    report: Mapping[str, Any],
    key: str,
    text: ReportText,
    answer: Mapping[str, Any],
    writing: Writing,
) -> list[dict[str, Any]]:
    """Bundle entries: an Observation whose members are one a label that is not blank.

    Args:
        report: The DiagnosticReport.
        key: A reference to it, or an empty text.
        text: What was labeled.
        answer: Its labels and evidence, as ``POST /v1/label`` gives them.
        writing: How they are written.
    """
    shared = _shared(report, key, writing)
    # The same report and labeler give the same ids, so that sending twice makes no second set.
    about = f"{key or uuid.uuid4()}|{writing.labeler['sha256']}|"
    entries = []
    for name, label in answer["labels"].items():
        if label is None:
            continue
        evidence = [
            _evidence(item, text, writing)
            for item in answer.get("evidence", ())
            if item["observation"] == name and item["end"] > item["start"]
        ]
        resource = {
            **shared,
            "code": observation_concept(name, writing.labeler["schema"], snomed=writing.snomed),
            "valueCodeableConcept": said_concept(label, snomed=writing.snomed),
        }
        if evidence:
            resource["extension"] = evidence
        entries.append(_entry(about + name, resource))
    panel = {
        **shared,
        "code": {
            "coding": [{"system": f"{OWN}panel", "code": writing.labeler["schema"]}],
            "text": f"Labels of a chest-radiograph report ({writing.labeler['schema']})",
        },
    }
    if entries:
        panel["hasMember"] = [{"reference": entry["fullUrl"]} for entry in entries]
    return [_entry(about, panel), *entries]


def _entry(name: str, resource: dict[str, Any]) -> dict[str, Any]:
    own = uuid.uuid5(uuid.NAMESPACE_URL, OWN + name)
    return {"fullUrl": f"urn:uuid:{own}", "resource": {**resource, "id": str(own)}}


def _shared(report: Mapping[str, Any], key: str, writing: Writing) -> dict[str, Any]:
    labeler = writing.labeler
    version = f"{lingula.__version__}, sha256 {labeler['sha256']}"
    shared: dict[str, Any] = {
        "resourceType": "Observation",
        "contained": [
            {
                "resourceType": "Device",
                "id": "labeler",
                "manufacturer": "Lingula",
                "modelNumber": str(labeler["name"]),
                "version": [{"value": version}],
            }
        ],
        "status": "preliminary",
        "category": [_CATEGORY],
        "issued": writing.issued,
        "method": {"text": f"Labels by Lingula's {labeler['name']}, {version}"},
        "device": {"reference": "#labeler"},
    }
    shared |= {name: report[name] for name in _COPIED if name in report and _whole(report[name])}
    if key:
        shared["focus"] = [{"reference": key}]
    return shared


def _whole(value: Any) -> bool:
    """Whether it can stand in another resource: refers to none inside the report."""
    items = value if isinstance(value, list) else [value]
    return not any(
        isinstance(item, dict) and str(item.get("reference", "")).startswith("#") for item in items
    )


def _evidence(item: Mapping[str, Any], text: ReportText, writing: Writing) -> dict[str, Any]:
    path, start, end = text.place(item["start"], item["end"])
    parts: list[dict[str, Any]] = [
        {"url": "source", "valueString": path},
        {"url": "start", "valueInteger": start},
        {"url": "end", "valueInteger": end},
        {"url": "rule", "valueString": item["rule"]},
    ]
    if item["label"] is not None:
        parts.append({"url": "says", "valueCode": item["label"]})
    if writing.phrases:
        parts.append({"url": "phrase", "valueString": item["phrase"]})
    return {"url": f"{OWN}evidence", "extension": parts}
