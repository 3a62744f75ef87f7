"""``POST /fhir/DiagnosticReport/$label``: DiagnosticReports in, a Bundle of Observations out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import orjson

from lingula.serve.choices import Choices
from lingula.serve.fhir.observations import Writing, label_entries
from lingula.serve.fhir.report_text import ReportText, report_text
from lingula.serve.questions import parse_json, read_choices
from lingula.serve.service import Service
from lingula.web import Problem

FHIR_JSON = "application/fhir+json"
#: Kinds of body that are taken.
ACCEPTED = frozenset({FHIR_JSON, "application/json"})
_QUERY = frozenset({"labeler", "sections", "codes", "phrases"})


async def label_resource(body: bytes, query: Mapping[str, str], service: Service) -> bytes:
    """The Bundle of a resource's labels, as JSON.

    Args:
        body: A DiagnosticReport, or a Bundle with some.
        query: ``labeler``; ``codes=snomed`` to add those; ``phrases=true`` to quote the report.
        service: Labels.

    Raises:
        Problem: If it is another resource, holds no text, or cannot be labeled now.
    """
    choices = _choices(query, service)
    data = parse_json(body, service.limits.json_depth)
    reports, find = _reports(data)
    if len(reports) > service.limits.request_reports:
        raise Problem(413, "too_many_reports", "the Bundle holds too many DiagnosticReports")
    texts = [_text(report, find, service) for report, _ in reports]
    alone = data["resourceType"] != "Bundle"
    if alone and isinstance(texts[0], Problem):
        raise texts[0]
    asked = [item.text for item in texts if isinstance(item, ReportText)]
    answers = iter(await service.pool.label(choices, asked))
    writing = Writing(
        service.labelers[choices.labeler],
        datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        snomed=query.get("codes") == "snomed",
        phrases=query.get("phrases") == "true",
    )
    entries: list[dict[str, Any]] = []
    results = []
    for (report, key), text in zip(reports, texts, strict=True):
        if isinstance(text, Problem):
            entries.append({"resource": outcome(text)})
            results.append(b'{"error"')
            continue
        results.append(next(answers))
        answer = orjson.loads(results[-1])
        if "error" in answer:
            problem = Problem(500, answer["error"]["code"], answer["error"]["message"])
            entries.append({"resource": outcome(problem)})
        else:
            entries += label_entries(report, key, text, answer, writing)
    service.count(results)
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    if entries:
        bundle["entry"] = entries
    return orjson.dumps(bundle)


def outcome(problem: Problem) -> dict[str, Any]:
    """A problem as an OperationOutcome."""
    kinds = {401: "security", 413: "too-long", 429: "throttled", 500: "exception", 504: "timeout"}
    issue = {
        "severity": "error",
        "code": kinds.get(problem.status, "invalid"),
        "details": {"text": problem.message},
    }
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _choices(query: Mapping[str, str], service: Service) -> Choices:
    if query.keys() - _QUERY:
        raise _wrong(f"the query knows {', '.join(sorted(_QUERY))}")
    if query.get("codes", "snomed") != "snomed":
        raise _wrong("codes: may be snomed, whose use needs a licence in many countries")
    if query.get("phrases", "true") not in ("true", "false"):
        raise _wrong("phrases: must be true or false")
    asked: dict[str, Any] = {"labeler": query.get("labeler")}
    if "sections" in query:
        names = query["sections"]
        asked["sections"] = None if names == "none" else names.split(",")
    choices = read_choices(asked, service.labelers)
    return choices._replace(evidence=bool(service.labelers[choices.labeler]["evidence"]))


def _reports(
    data: Any,
) -> tuple[list[tuple[dict[str, Any], str]], dict[str, dict[str, Any]]]:
    """The reports of a resource with references to them, and what references lead to."""
    kind = data.get("resourceType") if isinstance(data, dict) else None
    if kind not in ("DiagnosticReport", "Bundle"):
        raise _wrong("the resource must be a DiagnosticReport, or a Bundle that holds some")
    reports, find = [], {}
    for resource, url in _resources(data):
        local = f"{resource['resourceType']}/{resource['id']}" if _has_id(resource) else ""
        if resource["resourceType"] == "DiagnosticReport":
            reports.append((resource, local or url))
        find.update({name: resource for name in (url, local) if name})
    if not reports:
        raise _wrong("the Bundle holds no DiagnosticReport")
    return reports, find


def _resources(data: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    if data["resourceType"] == "DiagnosticReport":
        yield data, ""
        return
    entries = data.get("entry", [])
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
            url = entry.get("fullUrl")
            yield resource, url if isinstance(url, str) else ""


def _has_id(resource: dict[str, Any]) -> bool:
    return isinstance(resource.get("id"), str)


def _text(
    report: dict[str, Any], find: dict[str, dict[str, Any]], service: Service
) -> ReportText | Problem:
    contained = report.get("contained")
    inside = {
        f"#{item['id']}": item
        for item in (contained if isinstance(contained, list) else [])
        if isinstance(item, dict) and _has_id(item)
    }
    found = report_text(report, {**find, **inside})
    if found is None:
        return _wrong(
            "the DiagnosticReport holds no text: presentedForm.data of text/plain, "
            "result with valueString, conclusion or text.div"
        )
    if len(found.text) > service.limits.text_characters:
        limit = service.limits.text_characters
        return Problem(413, "too_long", f"a report may have {limit:,} characters at most")
    return found


def _wrong(message: str) -> Problem:
    return Problem(422, "invalid_resource", message)
