"""What the OpenAPI document says of requests, and the page that shows it without any script."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_LABEL_VALUE = {"type": ["string", "null"], "enum": ["positive", "negative", "uncertain", None]}
_CHOICES: dict[str, Any] = {
    "labeler": {"type": "string", "description": "One of GET /v1/labelers; the first if absent."},
    "sections": {
        "type": ["array", "null"],
        "items": {"type": "string"},
        "description": "Sections to read; findings and impression if absent, null for all text.",
    },
    "evidence": {"type": "boolean", "default": False},
    "probabilities": {"type": "boolean", "default": False},
    "language": {"type": "string", "enum": ["check", "any"], "default": "check"},
}
_REPORT = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "id": {"type": ["string", "integer", "null"], "maxLength": 200},
        "text": {"type": ["string", "null"]},
    },
}
_EVIDENCE = {
    "type": "object",
    "description": "One mention; offsets count characters (code points) of the text as sent.",
    "properties": {
        "observation": {"type": "string"},
        "label": _LABEL_VALUE,
        "start": {"type": "integer"},
        "end": {"type": "integer"},
        "phrase": {"type": "string"},
        "rule": {"type": "string"},
        "cue": {
            "type": "object",
            "properties": {
                "start": {"type": "integer"},
                "end": {"type": "integer"},
                "text": {"type": "string"},
            },
        },
    },
}
_ERROR = {
    "type": "object",
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
}
_RESULT = {
    "type": "object",
    "properties": {
        "id": {"type": ["string", "integer", "null"]},
        "labels": {"type": "object", "additionalProperties": _LABEL_VALUE},
        "values": {
            "type": "array",
            "items": {"type": ["integer", "null"], "enum": [1, 0, -1, None]},
            "description": "The same as numbers, in the order of observations.",
        },
        "remarks": {"type": "array", "items": {"type": "string"}},
        "evidence": {"type": "array", "items": _EVIDENCE},
        "probabilities": {"type": "object"},
        "error": _ERROR,
    },
}
_PROBLEMS = {
    str(status): {"description": text}
    for status, text in {
        400: "No JSON, or nested too deep",
        401: "No token of this server",
        408: "The body took too long to arrive",
        413: "Too many bytes or reports",
        415: "Another Content-Type, or compressed",
        422: "JSON, but another object; the message names the place",
        429: "Too many reports wait; Retry-After says for how long",
        504: "Not labeled within the deadline",
    }.items()
}


def _answer(schema: Any, media: str = "application/json") -> dict[str, Any]:
    return {
        "responses": {
            "200": {"description": "OK", "content": {media: {"schema": schema}}},
            **_PROBLEMS,
        }
    }


#: ``POST /v1/label``.
LABEL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["reports"],
                    "properties": {"reports": {"type": "array", "items": _REPORT}, **_CHOICES},
                    "additionalProperties": False,
                }
            }
        },
    },
    **_answer(
        {
            "type": "object",
            "properties": {
                "labeler": {"type": "object"},
                "observations": {"type": "array", "items": {"type": "string"}},
                "results": {"type": "array", "items": _RESULT},
            },
        }
    ),
}
#: ``POST /v1/label/stream``.
STREAM: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "query", "schema": {"type": "string"}, "required": False}
        for name in _CHOICES
    ],
    "requestBody": {"required": True, "content": {"application/jsonl": {"schema": _REPORT}}},
    **_answer(_RESULT, "application/jsonl"),
}
#: ``POST /fhir/DiagnosticReport/$label``.
FHIR: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "query", "schema": {"type": "string"}, "required": False}
        for name in ("labeler", "sections", "codes", "phrases")
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/fhir+json": {
                "schema": {
                    "type": "object",
                    "required": ["resourceType"],
                    "properties": {
                        "resourceType": {"type": "string", "enum": ["DiagnosticReport", "Bundle"]}
                    },
                }
            }
        },
    },
    **_answer({"type": "object"}, "application/fhir+json"),
}
#: ``GET /v1/labelers``.
LABELERS: dict[str, Any] = _answer(
    {"type": "object", "properties": {"labelers": {"type": "array", "items": {"type": "object"}}}}
)

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#f4f4f4;padding:.75rem;overflow:auto}code{font-size:.95em}"
    "h2{margin-top:2rem;border-top:1px solid #ccc;padding-top:1rem}"
)


def page(openapi: dict[str, Any]) -> bytes:
    """The OpenAPI document as one page of HTML: no script, nothing loaded from anywhere."""
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Lingula: interface</title>',
        f"<style>{_STYLE}</style><h1>Lingula {escape(openapi['info']['version'])}</h1>",
        f"<p>{escape(openapi['info']['description'])} For programs: ",
        '<a href="openapi.json">openapi.json</a>.</p>',
    ]
    for path, methods in openapi["paths"].items():
        for method, about in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2>")
            parts.append(f"<p>{escape(about.get('description', about.get('summary', '')))}</p>")
            parts += _bodies("Body", about.get("requestBody", {}))
            for status, answer in about.get("responses", {}).items():
                parts += _bodies(f"{status} {answer['description']}", answer)
    return "".join(parts).encode()


def _bodies(title: str, holder: dict[str, Any]) -> list[str]:
    found = []
    for media, content in holder.get("content", {}).items():
        schema = escape(json.dumps(content.get("schema", {}), indent=1))
        heading = f"<summary>{escape(title)}: <code>{escape(media)}</code></summary>"
        found.append(f"<details>{heading}<pre>{schema}</pre></details>")
    return found or ([f"<p>{escape(title)}</p>"] if title != "Body" else [])
