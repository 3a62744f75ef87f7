"""Whatever is asked, by whomever: no error of the server's own, and nothing of it in the log."""

from __future__ import annotations

import json
import logging
import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")

import anyio

from lingula.review.web.app import create_app
from lingula.review.web.links import new_link
from lingula.schemas import load_schema
from tests.review.web.making import make_store

CANARY = "zanzibarcanary"
REQUESTS = 10_000
PATHS = (
    "/", "/enter", "/leave", "/session", "/read", "/read/{}", "/read/after/{}", "/search",
    "/judgements", "/adjudicate", "/adjudicate/{}", "/adjudicate/after/{}", "/progress",
    "/agreement", "/practice", "/definitions", "/people", "/people/link", "/people/revoke",
    "/static/{}/{}", "/healthz", "/{}",
)  # fmt: skip
NAMES = load_schema("chexpert14").names


def anything(rng: random.Random, depth: int = 0) -> Any:
    """A value of JSON, often one that a field takes, often not."""
    simple = (
        None, True, 0, 1, 2, -1, 3, 2**31, 2**63, 10**30, 1.5, 1e308, "", "1", "0-4", "4-9 1-2",
        "9-1", "label", "undo", "mark", "comment", "flag", "submit", "not_chest", "\0", "\ud800",
        "é" * 300, CANARY, CANARY * 2_000, "0" * 32, rng.randbytes(16).hex(), rng.choice(NAMES),
    )  # fmt: skip
    if depth > 3 or rng.random() < 0.7:
        return rng.choice(simple)
    if rng.random() < 0.5:
        return [anything(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    return {str(rng.choice(simple)): anything(rng, depth + 1) for _ in range(rng.randint(0, 3))}


def body(rng: random.Random, person: int) -> bytes:
    """What might be sent: nearly right, of another shape, or no JSON at all."""
    fields = ("id", "report", "kind", "observation", "value", "proposals", "seconds")
    right = {
        "id": rng.randbytes(16).hex(), "report": rng.randint(0, 5),
        "kind": rng.choice(("label", "undo", "mark", "comment", "flag", "submit")),
        "observation": rng.choice((*NAMES, None)),
        "value": rng.choice(("", "0", "1", "2", "3", "0-4", "2-900", "unreadable", CANARY)),
    }  # fmt: skip
    for _ in range(rng.choice((0, 0, 1, 2))):
        right[rng.choice(fields)] = anything(rng)
    sent = rng.choice(
        (
            {"person": person, "judgements": [right] * rng.randint(0, 3)},
            {"words": anything(rng)}, {"token": anything(rng)}, {"person": anything(rng)},
            {"observation": rng.choice(NAMES), "text": anything(rng)}, anything(rng),
        )
    )  # fmt: skip
    whole = json.dumps(sent).encode()
    return whole if rng.random() < 0.9 else whole[: rng.randint(0, len(whole))] + rng.randbytes(3)


def scope(rng: random.Random, sessions: dict[int, tuple[str, str]]) -> tuple[Any, int]:
    """A request's head, and whose session it brings (0: nobody's)."""
    person = rng.choice((0, *sessions))
    secret, csrf = sessions.get(person, ("", ""))
    path = rng.choice(PATHS)
    for _ in range(path.count("{}")):
        parts = ("0", "1", "2", "9", "-1", str(2**31), str(10**30), "x", CANARY, "..", "%00", "é")
        path = path.replace("{}", rng.choice(parts), 1)
    headers = [
        (b"host", b"localhost"),
        (b"cookie", f"lingula-review-8008={secret}".encode()),
        (b"x-csrf-token", csrf.encode() if rng.random() < 0.9 else rng.randbytes(9)),
        (b"content-type", rng.choice((b"application/json",) * 9 + (b"text/plain",))),
        (b"accept", rng.choice((b"text/html", b"*/*"))),
    ]
    if rng.random() < 0.1:
        headers.append((b"origin", rng.choice((b"null", b"http://localhost", b"http://[", b"x"))))
    return {
        "type": "http", "http_version": "1.1", "scheme": "http", "query_string": b"q=1",
        "method": rng.choice(("GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS")),
        "path": path, "raw_path": path.encode(), "root_path": "", "headers": headers,
        "client": (f"10.0.{rng.randint(0, 255)}.{rng.randint(0, 255)}", 1),
        "server": ("localhost", 8008),
    }, person  # fmt: skip


@pytest.mark.slow
def test_no_request_is_an_error_of_the_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lingula.review.web import access
    from lingula.review.web.rates import Rate

    # Nobody is slowed here: a refusal for haste would hide what is looked for.
    for name in ("SIGNED_IN", "STRANGERS"):
        monkeypatch.setattr(access, name, Rate(10**9, 1.0))
    store = make_store(tmp_path / "review.sqlite", practice=1)
    app = create_app(store)
    rng = random.Random(7)
    seen: dict[int, int] = {}

    async def one(head: Any, sent: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        parts: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": sent, "more_body": False}

        async def send(message: Any) -> None:
            parts.append(message)

        await app(head, receive, send)
        told = b"".join(part.get("body", b"") for part in parts)
        return parts[0]["status"], dict(parts[0]["headers"]), told

    async def session(person: Any) -> tuple[str, str]:
        head, _ = scope(random.Random(0), {})
        link = new_link(store, "", person).partition("#")[2]
        sent = json.dumps({"token": link}).encode()
        head |= {"method": "POST", "path": "/enter", "raw_path": b"/enter"}
        head["headers"] = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        _, headers, _ = await one(head, sent)
        secret = headers[b"set-cookie"].decode().partition("=")[2].partition(";")[0]
        return secret, access.Visitor(person, secret).csrf

    async def work() -> None:
        people = store.people()
        sessions = {person.id: await session(person) for person in people}
        for _ in range(REQUESTS):
            head, person = scope(rng, sessions)
            status, _, told = await one(head, body(rng, person))
            assert status < 500, (head["method"], head["path"])
            seen[status] = seen.get(status, 0) + 1
            if status >= 400:
                assert CANARY.encode() not in told
            if head["path"] in ("/leave", "/people/revoke") and status == 200:
                sessions = {one.id: await session(one) for one in people}

    with caplog.at_level(logging.INFO):
        anyio.run(work)
    assert CANARY not in caplog.text
    assert {200, 401, 403, 404, 405, 415, 422} <= set(seen)
