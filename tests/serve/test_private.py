"""No word of a report in logs, errors and metrics, whatever is sent; nobody without a token."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lingula.serve.worker import load_all
from tests.serve.conftest import Server, start

CANARY = "zanzibarcanary"
HOSTILE: list[tuple[str, str, bytes, dict[str, str]]] = [
    ("POST", "/v1/label", json.dumps({"reports": [{"text": f"{CANARY} edema."}]}).encode(), {}),
    ("POST", "/v1/label", json.dumps({"reports": [{"text": [CANARY]}]}).encode(), {}),
    ("POST", "/v1/label", json.dumps({CANARY: CANARY}).encode(), {}),
    ("POST", "/v1/label", json.dumps({"reports": CANARY}).encode(), {}),
    ("POST", "/v1/label", f"{CANARY} {{".encode(), {}),
    ("POST", "/v1/label", CANARY.encode(), {"content-type": f"text/{CANARY}"}),
    ("POST", "/v1/label", b"{}", {"content-encoding": CANARY}),
    ("POST", f"/v1/label?{CANARY}={CANARY}", b"{}", {}),
    ("POST", f"/v1/label/stream?{CANARY}=1", b"", {"content-type": "application/jsonl"}),
    ("POST", "/v1/label/stream", CANARY.encode(), {"content-type": "application/jsonl"}),
    ("GET", f"/{CANARY}", b"", {}),
    (CANARY.upper(), "/v1/label", b"", {}),
    ("GET", "/healthz", b"", {"x-request-id": f"{CANARY} {CANARY}"}),
]


def test_a_word_of_a_report_is_nowhere(server: Server) -> None:
    with server.client() as client:
        for method, path, body, headers in HOSTILE:
            sent = {"content-type": "application/json", **headers}
            answer = client.request(method, path, content=body, headers=sent)
            assert CANARY not in answer.text.lower()
            assert CANARY not in str(answer.headers).lower()
        metrics = client.get("/metrics").text
    assert "lingula_reports_total" in metrics
    assert CANARY not in metrics.lower()
    assert CANARY not in server.said().lower()


def test_raw_nonsense_is_not_logged(server: Server) -> None:
    parts = urlsplit(server.url)
    for sent in (f"{CANARY}\r\n\r\n", f"GET / HTTP/9 {CANARY}\r\n\r\n", f"POST /v1/label {CANARY}"):
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            connection.sendall(sent.encode())
            connection.shutdown(socket.SHUT_WR)
            connection.recv(4096)
    assert CANARY not in server.said().lower()
    assert server.label("No edema.").status_code == 200


def test_headers_of_every_answer(server: Server) -> None:
    with server.client() as client:
        for path in ("/healthz", "/docs", "/nowhere"):
            headers = client.get(path, headers={"x-request-id": "my-id.7"}).headers
            assert headers["x-request-id"] == "my-id.7"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "access-control-allow-origin" not in headers
            assert "server" not in headers


def test_other_sites_pages_cannot_ask(server: Server) -> None:
    with server.client() as client:
        rebound = client.get("/v1/labelers", headers={"host": "evil.example"})
        assert rebound.status_code == 421
        plain = client.post("/v1/label", content=b"{}", headers={"content-type": "text/plain"})
        assert plain.status_code == 415
        asked = client.options("/v1/label", headers={"origin": "http://evil.example"})
        assert "access-control-allow-origin" not in asked.headers


def lingula(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lingula", *words], capture_output=True, text=True, check=False
    )


def test_another_address_needs_a_token(tmp_path: Path) -> None:
    done = lingula("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    assert "--insecure-no-token" in done.stderr
    empty = tmp_path / "none"
    empty.write_text("# no token\n")
    done = lingula("serve", "--host", "0.0.0.0", "--token-file", str(empty))
    assert done.returncode == 2
    assert "holds no token" in done.stderr


def test_a_token_opens(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    made = lingula("serve", "--add-token", "ward-3", "--token-file", str(path))
    token = made.stdout.strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token not in path.read_text()
    again = lingula("serve", "--add-token", "ward-3", "--token-file", str(path))
    assert again.returncode == 2
    server = start(tmp_path, "--token-file", str(path))
    try:
        with server.client() as client:
            assert client.get("/readyz").status_code == 200
            for given in ("", f"Bearer {token}x", token, "Bearer", f"Basic {token}"):
                refused = client.get("/v1/labelers", headers={"authorization": given})
                assert refused.status_code == 401
                assert refused.headers["www-authenticate"] == "Bearer"
            for path_ in ("/metrics", "/docs", "/openapi.json", "/nowhere"):
                assert client.get(path_).status_code == 401
            known = {"authorization": f"Bearer {token}"}
            assert client.get("/v1/labelers", headers=known).status_code == 200
    finally:
        assert server.end() == 0
    assert token not in server.said()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--labeler", "nothing"], "no labeler 'nothing'"),
        (["--labeler", "rules", "--labeler", "rules"], "two labelers"),
        (["--labeler", "=rules"], "names no labeler"),
        (["--add-token", "x"], "--token-file"),
        (["--host", "256.0.0.1", "--insecure-no-token", "--labeler", "rules"], "cannot listen"),
    ],
)
def test_a_wrong_start_is_one_line(words: list[str], said: str) -> None:
    done = lingula("serve", "--port", "0", *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("package", ["uvicorn", "httptools", "fastapi", "prometheus_client"])
def test_a_missing_package_is_named_with_its_extra(package: str) -> None:
    program = (
        f"import sys; sys.modules[{package!r}] = None; sys.argv = ['lingula', 'serve']; "
        "from lingula.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith("pip install 'lingula[serve]'")
    assert "Traceback" not in done.stderr


def test_without_cache_no_labeler_remembers_a_sentence() -> None:
    setup = {"labelers": [["rules", "rules"], ["builtin", "builtin"]], "threads": 1, "cache": False}
    found = load_all(setup)
    for labeler in found.values():
        assert labeler.label(["Small canary effusion is seen."], evidence=True).evidence
        held = [labeler, getattr(labeler, "model", None), getattr(labeler, "rules", labeler).judge]
        assert not any("canary" in repr(vars(item)) for item in held if item is not None)
