"""A service of its own process on a free port, as users start it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")

TEXT = "FINDINGS: No pneumothorax. Small left pleural effusion.\nIMPRESSION: Possible pneumonia."


@dataclass
class Server:
    """A running ``lingula serve``."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def client(self, **options: object) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, trust_env=False, **options)

    def label(self, *texts: object, **choices: object) -> httpx.Response:
        reports = [{"id": at, "text": text} for at, text in enumerate(texts)]
        with self.client() as client:
            return client.post("/v1/label", json={"reports": reports, **choices})

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def start(folder: Path, *arguments: str, labeler: str = "rules") -> Server:
    log = folder / "serve.log"
    command = [sys.executable, "-m", "lingula", "serve", "--port", "0"]
    command += ["--labeler", labeler] if labeler else []
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, *arguments], stderr=stream, stdout=stream, env=dict(os.environ), cwd=folder
        )
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"serving on (http://\S+)", log.read_text(encoding="utf-8"))
        if found:
            return Server(process, found[1], log)
        time.sleep(0.05)
    process.kill()
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The rules alone, one worker process."""
    running = start(tmp_path_factory.mktemp("serve"), "--workers", "1")
    yield running
    assert running.end() == 0, running.said()
