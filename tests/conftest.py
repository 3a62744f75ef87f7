"""What all tests need of the process that runs them."""

from __future__ import annotations

import signal

# A shell without job control starts background jobs with Ctrl-C ignored, and children inherit it;
# the tests of interrupted runs need the signal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
