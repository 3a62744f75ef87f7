"""A small server of the protocol on this machine: it answers by the rules, well or badly."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import lingula
from lingula.labels import Label

MODEL = "small-chat:latest"
LABELER = lingula.load("rules")
_LOCK = threading.Lock()


def rules_answer(text: str) -> dict[str, Any]:
    """What a model that reads as the rules do would answer."""
    labels = LABELER.label([text], evidence=True)
    assert labels.evidence is not None
    answer = {}
    for column, name in enumerate(labels.schema.names):
        label = Label(int(labels.classes[0, column]))
        quotes = [
            text[min(x.start, x.start if x.cue_start is None else x.cue_start) :
                 max(x.end, x.end if x.cue_end is None else x.cue_end)]
            for x in labels.evidence[0]
            if x.observation == name and x.label is label
        ]  # fmt: skip
        quote = quotes[0] if quotes and label else ""
        answer[name] = {"label": label.name.lower(), "quote": quote}
    return answer


@dataclass
class Server:
    """A server that runs, and what was asked of it.

    Attributes:
        url: Its address.
        asked: Bodies of the chat completions, in order.
        most: Requests that were under way at once.
        change: What becomes of a right answer before it is sent; returns the content.
        trouble: Status codes that the next requests get, in order; 0 hangs up.
        where: Where 307 leads.
        pause: Seconds that an answer takes.
    """

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    most: int = 0
    change: Callable[[dict[str, Any], int], str] = lambda answer, count: json.dumps(answer)
    trouble: list[int] = field(default_factory=list)
    where: str = ""
    pause: float = 0.0
    tags: bool = True
    finish: str = "stop"
    _now: int = 0


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def send(self, status: int, body: Any = None) -> None:
            data = json.dumps(body or {}).encode()
            self.send_response(status)
            if status == 307:
                self.send_header("Location", server.where)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            if self.path == "/v1/models":
                self.send(200, {"object": "list", "data": [{"id": MODEL, "created": id(self)}]})
            elif self.path == "/api/tags" and server.tags:
                self.send(200, {"models": [{"name": MODEL, "digest": "d" * 64}]})
            else:
                self.send(404)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with _LOCK:
                server.asked.append(body)
                server.heads.append(dict(self.headers))
                count = len(server.asked)
                server._now += 1
                server.most = max(server.most, server._now)
                trouble = server.trouble.pop(0) if server.trouble else 200
            try:
                if server.pause:
                    threading.Event().wait(server.pause)
                if self.path != "/v1/chat/completions":
                    self.send(404)
                elif trouble == 0:
                    self.close_connection = True
                elif trouble != 200:
                    self.send(trouble, {"error": {"message": body["messages"][1]["content"]}})
                else:
                    text = body["messages"][1]["content"]
                    text = text.removeprefix("<report>\n").removesuffix("\n</report>")
                    content = server.change(rules_answer(text), count)
                    message = {"role": "assistant", "content": content}
                    choice = {"index": 0, "message": message, "finish_reason": server.finish}
                    self.send(200, {"choices": [choice]})
            finally:
                with _LOCK:
                    server._now -= 1

    return Handler


@contextmanager
def running(certificate: tuple[Path, Path] | None = None) -> Iterator[Server]:
    """A server, until the block ends; with a certificate and its key, one of https."""
    server = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        http.socket = context.wrap_socket(http.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    server.url = f"{scheme}://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
