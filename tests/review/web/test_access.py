"""Links, sessions, cookies and forged requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi")

import anyio

from lingula.errors import InputError
from lingula.review.store import Store
from lingula.review.web.app import create_app
from lingula.review.web.links import digest, new_link
from lingula.review.web.rates import Buckets, Rate
from lingula.review.web.running import Place
from lingula.web import Problem
from tests.review.web.making import make_store

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("review") / "review.sqlite")


def ask(app: Any, work: Callable[[httpx.AsyncClient], Any], url: str = "http://localhost") -> Any:
    async def run() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=url, trust_env=False) as client:
            return await work(client)

    return anyio.run(run)


def token_of(store: Store, days: float = 1) -> str:
    return new_link(store, "http://localhost", store.people()[0], days).partition("#")[2]


def test_a_link_opens_one_session(store: Store) -> None:
    token = token_of(store)

    async def work(client: httpx.AsyncClient) -> None:
        first = await client.post("/enter", json={"token": token})
        assert first.status_code == 200
        cookie = first.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
        assert "secure" not in cookie
        assert token not in str(first.headers) + first.text
        client.cookies.clear()
        second = await client.post("/enter", json={"token": token})
        assert second.status_code == 401 and "set-cookie" not in second.headers

    ask(create_app(store), work)


def test_a_cookie_over_tls_is_secure_and_bound_to_its_host(store: Store) -> None:
    token = token_of(store)

    async def work(client: httpx.AsyncClient) -> None:
        answer = await client.post("/enter", json={"token": token})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-") and "; Secure" in cookie
        assert answer.headers["strict-transport-security"]

    ask(create_app(store, secure=True), work, "https://localhost")


@pytest.mark.parametrize("days", [-1, 0])
def test_an_old_link_lets_nobody_in(store: Store, days: float) -> None:
    token = token_of(store, days)

    async def work(client: httpx.AsyncClient) -> None:
        assert (await client.post("/enter", json={"token": token})).status_code == 401

    ask(create_app(store), work)


def test_withdrawn_links_and_sessions_end(store: Store) -> None:
    used, unused = token_of(store), token_of(store)

    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/enter", json={"token": used})
        assert (await client.get("/progress")).status_code == 200
        store.revoke(store.people()[0].id)
        assert (await client.get("/progress")).status_code == 401
        assert (await client.post("/enter", json={"token": unused})).status_code == 401

    ask(create_app(store), work)


def test_an_old_session_has_ended(store: Store) -> None:
    secret = "s" * 43
    store.add_session(
        store.people()[0].id, digest(secret), datetime.now(timezone.utc) - timedelta(seconds=1)
    )

    async def work(client: httpx.AsyncClient) -> None:
        client.cookies.set("lingula-review-80", secret)
        client.cookies.set("lingula-review-None", secret)
        assert (await client.get("/session")).status_code == 401

    ask(create_app(store), work)


def test_who_leaves_has_left(store: Store) -> None:
    token = token_of(store)

    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/enter", json={"token": token})
        kept = dict(client.cookies)
        csrf = (await client.get("/session")).json()["csrf"]
        assert (await client.post("/leave", headers={"X-CSRF-Token": csrf})).status_code == 200
        client.cookies.update(kept)
        assert (await client.get("/session")).status_code == 401

    ask(create_app(store), work)


def test_forged_requests_change_nothing(store: Store) -> None:
    token, other = token_of(store), token_of(store)

    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/enter", json={"token": token})
        csrf = (await client.get("/session")).json()["csrf"]
        good = {"X-CSRF-Token": csrf}
        body = {"words": "edema"}
        assert (await client.post("/search", json=body, headers=good)).status_code == 200
        for headers in (
            {},
            {"X-CSRF-Token": csrf[:-1] + "x"},
            {**good, "Origin": "http://evil.example"},
            {**good, "Origin": "null"},
            {**good, "Sec-Fetch-Site": "cross-site"},
        ):
            answer = await client.post("/search", json=body, headers=headers)
            assert answer.status_code == 403, headers
        plain = {**good, "Content-Type": "text/plain"}
        answer = await client.post("/search", content='{"words": "edema"}', headers=plain)
        assert answer.status_code == 415
        # A page of another site cannot make a browser enter as somebody else either.
        evil = {"Origin": "http://evil.example"}
        answer = await client.post("/enter", json={"token": other}, headers=evil)
        assert answer.status_code == 403

    ask(create_app(store), work)


def test_another_name_of_the_server_is_refused(store: Store) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        assert (await client.get("/enter")).status_code == 421

    ask(create_app(store, hosts=Place().hosts), work, "http://rebound.example")


def test_guesses_are_slowed(store: Store) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for _ in range(100):
            answer = await client.post("/enter", json={"token": "guess"})
            if answer.status_code == 429:
                assert int(answer.headers["retry-after"]) >= 1
                return
        raise AssertionError

    ask(create_app(store), work)


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    buckets = Buckets(Rate(2, 0.5), lambda: now[0])
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(Problem) as caught:
        buckets.take("a")
    assert caught.value.status == 429 and caught.value.headers["Retry-After"] == "2"
    buckets.take("b")
    now[0] = 2.0
    buckets.take("a")


def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(store: Store) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/enter", json={"token": token_of(store)})
        for path in ("/enter", "/read", "/progress", "/definitions"):
            answer = await client.get(path)
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self'" in policy and "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "<script>" not in answer.text and " style=" not in answer.text
            assert "http://" not in answer.text and "https://" not in answer.text

    ask(create_app(store), work)


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ({"host": "0.0.0.0"}, "--certificate"),
        ({"host": "0.0.0.0", "public_url": "http://review.example"}, "https://"),
        ({"public_url": "https://review.example/a"}, "without a path"),
        ({"public_url": "https://["}, "no address"),
    ],
)
def test_an_unsafe_place_is_refused(place: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        Place(**place)


def test_a_place_behind_a_proxy_is_secure(tmp_path: Path) -> None:
    place = Place("0.0.0.0", public_url="https://review.example")
    assert place.secure and place.hosts == {"0.0.0.0", "review.example"}
    assert not Place().secure and Place(certificate=tmp_path / "c.pem").secure
