"""Start ``lingula review`` with the arguments given, read one report as a page does, end it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from typing import Any

process = subprocess.Popen(
    [sys.executable, "-m", "lingula", "review", "--port", "0", *sys.argv[1:]],
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
)
assert process.stdout is not None
try:
    found = None
    for line in process.stdout:
        found = re.search(r"\(reader\): http://([0-9.]+):(\d+)/enter#(\S+)", line)
        if found:
            break
    assert found
    connection = http.client.HTTPConnection(found[1], int(found[2]))
    headers = {"Content-Type": "application/json"}

    def ask(method: str, path: str, body: Any = None) -> str:
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, headers)
        answer = connection.getresponse()
        cookie = answer.getheader("Set-Cookie")
        if cookie:
            headers["Cookie"] = cookie.partition(";")[0]
        return answer.read().decode()

    ask("POST", "/enter", {"token": found[3]})
    session = json.loads(ask("GET", "/session"))
    headers["X-CSRF-Token"] = session["csrf"]
    sys.stdout.write(ask("GET", "/read"))
    judgement = {"id": "0" * 32, "report": 1, "kind": "submit", "value": "1"}
    sent = {"person": session["person"], "judgements": [judgement]}
    sys.stdout.write(ask("POST", "/judgements", sent) + "\n")
finally:
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    status = process.wait()
sys.exit(status)
