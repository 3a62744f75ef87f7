"""Good requests with one in a hundred hostile, for minutes: answers, crashes and memory.

python benchmarks/serve_soak.py [--requests 100000] [--clients 16]

Every good answer is held against the labels of the rules in this process. Memory is that of the
front end and its worker together, after the first tenth and at the end; Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import lingula

HEAD = "POST /v1/label HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
TEXTS = (
    "No pneumothorax. Small left effusion.",
    "Possible pneumonia.\x00 No edema.",
    "The heart is enlarged; größer als zuvor.",
    "Lungs are clear.",
)
HOSTILE = (
    f"{HEAD}Content-Length: 50000000\r\n\r\n".encode() + b"x" * 300_000,
    f"{HEAD}Content-Length: 300000\r\n\r\n".encode() + b"[" * 300_000,
    f"{HEAD}Content-Length: 4\r\n\r\n".encode() + b"\xff\xfe\x00\x01",
    f"{HEAD}Content-Length: 22\r\n\r\n".encode() + b'{"reports":{"text":1}}',
    f"{HEAD}Content-Length: 99\r\n\r\n".encode() + b"{",
    f"{HEAD}X-Long: ".encode() + b"x" * 300_000,
    bytes(range(256)) * 20,
)


def message(text: str) -> bytes:
    body = json.dumps({"labeler": "rules", "evidence": True, "reports": [{"text": text}]}).encode()
    return f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def attack(port: int, data: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await asyncio.wait_for(reader.read(1000), 1)
    except (OSError, asyncio.TimeoutError):
        pass  # refused, or waited for: both are answers to it
    finally:
        writer.close()


async def client(port: int, requests: int, expected: dict[str, list], wrong: list[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(requests):
        if random.random() < 0.01:
            await attack(port, random.choice(HOSTILE))
        text = random.choice(TEXTS)
        writer.write(message(text))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        body = await reader.readexactly(length)
        if head[9:12] != b"200" or json.loads(body)["results"][0]["values"] != expected[text]:
            wrong.append(head[9:12].decode())
    writer.close()


def memory(pid: int) -> int:
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=16)
    arguments = parser.parse_args()
    values = lingula.load("rules").label(TEXTS).values
    expected = {
        text: [None if math.isnan(cell) else int(cell) for cell in row]
        for text, row in zip(TEXTS, values.tolist(), strict=True)
    }
    command = [sys.executable, "-m", "lingula", "serve", "--port", "0", "--quiet", "--no-cache"]
    command += ["--labeler", "rules", "--workers", "1"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wrong: list[str] = []

    async def run(requests: int) -> None:
        each = requests // arguments.clients
        await asyncio.gather(
            *(client(port, each, expected, wrong) for _ in range(arguments.clients))
        )

    try:
        port = next(int(f[1]) for line in server.stderr if (f := re.search(r":(\d+)$", line)))
        asyncio.run(run(arguments.requests // 10))
        before = memory(server.pid)
        asyncio.run(run(arguments.requests * 9 // 10))
        after = memory(server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        status = server.wait()
    print(f"{arguments.requests:,} requests, {len(wrong)} answered wrongly, exit status {status}")
    print(f"memory: {before / 1e6:.0f} MB after a tenth, {after / 1e6:.0f} MB at the end")


if __name__ == "__main__":
    main()
