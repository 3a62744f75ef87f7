"""Call one of Lingula's commands over and over in one process, for so many seconds.

python repeat.py SECONDS COMMAND ARGUMENT ...: a telemetry client sends on a timer of its own, so
that a short run says nothing of it.
"""

from __future__ import annotations

import sys
import time

from lingula.cli import cli
from lingula.network import silence

until = time.monotonic() + float(sys.argv[1])
silence()  # as the command's own entry point does first
while True:
    cli.main(sys.argv[2:], standalone_mode=False)
    if time.monotonic() >= until:
        break
    time.sleep(0.5)
