"""Which versions of ONNX Runtime open internet sockets, and what stops them.

Each version is installed into a folder of its own and runs a model for a while under strace
(Debian's package), which counts the sockets. Only addresses that the package itself chooses are
asked for; no report is read.

    python benchmarks/onnxruntime_telemetry.py 1.32.0 1.25.1 1.24.4 --seconds 45
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MODEL = Path(__file__).parent.parent / "src" / "lingula" / "builtin" / "model" / "model.int8.onnx"

#: Version prefixes that need numpy 1.
OLD = ("1.17.", "1.18.")

PROGRAM = """
import sys, time
import numpy, onnxruntime
if sys.argv[3] == "api":
    onnxruntime.disable_telemetry_events()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
inputs = {item.name: numpy.ones((2, 16), numpy.int64) for item in session.get_inputs()}
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    session.run(None, inputs)
    time.sleep(0.2)
"""

#: How each trial tries to stop it: name, environment variables.
WAYS: dict[str, dict[str, str]] = {
    "nothing": {},
    "api": {},
    "DO_NOT_TRACK": {"DO_NOT_TRACK": "1"},
    "ORT_DISABLE_TELEMETRY": {"ORT_DISABLE_TELEMETRY": "1"},
}


def install(version: str, folder: Path) -> None:
    """The version and what it needs, in a folder."""
    wanted = [f"onnxruntime=={version}", *(["numpy<2"] if version.startswith(OLD) else [])]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *wanted],
        check=True,
    )


def sockets(folder: Path, way: str, seconds: float) -> int:
    """How many calls of socket and connect name the internet."""
    hidden = {"ORT_DISABLE_TELEMETRY", "DO_NOT_TRACK"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"PYTHONPATH": str(folder), **WAYS[way]}
    trace = folder / f"{way}.trace"
    subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=socket,connect", "-e", "signal=none", "-o", str(trace),
         sys.executable, "-c", PROGRAM, str(MODEL), str(seconds), way],
        check=True,
        env=environment,
    )  # fmt: skip
    return sum("AF_INET" in line for line in trace.read_text(encoding="utf-8").splitlines())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("versions", nargs="+")
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=["nothing"])
    arguments = parser.parse_args()
    for version in arguments.versions:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            install(version, folder)
            found = {way: sockets(folder, way, arguments.seconds) for way in arguments.ways}
        print(version, *(f"{way}: {count}" for way, count in found.items()), sep="  ", flush=True)


if __name__ == "__main__":
    main()
