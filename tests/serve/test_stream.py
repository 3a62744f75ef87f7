"""JSON Lines in and out: in order, bad lines in their place, memory that does not grow."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.serve.conftest import Server

stream = pytest.importorskip("lingula.serve.stream")
HEADERS = {"content-type": "application/jsonl"}


def lines(answer: bytes) -> list[dict]:
    return [json.loads(line) for line in answer.splitlines()]


def test_lines_are_answered_in_order(server: Server) -> None:
    sent = [json.dumps({"id": n, "text": f"Small effusion number {n}."}) for n in range(500)]
    sent[7] = "{bad canary"
    sent[9] = ""
    sent[11] = json.dumps({"id": 11, "text": 5})
    sent[13] = json.dumps({"id": 13, "text": "x" * 700_000})
    with server.client() as client:
        answer = client.post(
            "/v1/label/stream?evidence=true", content="\n".join(sent), headers=HEADERS
        )
    found = lines(answer.content)
    assert [item["line"] for item in found] == [n + 1 for n in range(500) if n != 9]
    errors = {item["line"]: item["error"]["code"] for item in found if "error" in item}
    assert errors == {8: "no_json", 12: "no_text", 14: "too_long"}
    assert all(
        item["labels"]["Pleural Effusion"] == "positive" for item in found if "labels" in item
    )
    assert "canary" not in answer.text


def test_a_wrong_query_is_told(server: Server) -> None:
    with server.client() as client:
        for query in ("labeler=canary", "evidence=maybe", "sections=canary", "canary=1"):
            answer = client.post(f"/v1/label/stream?{query}", content="", headers=HEADERS)
            assert answer.status_code == 422
            assert "canary" not in answer.text
        answer = client.post("/v1/label/stream?sections=none", content="", headers=HEADERS)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_stream(server: Server) -> None:
    """40 MB of reports; the front end must not hold what it has read."""
    line = json.dumps({"text": "The lungs are clear. " + "x" * 20_000}).encode() + b"\n"
    before = resident(server)
    answered = 0
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        head = (
            f"POST /v1/label/stream HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n"
            "Connection: close\r\n\r\n"
        )
        connection.sendall(head.encode())

        def send() -> None:
            block = line * 50
            for _ in range(40):
                connection.sendall(b"%x\r\n%b\r\n" % (len(block), block))
            connection.sendall(b"0\r\n\r\n")

        sender = threading.Thread(target=send)
        sender.start()
        most = before
        while data := connection.recv(1 << 16):
            answered += data.count(b'{"line":')
            most = max(most, resident(server)) if answered % 7 == 0 else most
        sender.join()
    assert answered >= 1_950  # some marks fall on the edge of a read
    assert most - before < 20_000_000


def resident(server: Server) -> int:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096


@given(st.lists(st.binary(max_size=30)), st.integers(1, 40))
def test_a_stream_is_cut_into_lines_however_it_comes(parts: list[bytes], longest: int) -> None:
    splitter = stream.LineSplitter(longest)
    found = [line for part in parts for line in splitter.feed(part)] + splitter.close()
    whole = b"".join(parts).split(b"\n")
    if not whole[-1]:
        whole.pop()
    assert found == [line if len(line) <= longest else None for line in whole]
