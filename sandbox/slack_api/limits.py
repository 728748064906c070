"""Slack's rate limit for this API: tier 3, about 50 calls a minute for the organisation as a whole."""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import Callable


class RateLimit:
    """At most `per_minute` + `burst` calls in any 60 seconds.

    Args:
        elapsed: seconds that pass; only differences matter.
        per_minute: None switches the limit off.
        burst: calls above it that Slack still tolerates.
    """

    def __init__(self, elapsed: Callable[[], float], per_minute: int | None = 50, burst: int = 10) -> None:
        self.per_minute = per_minute
        self.burst = burst
        self._elapsed = elapsed
        self._calls: deque[float] = deque()
        self._blocked_until = -math.inf
        self._lock = threading.Lock()

    def take(self) -> int:
        """Count one call. 0: it may pass; else the whole seconds to put into `Retry-After`."""
        with self._lock:
            now = self._elapsed()
            while self._calls and self._calls[0] <= now - 60:
                self._calls.popleft()
            if self.per_minute is None or len(self._calls) < self.per_minute + self.burst:
                self._calls.append(now)
                return 0
            wait_seconds = max(1, math.ceil(self._calls[0] + 60 - now))
            self._block(now, wait_seconds)
            return wait_seconds

    def block(self, seconds: float) -> None:
        """Remember that a `Retry-After` of `seconds` was sent now."""
        with self._lock:
            self._block(self._elapsed(), seconds)

    @property
    def is_blocked(self) -> bool:
        """True inside the last `Retry-After`: a polite client does not call now."""
        with self._lock:
            return self._elapsed() < self._blocked_until

    def _block(self, now: float, seconds: float) -> None:
        self._blocked_until = max(self._blocked_until, now + seconds)
