"""Requests for labels, read from JSON: what is wrong is told by its place, never by its content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from lingula.errors import InputError
from lingula.serve.choices import Choices
from lingula.serve.fragments import error_fragment
from lingula.serve.settings import Limits
from lingula.text.sections import DEFAULT_SECTIONS, select_sections
from lingula.web import Problem, require_depth

_KEYS = frozenset({"reports", "labeler", "sections", "evidence", "probabilities", "language"})
_LONGEST_ID = 200
Labelers = Mapping[str, Mapping[str, Any]]


class Question(NamedTuple):
    """A request for the labels of n reports.

    Attributes:
        choices: How they are labeled.
        ids: Their ids as JSON.
        texts: Those that can be labeled.
        answers: n JSON objects: an error for each report that cannot be, None for the others.
    """

    choices: Choices
    ids: list[bytes]
    texts: list[str | None]
    answers: list[bytes | None]


def parse_json(body: bytes, depth: int) -> Any:
    """JSON of a body.

    Raises:
        Problem: 400 if it is none, or nested too deep.
    """
    require_depth(body, depth)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Problem(400, "no_json", "the body is no JSON in UTF-8") from None


def read_question(body: bytes, limits: Limits, labelers: Labelers) -> Question:
    """The body of ``POST /v1/label``.

    Raises:
        Problem: 400 if it is no JSON, 413 if it holds too many reports, 422 if it is another
            object. A report that cannot be labeled is no problem of the request's.
    """
    data = parse_json(body, limits.json_depth)
    if not isinstance(data, dict):
        raise _wrong("the body must be an object with reports")
    unknown = len(data.keys() - _KEYS)
    if unknown:
        raise _wrong(f"{unknown} unknown keys beside {', '.join(sorted(_KEYS))}")
    reports = data.get("reports")
    if not isinstance(reports, list):
        raise _wrong('reports: must be a list of {"id": ..., "text": ...}')
    if len(reports) > limits.request_reports:
        raise Problem(
            413, "too_many_reports", f"a request may hold {limits.request_reports:,} reports"
        )
    question = Question(read_choices(data, labelers), [], [], [])
    for report in reports:
        name, text, error = read_report(report, limits)
        question.ids.append(name)
        question.answers.append(error)
        if error is None:
            question.texts.append(text)
    return question


def read_choices(data: Mapping[str, Any], labelers: Labelers) -> Choices:
    """How texts are to be labeled.

    Raises:
        Problem: 422.
    """
    name = data.get("labeler")
    name = next(iter(labelers)) if name is None else name
    if not isinstance(name, str) or name not in labelers:
        raise _wrong(f"labeler: must be one of {', '.join(labelers)}")
    flags = {key: data.get(key, False) for key in ("evidence", "probabilities")}
    for key, value in flags.items():
        if not isinstance(value, bool):
            raise _wrong(f"{key}: must be true or false")
        if value and not labelers[name][key]:
            raise _wrong(f"{key}: the labeler {name} has none")
    language = data.get("language", "check")
    if language not in ("check", "any"):
        raise _wrong("language: must be check or any")
    return Choices(name, _sections(data), flags["evidence"], flags["probabilities"], language)


def read_report(report: Any, limits: Limits) -> tuple[bytes, str | None, bytes | None]:
    """Id (as JSON), text and error of one report; the text of one with an error is None."""
    if not isinstance(report, dict):
        return b"null", None, error_fragment("no_object", "a report must be an object")
    name = report.get("id")
    if not (name is None or _is_id(name)):
        message = f"id: must be a whole number, or a text of {_LONGEST_ID} characters at most"
        return b"null", None, error_fragment("bad_id", message)
    quoted = orjson.dumps(name)
    if "text" not in report:
        return quoted, None, error_fragment("no_text", "a report needs a text")
    text = report["text"]
    if text is not None and not isinstance(text, str):
        return quoted, None, error_fragment("no_text", "text: must be a text or null")
    if text is not None and len(text) > limits.text_characters:
        message = f"text: may have {limits.text_characters:,} characters at most"
        return quoted, None, error_fragment("too_long", message)
    return quoted, text, None


def _sections(data: Mapping[str, Any]) -> tuple[str, ...] | None:
    wanted = data.get("sections", "auto")
    if wanted == "auto":
        return DEFAULT_SECTIONS
    if wanted is None:
        return None
    if not isinstance(wanted, list) or not all(isinstance(item, str) for item in wanted):
        raise _wrong('sections: must be a list of names, null for the whole text, or "auto"')
    try:
        select_sections("", wanted)
    except InputError:
        raise _wrong("sections: a name is unknown, or there is none") from None
    return tuple(wanted)


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_ID
    return isinstance(value, int) and not isinstance(value, bool)


def _wrong(message: str) -> Problem:
    return Problem(422, "invalid_request", message)
