"""How often one caller may ask: a bucket of tokens each, refilled at a steady rate."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from lingula.web import Problem


@dataclass(frozen=True)
class Rate:
    """So many requests at once, and so many a second after that."""

    burst: int
    per_second: float


#: A reader's page sends one request at a time, each a few milliseconds at the least.
SIGNED_IN = Rate(400, 200.0)
#: Entering, and whatever is asked without a session.
STRANGERS = Rate(60, 1.0)
#: Callers that are remembered; the ones that asked longest ago are forgotten first.
_MOST = 10_000


class Buckets:
    """Buckets by caller, for any thread.

    Args:
        rate: Of each of them.
        clock: Seconds that only grow.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request.

        Raises:
            Problem: 429, with Retry-After in whole seconds.
        """
        now = self._clock()
        with self._lock:
            left, since = self._held.pop(caller, (float(self._rate.burst), now))
            left = min(self._rate.burst, left + (now - since) * self._rate.per_second)
            self._held[caller] = (max(0.0, left - 1), now)
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
        if left < 1:
            wait = math.ceil((1 - left) / self._rate.per_second)
            raise Problem(
                429, "too_many_requests", "too many requests; come again soon",
                {"Retry-After": str(wait)},
            )  # fmt: skip
