"""The simulator's own clock.

Knows what time Slack thinks it is: the real time, a real time that runs ahead or behind (skew), or a time
that stands still until it is moved. Everything that Slack decides by time (what is visible, when a token or a
cursor expires, the `Date` header) asks this clock and no other.
"""

from __future__ import annotations

import threading
import time
from typing import Callable


class Clock:
    """Unix seconds as Slack sees them.

    Args:
        at: the time to show now; None means the real time.
        running: False makes the clock stand still until `set` or `advance`.
        skew: seconds added to what is shown; negative means that Slack's clock is behind.
        real: where real seconds come from; only tests pass another.
    """

    def __init__(
        self,
        at: float | None = None,
        *,
        running: bool = True,
        skew: float = 0.0,
        real: Callable[[], float] = time.time,
    ) -> None:
        self._lock = threading.Lock()
        self._real = real
        self._running = running
        self.skew = skew
        self._shown = real() if at is None else float(at)
        self._since = real()
        self._jumped = 0.0

    @classmethod
    def fixed(cls, at: float, *, skew: float = 0.0) -> Clock:
        """A clock that stands at `at` until it is moved."""
        return cls(at, running=False, skew=skew)

    def now(self) -> float:
        """Unix seconds, with fractions and skew."""
        with self._lock:
            return self._unskewed() + self.skew

    def elapsed(self) -> float:
        """Seconds that have passed for rate limits.

        A clock that stands still would never refill a rate limit, so this one always runs, and jumps with
        `advance` and a forward `set`.
        """
        with self._lock:
            return self._real() + self._jumped

    def set(self, at: float) -> None:
        """Show `at` from now on."""
        with self._lock:
            self._jumped += max(0.0, float(at) - self._unskewed())
            self._shown, self._since = float(at), self._real()

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`.

        Raises:
            ValueError: for a negative number; use `set` to go back.
        """
        if seconds < 0:
            raise ValueError(f"advance() moves forward only, got {seconds}; use set() to go back")
        with self._lock:
            self._shown += seconds
            self._jumped += seconds

    def _unskewed(self) -> float:
        return self._shown + (self._real() - self._since if self._running else 0.0)
