"""Start ``lingula serve`` with the arguments given, ask it for labels once, and tell it to end."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys

process = subprocess.Popen(
    [sys.executable, "-m", "lingula", "serve", "--port", "0", *sys.argv[1:]],
    stderr=subprocess.PIPE,
    text=True,
)
assert process.stderr is not None
try:
    found = None
    for line in process.stderr:
        found = re.search(r"serving on http://([0-9.]+):(\d+)", line)
        if found:
            break
    assert found
    connection = http.client.HTTPConnection(found[1], int(found[2]))
    for labeler in ("rules", "builtin"):
        body = json.dumps({"reports": [{"text": "No edema."}], "labeler": labeler})
        connection.request("POST", "/v1/label", body, {"Content-Type": "application/json"})
        sys.stdout.write(connection.getresponse().read().decode() + "\n")
finally:
    process.send_signal(signal.SIGTERM)
    sys.stdout.write(process.stderr.read())
    status = process.wait()
sys.exit(status)
