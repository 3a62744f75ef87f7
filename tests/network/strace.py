"""Which internet sockets a command and its children open, as strace (Debian) sees them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_OPENED = re.compile(r"\bsocket\(AF_INET6?, SOCK_(?!DGRAM)")
_ADDRESS = re.compile(
    r"\b(connect|bind|sendto|sendmsg|sendmmsg)\(.*?\bsin6?_port=htons\((\d+)\).*?"
    r'inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"'
)
_NAME_SERVICE = 53


def is_loopback(address: str) -> bool:
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def offences(trace: Iterable[str]) -> list[str]:
    """Lines that reach, or could reach, beyond this machine.

    Every address that is connected to, bound or sent to must be loopback, and every socket of the
    internet's families must have such an address. Datagram sockets without any address are let
    pass: they can send nothing (libuuid, which torch's export uses, asks the kernel through one).
    A question to a name service is an offence wherever that runs, since it passes names on.
    """
    lines = list(trace)
    found, local = [], 0
    for line in lines:
        match = _ADDRESS.search(line)
        if match is None:
            continue
        call, port, address = match[1], int(match[2]), match[3]
        if is_loopback(address) and port != _NAME_SERVICE:
            local += call in ("connect", "bind")
        else:
            found.append(line)
    opened = [line for line in lines if _OPENED.search(line)]
    return found + opened[local:]


def traced(
    command: Sequence[str],
    trace: Path,
    *,
    env: Mapping[str, str],
    cwd: Path,
    seconds: float = 600,
    quick: bool = False,
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a command under strace; what became of it, and its offences.

    ``quick`` lets the kernel pass all other calls by, for programs that may not be slow.
    """
    filtering = ["--seccomp-bpf"] if quick else []
    done = subprocess.run(
        ["strace", "-f", "-qq", *filtering, "-e", "signal=none", "-o", str(trace),
         "-e", "trace=socket,connect,bind,sendto,sendmsg,sendmmsg", *command],
        capture_output=True, text=True, check=False, env=dict(env), cwd=cwd, timeout=seconds,
    )  # fmt: skip
    return done, offences(trace.read_text(encoding="utf-8", errors="replace").splitlines())
