"""What all tests need of the process that runs them."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# No test is timed: on a busy machine any example may be slow.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell without job control starts background jobs with Ctrl-C ignored, and nohup with hangups
# ignored; children inherit that, and the tests of interrupted runs need the signals.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Nor has a test the settings of whoever runs it.
os.environ["LINGULA_CONFIG"] = ""
for _name in [name for name in os.environ if name.startswith("LINGULA_")]:
    if _name.removeprefix("LINGULA_") in ("LABELER", "SCHEMA", "WORKERS", "DEVICE", "QUIET"):
        del os.environ[_name]
