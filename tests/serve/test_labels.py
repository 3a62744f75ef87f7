"""Labels over HTTP are those of Python, and a bad report does not fail its neighbours."""

from __future__ import annotations

import json

import pytest

import lingula
from lingula.labels import Label
from lingula.pipeline.task import ReadingOptions, label_texts
from lingula.text.sections import DEFAULT_SECTIONS
from tests.serve.conftest import TEXT, Server, start

NAMES = {Label.BLANK: None, Label.POSITIVE: "positive", Label.NEGATIVE: "negative",
         Label.UNCERTAIN: "uncertain"}  # fmt: skip
UNICODE = "FINDINGS: Größe 𝟏𝟐 µm. No pneumothorax — small effusion."


def test_labels_are_those_of_the_labeler(server: Server) -> None:
    texts = [TEXT, UNICODE, "", None, "Cardiomegaly.\u0000 Edema."]
    answer = server.label(*texts, evidence=True)
    assert answer.status_code == 200, answer.text
    data = answer.json()
    labeler = lingula.load("rules")
    assert data["labeler"] == {"name": "rules", "sha256": labeler.sha256, "schema": "chexpert14"}
    expected = label_texts(labeler, texts, ReadingOptions(DEFAULT_SECTIONS), evidence=True)
    assert [item["id"] for item in data["results"]] == list(range(5))
    for row, item in enumerate(data["results"]):
        classes = [Label(int(index)) for index in expected.classes[row]]
        names = labeler.schema.names
        assert item["labels"] == {n: NAMES[label] for n, label in zip(names, classes, strict=True)}
        assert data["observations"] == list(names)
        numbers = [None if label is Label.BLANK else label.number for label in classes]
        assert item["values"] == numbers
        found = [(e["observation"], e["start"], e["end"], e["rule"]) for e in item["evidence"]]
        assert found == [(e.observation, e.start, e.end, e.rule) for e in expected.evidence[row]]
        for e in item["evidence"]:
            assert texts[row][e["start"] : e["end"]] == e["phrase"]


def test_sections_are_chosen(server: Server) -> None:
    text = "INDICATION: pneumothorax.\nFINDINGS: No effusion.\nIMPRESSION: Edema."
    labels = [
        server.label(text, **choice).json()["results"][0]["labels"]
        for choice in ({}, {"sections": ["impression"]}, {"sections": ["indication"]})
    ]
    assert [item["Pneumothorax"] for item in labels] == [None, None, "positive"]
    assert [item["Pleural Effusion"] for item in labels] == ["negative", None, None]


def test_a_bad_report_does_not_fail_its_neighbours(server: Server) -> None:
    reports = [
        {"id": "good", "text": TEXT},
        {"id": "number", "text": 7},
        {"id": "none"},
        "no object",
        {"id": ["list"], "text": TEXT},
        {"id": "long", "text": "x" * 50_001},
        {"id": 2, "text": "No edema."},
    ]
    with server.client() as client:
        results = client.post("/v1/label", json={"reports": reports}).json()["results"]
    assert [item["id"] for item in results] == ["good", "number", "none", None, None, "long", 2]
    codes = [item.get("error", {}).get("code") for item in results]
    assert codes == [None, "no_text", "no_text", "no_object", "bad_id", "too_long", None]
    assert results[6]["labels"]["Edema"] == "negative"


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b'{"reports":[{"text":"\xff"}]}', 400, "no JSON"),
        (b'{"reports":[{"text":"\\ud800"}]}', 400, "no JSON"),
        (b"[" * 100_000, 400, "nested"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, 400, "nested"),
        (b"[]", 422, "object"),
        (b"{}", 422, "reports"),
        (b'{"reports":[],"evidense":true}', 422, "unknown keys"),
        (b'{"reports":[],"evidence":1}', 422, "evidence"),
        (b'{"reports":[],"probabilities":true}', 422, "has none"),
        (b'{"reports":[],"labeler":"canary"}', 422, "labeler: must be one of rules"),
        (b'{"reports":[],"labeler":["canary"]}', 422, "labeler"),
        (b'{"reports":[],"sections":["canary"]}', 422, "sections"),
        (b'{"reports":[],"sections":[]}', 422, "sections"),
        (b'{"reports":[],"language":"de"}', 422, "language"),
        (json.dumps({"reports": [{}] * 1001}).encode(), 413, "1,000 reports"),
        (b" " * (8 * 1024 * 1024 + 1), 413, "bytes"),
    ],
)
def test_wrong_requests_are_told_by_their_place(
    server: Server, body: bytes, status: int, place: str
) -> None:
    with server.client() as client:
        answer = client.post(
            "/v1/label", content=body, headers={"content-type": "application/json"}
        )
    assert answer.status_code == status
    error = answer.json()["error"]
    assert place in error["message"]
    assert "canary" not in answer.text
    assert error["request_id"] == answer.headers["x-request-id"]


def test_no_report_is_an_empty_answer(server: Server) -> None:
    assert server.label().json()["results"] == []


def test_state_and_about(server: Server) -> None:
    with server.client() as client:
        assert client.get("/healthz").json()["status"] == "ok"
        assert client.get("/readyz").json() == {"ready": True, "workers_ready": 1, "workers": 1}
        labelers = client.get("/v1/labelers").json()["labelers"]
        assert [(item["name"], item["evidence"]) for item in labelers] == [("rules", True)]
        schemas = client.get("/v1/schemas").json()["schemas"]
        assert {item["name"] for item in schemas} == {"chexpert14", "nih14"}
        described = client.get("/openapi.json").json()
        assert {"/v1/label", "/v1/label/stream", "/metrics"} <= described["paths"].keys()
        page = client.get("/docs").text
        assert "POST /v1/label" in page
        assert "<script" not in page
        assert "http" not in page.replace("httpx", "")
        metrics = client.get("/metrics").text
    assert 'lingula_requests_total{method="GET",route="/healthz",status="200"}' in metrics


def test_the_builtin_labeler_gives_probabilities(tmp_path) -> None:
    server = start(tmp_path, "--labeler", "rules", labeler="builtin")
    try:
        answer = server.label(TEXT, probabilities=True, evidence=True).json()
        assert answer["labeler"]["name"] == "builtin"
        labeler = lingula.load("builtin")
        expected = label_texts(labeler, [TEXT], ReadingOptions(DEFAULT_SECTIONS), evidence=True)
        given = answer["results"][0]["probabilities"]["Pleural Effusion"]
        column = labeler.schema.index("Pleural Effusion")
        assert given["positive"] == pytest.approx(
            float(expected.probabilities[0, column, 1]), abs=1e-5
        )
        assert server.label(TEXT, labeler="rules").json()["labeler"]["name"] == "rules"
    finally:
        assert server.end() == 0


def test_without_a_name_both_labelers_are_served(tmp_path) -> None:
    from lingula.defaults import DEFAULT_LABELER

    server = start(tmp_path, labeler="")
    try:
        with server.client() as client:
            found = [item["name"] for item in client.get("/v1/labelers").json()["labelers"]]
        assert found[0] == DEFAULT_LABELER
        assert set(found) == {"rules", "builtin"}
    finally:
        assert server.end() == 0
