"""Every address against every role and against nobody."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi")

from lingula.review.records import Judgement
from lingula.review.store import Store
from lingula.review.web.app import create_app, review_app
from lingula.review.web.links import new_link
from tests.review.web.making import EVERYBODY, make_store

ROLES = ("nobody", "reader", "adjudicator", "manager")
SENT = {
    "/enter": {"token": "x"},
    "/judgements": {"person": 0, "judgements": []},
    "/search": {"words": "edema"},
    "/definitions": {"observation": "Edema", "text": "Fluid."},
    "/people/link": {"person": 1},
    "/people/revoke": {"person": 999},
    "/leave": {},
}
#: Method, address, and the status for nobody, reader, adjudicator, manager.
TABLE = (
    ("GET", "/healthz", 200, 200, 200, 200),
    ("GET", "/enter", 200, 200, 200, 200),
    ("POST", "/enter", 401, 401, 401, 401),
    ("GET", "/", 401, 303, 303, 303),
    ("GET", "/session", 401, 200, 200, 200),
    ("GET", "/read", 401, 200, 403, 403),
    ("GET", "/read/1", 401, 200, 403, 403),
    ("GET", "/read/9", 401, 404, 403, 403),
    ("GET", "/read/after/1", 401, 200, 403, 403),
    ("POST", "/search", 401, 200, 403, 403),
    # 409: the body says that the page is another person's.
    ("POST", "/judgements", 401, 409, 409, 403),
    ("GET", "/adjudicate", 401, 403, 200, 403),
    ("GET", "/adjudicate/1", 401, 403, 200, 403),
    ("GET", "/adjudicate/2", 401, 403, 404, 403),
    ("GET", "/adjudicate/after/2", 401, 403, 200, 403),
    ("GET", "/progress", 401, 200, 200, 200),
    ("GET", "/agreement", 401, 403, 200, 200),
    ("GET", "/practice", 401, 200, 403, 403),
    ("GET", "/definitions", 401, 200, 200, 200),
    ("POST", "/definitions", 401, 403, 403, 200),
    ("GET", "/people", 401, 403, 403, 200),
    ("POST", "/people/link", 401, 403, 403, 200),
    ("POST", "/people/revoke", 401, 403, 403, 404),
    ("GET", "/static/{version}/{name}", 404, 404, 404, 404),
    ("POST", "/leave", 401, 200, 200, 200),
)


def judged(kind: str, report: int, observation: str | None = None, value: str = "1") -> Judgement:
    return Judgement(uuid.uuid4().hex, report, kind, observation, value)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two readers differ on Edema of report 1 and have not read report 2."""
    store = make_store(tmp_path / "review.sqlite")
    for person in store.people()[:2]:
        value = str(person.id % 3)
        store.record(person, [judged("label", 1, "Edema", value), judged("submit", 1)])
    return store


@asynccontextmanager
async def entered(store: Store, app: Any, role: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost", trust_env=False)
    if role != "nobody":
        person = next(one for one in store.people() if one.role == role)
        token = new_link(store, "", person).partition("#")[2]
        assert (await client.post("/enter", json={"token": token})).status_code == 200
        client.headers["X-CSRF-Token"] = (await client.get("/session")).json()["csrf"]
    yield client
    await client.aclose()


@pytest.mark.parametrize("role", ROLES)
def test_every_address_against_every_role(store: Store, role: str) -> None:
    import anyio

    app = create_app(store)

    async def ask() -> dict[tuple[str, str], int]:
        async with entered(store, app, role) as client:
            return {
                (method, path): (
                    await client.request(method, path, json=SENT.get(path))
                ).status_code
                for method, path, *_ in TABLE
            }

    wanted = {(m, path): statuses[ROLES.index(role)] for m, path, *statuses in TABLE}
    assert anyio.run(ask) == wanted


def test_the_table_names_every_address(store: Store) -> None:
    routes = {
        (method.upper(), path.replace("{report_id}", "1"))
        for path, methods in review_app(store).openapi()["paths"].items()
        for method in methods
    }
    assert routes == {(method, path) for method, path, *_ in TABLE} - {
        ("GET", "/read/9"), ("GET", "/adjudicate/2"), ("GET", "/adjudicate/after/2"),
    } | {("GET", "/adjudicate/after/1")}  # fmt: skip


def test_no_page_of_a_reader_holds_anothers_word(store: Store) -> None:
    import anyio

    ben = store.people()[1]
    secret = "zanzibarcanary"
    store.record(ben, [judged("comment", 2, None, secret), judged("label", 2, "Fracture", "3")])
    app = create_app(store)

    async def ask() -> None:
        async with entered(store, app, "reader") as client:
            for method, path, *_ in TABLE:
                if path == "/leave":
                    continue
                body = {"words": secret} if path == "/search" else SENT.get(path)
                answer = await client.request(method, path, json=body)
                assert secret not in answer.text, path
                if path in ("/progress", "/read/1", "/read"):
                    for name, _ in EVERYBODY[1:]:
                        assert name not in answer.text, (path, name)
            page = (await client.get("/read/2")).text
            assert 'data-observation="Fracture" data-proposal="0" data-answer=""' in page

    anyio.run(ask)
