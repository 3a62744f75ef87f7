"""How fast ``lingula serve`` answers, beside an empty endpoint of the same service.

python benchmarks/serve_speed.py [--labeler rules] [--seconds 3] [--rounds 3] [--workers N]

Client and server share the machine. Every sentence is unseen (it holds a number of its own), since
the labelers remember sentences. Runs alternate (empty, labels, empty, ...) and medians are given:
compare the ratios, not the rates, on a machine that does other work.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import re
import signal
import statistics
import subprocess
import sys
from time import perf_counter

FINDINGS = (
    "Small left pleural effusion of {} mm",
    "No pneumothorax since film {}",
    "Possible right basilar pneumonia on image {}",
    "The heart is enlarged, ratio {}",
    "Endotracheal tube ends {} mm above the carina",
    "No focal consolidation or edema on view {}",
    "Stable atelectasis at the left base, series {}",
    "Healed rib fracture, number {}",
)
NUMBERS = itertools.count(10_000_000)
RANDOM = random.Random(7)


def text() -> str:
    found = RANDOM.sample(FINDINGS, 5)
    return "FINDINGS: " + " ".join(f"{item.format(next(NUMBERS))}." for item in found)


def question(reports: int, labeler: str, evidence: bool) -> bytes:
    body = json.dumps(
        {
            "labeler": labeler,
            "evidence": evidence,
            "reports": [{"id": n, "text": text()} for n in range(reports)],
        }
    ).encode()
    head = (
        "POST /v1/label HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


EMPTY = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def ask(port: int, questions: list[bytes], until: float, found: list) -> None:
    """Ask one after the other on one connection; times and statuses go to ``found``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while perf_counter() < until and questions:
        started = perf_counter()
        writer.write(questions.pop())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        await reader.readexactly(length)
        found.append((perf_counter() - started, int(head[9:12])))
    writer.close()


async def measure(port: int, questions: list[bytes], clients: int, seconds: float) -> dict:
    found: list[tuple[float, int]] = []
    started = perf_counter()
    until = started + seconds
    await asyncio.gather(*(ask(port, questions, until, found) for _ in range(clients)))
    took = perf_counter() - started
    good = sorted(time for time, status in found if status == 200)
    return {
        "rate": len(good) / took,
        "p50": 1000 * good[len(good) // 2],
        "p99": 1000 * good[int(0.99 * (len(good) - 1))],
        "statuses": sorted({status for _, status in found}),
    }


def runs(arguments: argparse.Namespace) -> dict[str, tuple[list[bytes], int]]:
    """Questions and clients of each run, made before the clock starts."""
    each, name = arguments.questions, arguments.labeler
    return {
        "empty endpoint": ([EMPTY] * each * 8, 32),
        "labels": ([question(1, name, False) for _ in range(each)], 32),
        "labels and evidence": ([question(1, name, True) for _ in range(each)], 32),
        "batches of 100, evidence": ([question(100, name, True) for _ in range(each // 20)], 4),
        "alone, evidence": ([question(1, name, True) for _ in range(each)], 1),
        "evidence, 128 clients": ([question(1, name, True) for _ in range(each)], 128),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--labeler", default="rules")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=6000)
    parser.add_argument("--workers", default="1")
    parser.add_argument("--queue", default="512")
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "lingula", "serve", "--port", "0", "--quiet"]
    command += ["--labeler", arguments.labeler, "--workers", arguments.workers]
    command += ["--queue", arguments.queue]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        port = next(int(f[1]) for line in server.stderr if (f := re.search(r":(\d+)$", line)))
        found: dict[str, list[dict]] = {}
        for _ in range(arguments.rounds):
            for name, (questions, clients) in runs(arguments).items():
                result = asyncio.run(measure(port, questions, clients, arguments.seconds))
                found.setdefault(name, []).append(result)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    show(found)


def show(found: dict[str, list[dict]]) -> None:
    keys = ("rate", "p50", "p99")
    median = {
        name: {key: statistics.median(item[key] for item in items) for key in keys}
        for name, items in found.items()
    }
    empty = median["empty endpoint"]["rate"]
    print("| run | requests/s | of empty | p50 ms | p99 ms | statuses |")
    print("| :-- | --: | --: | --: | --: | :-- |")
    for name, item in median.items():
        statuses = sorted({status for one in found[name] for status in one["statuses"]})
        print(
            f"| {name} | {item['rate']:,.0f} | {item['rate'] / empty:.2f} | {item['p50']:.1f} "
            f"| {item['p99']:.1f} | {', '.join(map(str, statuses))} |"
        )


if __name__ == "__main__":
    main()
