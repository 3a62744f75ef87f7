"""What all tests need of the process that runs them."""

from __future__ import annotations

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
