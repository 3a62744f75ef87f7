"""What goes wrong with a request: a status, a code for programs and a sentence for people.

A problem never holds what was sent; it names the place ("reports[3].text") and the cure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

JSON = b"application/json"


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A request that is not answered as it was asked.

    Args:
        status: HTTP status, 400 or more.
        code: A word that programs can tell it by ("too_large").
        message: One sentence for people; must hold no word of the request's content.
        headers: More response headers.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @classmethod
    def of_status(cls, status: int) -> Problem:
        """The problem that a bare status says ("Method Not Allowed")."""
        phrase = HTTPStatus(status).phrase
        return cls(status, phrase.lower().replace(" ", "_"), phrase)


def problem_response(
    problem: Problem, request_id: str
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and JSON body ``{"error": {"code", "message", "request_id"}}``."""
    error = {"code": problem.code, "message": problem.message, "request_id": request_id}
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", JSON), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    return problem.status, headers, body
