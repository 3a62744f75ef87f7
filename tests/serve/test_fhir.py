"""DiagnosticReports in and Observations out, held against the models of fhir.resources."""

from __future__ import annotations

import base64
import importlib
import warnings

import pytest

from tests.serve.conftest import Server

pytest.importorskip("fhir.resources")
TEXT = "FINDINGS: Größe 12 mm. No pneumothorax. Cardiomegaly.\nIMPRESSION: Possible pneumonia."
VERSIONS = ("fhir.resources.R4B", "fhir.resources")
CODE = {"coding": [{"system": "http://loinc.org", "code": "36643-5"}]}


def report(**more: object) -> dict:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": CODE,
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-01-02T03:04:05Z",
        **more,
    }


def form(text: str, kind: str = "text/plain") -> dict:
    return {"contentType": kind, "data": base64.b64encode(text.encode()).decode()}


def model(version: str, resource: dict) -> dict:
    """The resource, checked by the models of a version."""
    kind = resource["resourceType"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = importlib.import_module(f"{version}.{kind.lower()}")
        getattr(module, kind).model_validate(resource)
    return resource


def ask(server: Server, resource: dict, query: str = "", status: int = 200) -> dict:
    with server.client() as client:
        answer = client.post(
            f"/fhir/DiagnosticReport/$label{query}",
            json=resource,
            headers={"content-type": "application/fhir+json"},
        )
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    return answer.json()


def said(bundle: dict) -> dict[str, str]:
    return {
        item["resource"]["code"]["text"]: item["resource"]["valueCodeableConcept"]["text"]
        for item in bundle["entry"]
        if "valueCodeableConcept" in item["resource"]
    }


LABELS = {"Pneumothorax": "absent", "Cardiomegaly": "present", "Pneumonia": "indeterminate"}


@pytest.mark.parametrize("version", VERSIONS)
def test_observations_are_valid_in_both_versions(server: Server, version: str) -> None:
    given = model(version, report(presentedForm=[form("%PDF", "application/pdf"), form(TEXT)]))
    bundle = model(version, ask(server, given, "?codes=snomed&phrases=true"))
    assert bundle["type"] == "collection"
    assert LABELS.items() <= said(bundle).items()
    panel, *members = bundle["entry"]
    assert [item["reference"] for item in panel["resource"]["hasMember"]] == [
        item["fullUrl"] for item in members
    ]
    for item in bundle["entry"]:
        observation = model(version, item["resource"])
        assert observation["status"] == "preliminary"
        assert observation["subject"] == {"reference": "Patient/p1"}
        assert observation["focus"] == [{"reference": "DiagnosticReport/r1"}]
        assert observation["effectiveDateTime"] == given["effectiveDateTime"]
        assert "sha256" in observation["method"]["text"]
        for extension in observation.get("extension", ()):
            parts = {part["url"]: part for part in extension["extension"]}
            start, end = parts["start"]["valueInteger"], parts["end"]["valueInteger"]
            assert parts["source"]["valueString"] == "presentedForm[1]"
            assert TEXT[start:end] == parts["phrase"]["valueString"]


def test_the_same_report_gives_the_same_ids(server: Server) -> None:
    given = report(presentedForm=[form(TEXT)])
    first, again = (ask(server, given) for _ in range(2))
    assert [e["fullUrl"] for e in first["entry"]] == [e["fullUrl"] for e in again["entry"]]


def test_codes_are_ours_with_exact_ones_added(server: Server) -> None:
    plain = ask(server, report(presentedForm=[form(TEXT)]))
    codings = {
        item["resource"]["code"].get("text"): item["resource"]["code"]["coding"]
        for item in plain["entry"]
    }
    assert [c["code"] for c in codings["Pneumothorax"]] == ["pneumothorax", "RID5352"]
    assert [c["code"] for c in codings["Cardiomegaly"]] == ["cardiomegaly"]
    assert "snomed" not in str(plain)
    assert "phrase" not in str(plain)


def section(number: str, code: str, text: str) -> dict:
    return {
        "resourceType": "Observation",
        "id": number,
        "status": "final",
        "code": {"coding": [{"code": code}]},
        "valueString": text,
    }


@pytest.mark.parametrize("place", ["contained", "bundle"])
def test_sections_in_results_are_read(server: Server, place: str) -> None:
    findings = section("f", "121071", "No pneumothorax.")
    impression = section("i", "19005-8", "Possible pneumonia.")
    prefix = "#" if place == "contained" else "Observation/"
    given = report(
        result=[{"reference": f"{prefix}f"}, {"reference": f"{prefix}i"}, {"reference": "x/y"}],
        conclusion="Cardiomegaly.",
    )
    if place == "contained":
        given["contained"] = [findings, impression]
    else:
        entries = [{"resource": item} for item in (findings, given, impression)]
        given = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    bundle = ask(server, given)
    assert LABELS.items() <= said(bundle).items()
    places = {
        item["resource"]["code"]["text"]: item["resource"]["extension"][0]["extension"]
        for item in bundle["entry"][1:]
    }
    assert places["Pneumonia"][0]["valueString"] == "result[1].resolve().value"
    assert places["Pneumonia"][1]["valueInteger"] == len("Possible ")
    assert places["Cardiomegaly"][0]["valueString"] == "conclusion"
    assert places["Cardiomegaly"][1]["valueInteger"] == 0


def test_the_narrative_is_read_last(server: Server) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>No edema</p><p>Cardiomegaly &amp;</p></div>'
    narrative = {"status": "generated", "div": div}
    assert said(ask(server, report(text=narrative))) == {
        "Edema": "absent",
        "Cardiomegaly": "present",
    }
    both = ask(server, report(text=narrative, conclusion="Pneumothorax."))
    assert said(both) == {"Pneumothorax": "present"}


def test_entities_are_not_expanded(server: Server) -> None:
    div = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><div>No edema. &e;</div>'
    assert said(ask(server, report(text={"div": div})))["Edema"] == "absent"


def test_a_report_without_text_does_not_fail_its_neighbours(server: Server) -> None:
    form_elsewhere = {"contentType": "text/plain", "url": "http://127.0.0.1:9/canary"}
    entries = [
        {"resource": report(presentedForm=[form_elsewhere])},
        {"resource": report(presentedForm=[{"contentType": "text/plain", "data": "no base64!"}])},
        {"fullUrl": "urn:uuid:1", "resource": report(conclusion="No edema.", id=None)},
    ]
    bundle = ask(server, {"resourceType": "Bundle", "type": "collection", "entry": entries})
    kinds = [item["resource"]["resourceType"] for item in bundle["entry"]]
    assert kinds[:3] == ["OperationOutcome", "OperationOutcome", "Observation"]
    assert bundle["entry"][2]["resource"]["focus"] == [{"reference": "urn:uuid:1"}]
    for version in VERSIONS:
        model(version, bundle)


@pytest.mark.parametrize(
    ("resource", "query"),
    [
        ({"resourceType": "Patient", "id": "canary"}, ""),
        ([1], ""),
        ({"resourceType": "Bundle", "entry": "canary"}, ""),
        (report(), ""),
        (report(conclusion={"canary": 1}, presentedForm="canary", contained=3), ""),
        (report(conclusion="No edema."), "?codes=canary"),
        (report(conclusion="No edema."), "?canary=1"),
        (report(conclusion="No edema."), "?labeler=canary"),
        (report(conclusion="x" * 50_001), ""),
    ],
)
def test_problems_are_outcomes(server: Server, resource: object, query: str) -> None:
    with server.client() as client:
        answer = client.post(f"/fhir/DiagnosticReport/$label{query}", json=resource)
    assert answer.status_code in (413, 422)
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "canary" not in answer.text
    for version in VERSIONS:
        model(version, answer.json())
