"""Under load: killed workers, the ending signal, a full queue, late and hostile requests."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.serve.conftest import TEXT, Server, start

#: The rules take some seconds for this one.
SLOW = "Possible effusion versus pneumonia, not edema, unless " * 900


def ready(server: Server) -> int:
    with server.client() as client:
        return int(client.get("/readyz").json()["workers_ready"])


def wait_for(reached, seconds: float = 20) -> float:
    started = time.monotonic()
    while not reached():
        assert time.monotonic() - started < seconds
        time.sleep(0.05)
    return time.monotonic() - started


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_no_request_fails(tmp_path: Path) -> None:
    server = start(tmp_path, "--workers", "2", "--no-cache")
    try:
        wait_for(lambda: ready(server) == 2)
        stop = threading.Event()
        statuses: list[int] = []

        def ask() -> None:
            with server.client() as client:
                while not stop.is_set():
                    body = {"reports": [{"text": TEXT}] * 5}
                    answer = client.post("/v1/label", json=body)
                    statuses.append(answer.status_code)
                    assert all("labels" in item for item in answer.json()["results"])

        with ThreadPoolExecutor(8) as pool:
            asking = [pool.submit(ask) for _ in range(8)]
            for _ in range(3):
                time.sleep(0.4)
                os.kill(server.workers()[0], signal.SIGKILL)
                wait_for(lambda: ready(server) == 2)
            stop.set()
            for item in asking:
                item.result()
        assert set(statuses) == {200}
        with server.client() as client:
            assert "lingula_worker_restarts_total 3.0" in client.get("/metrics").text
    finally:
        assert server.end() == 0, server.said()


def test_an_idle_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    server = start(tmp_path, "--workers", "1")
    try:
        before = server.workers()
        os.kill(before[0], signal.SIGKILL)
        wait_for(lambda: server.workers() not in (before, []) and ready(server) == 1)
        assert server.label("No edema.").status_code == 200
    finally:
        assert server.end() == 0, server.said()


def test_accepted_requests_are_answered_after_the_ending_signal(tmp_path: Path) -> None:
    server = start(tmp_path, "--workers", "1", "--no-cache", "--max-characters", "200000")
    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(server.label, SLOW, TEXT) for _ in range(6)]
        with server.client() as client:
            wait_for(lambda: "lingula_queue_texts 0.0" not in client.get("/metrics").text)
        time.sleep(1)  # what has not come in by then is not accepted
        # As a service manager does: to every process of the group.
        for pid in [*server.workers(), server.process.pid]:
            os.kill(pid, signal.SIGTERM)
        answers = [item.result() for item in asking]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert server.process.wait(30) == 0, server.said()


def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    server = start(tmp_path, "--workers", "1", "--no-cache", "--queue", "4",
                   "--max-characters", "200000", "--deadline", "60")  # fmt: skip
    try:
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda n: server.label(SLOW + str(n)), range(16)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 429}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        # More than the queue holds is taken when nothing waits.
        assert server.label(*["No edema."] * 20).status_code == 200
    finally:
        assert server.end() == 0


def test_a_late_request_is_told(tmp_path: Path) -> None:
    server = start(tmp_path, "--workers", "1", "--no-cache", "--deadline", "0.1",
                   "--max-characters", "900000")  # fmt: skip
    try:
        assert server.label(SLOW * 15).status_code == 504
        wait_for(lambda: server.label("No edema.").status_code == 200)
    finally:
        assert server.end() == 0


def test_a_slow_body_is_not_waited_for() -> None:
    from lingula.web import Problem, read_body

    async def never() -> dict:
        await asyncio.sleep(60)
        return {}

    async def drips() -> dict:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    for receive in (never, drips):
        with pytest.raises(Problem, match="too long to arrive"):
            asyncio.run(read_body(receive, 0.1))


def test_an_endless_head_is_not_kept(server: Server) -> None:
    parts = urlsplit(server.url)
    sent = 0
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Long: ")
        with pytest.raises(OSError):
            for _ in range(200):
                connection.sendall(b"x" * 100_000)
                sent += 100_000
    assert sent < 20_000_000
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        # In order, and in pieces: two requests on one connection, a long body in the first.
        body = b'{"reports":[{"text":"No edema."}]}' + b" " * 500_000
        head = f"POST /v1/label HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json"
        whole = f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        whole += (
            f"GET /healthz HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        connection.sendall(whole)
        answer = b""
        while data := connection.recv(1 << 16):
            answer += data
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_a_slow_head_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from lingula.web import protocol

    class Line:
        ended = 0

        def is_closing(self) -> bool:
            return bool(self.ended)

        def abort(self) -> None:
            self.ended += 1

    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)

    async def wait() -> int:
        line = protocol.BoundedProtocol.__new__(protocol.BoundedProtocol)
        line.transport = Line()
        line._expect()
        await asyncio.sleep(0.2)
        return line.transport.ended

    assert asyncio.run(wait()) == 1


@pytest.mark.slow
def test_hostile_requests_beside_good_ones(server: Server) -> None:
    """Whatever comes, each good request is answered rightly, and memory stays."""
    parts = urlsplit(server.url)
    right = server.label(TEXT, evidence=True).json()["results"][0]
    head = f"POST /v1/label HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    hostile = [
        f"{head}Content-Length: 50000000\r\n\r\n".encode() + b"x" * 1_000_000,
        f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()
        + (b"100000\r\n" + b"x" * 0x100000 + b"\r\n") * 10,
        f"{head}Content-Length: 4000000\r\n\r\n".encode() + b"[" * 4_000_000,
        f"{head}Content-Length: 9\r\n\r\n".encode() + b"\x00\xff\xfe\x00\x00\x00\x00\x00\x00",
        f"{head}Content-Length: 100\r\n\r\n".encode() + b"{",  # and then nothing
        f"{head}X-Long: ".encode() + b"x" * 3_000_000,
        os.urandom(5000),
    ]

    def attack(data: bytes) -> None:
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
            try:
                connection.sendall(data)
                connection.recv(1000)
            except OSError:
                pass  # refused in the middle of it, as it should be

    def good(number: int) -> bool:
        answer = server.label(TEXT, evidence=True)
        return answer.status_code == 200 and answer.json()["results"][0] == right

    with ThreadPoolExecutor(8) as pool:
        attacks = [pool.submit(attack, data) for _ in range(3) for data in hostile]
        assert all(pool.map(good, range(300)))
        for item in attacks:
            item.result()
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    most = int(status.split("VmHWM:")[1].split()[0])
    assert most < 300_000  # kB
