"""The signals that ask a program to end, answered as Ctrl-C is: in order, and with kept work."""

from __future__ import annotations

import signal
from types import FrameType

#: What a service manager, a batch system and a terminal that closes send; not all systems have all.
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Ending:
    """Turns those signals into KeyboardInterrupt within its ``with``, and remembers which came.

    Attributes:
        signal: The number of the signal that came; SIGINT's if none of them did.
    """

    def __init__(self) -> None:
        self.signal: int = signal.SIGINT
        self._taken: list[int] = []

    def __enter__(self) -> Ending:
        for number in _ENDING:
            # nohup ignores SIGHUP, and that is to stay; so are a caller's own handlers.
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._end)
                self._taken.append(number)
        return self

    def __exit__(self, *_: object) -> None:
        for number in self._taken:
            signal.signal(number, signal.SIG_DFL)

    @property
    def status(self) -> int:
        """The exit status that shells know: 128 and the signal's number."""
        return 128 + self.signal

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        # Once is enough: a second must not cut the cleaning up short.
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt
