"""How long to wait and when to give up: the call budget, Slack's Retry-After, and back-off.

Pure arithmetic over times that are passed in; `client` does the waiting. The budget and the end of a
Retry-After outlive the process (see `checkpoint`), because splunkd starts a new process for each poll.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

MINUTE_SECONDS = 60.0
#: After a 429 without a readable Retry-After.
DEFAULT_RATE_WAIT_SECONDS = 30.0
#: No rate limit of Slack's is longer than a day; a larger number is a mistake that must not silence us for
#: ever.
LONGEST_RATE_WAIT_SECONDS = 86_400.0


class Budget:
    """At most `calls_per_minute` calls in any 60 seconds, and none before `not_before`.

    Args:
        calls: epoch seconds of calls made already, by earlier processes too.
        not_before: epoch second at which a Retry-After ends.
    """

    def __init__(self, calls_per_minute: int, calls: Iterable[float] = (), not_before: float = 0.0) -> None:
        self._most = calls_per_minute
        self._calls: list[float] = sorted(calls)
        self.not_before = not_before

    def wait_seconds(self, now: float) -> float:
        """Return how long the next call has to wait; 0 when it may go at once."""
        self._forget(now)
        wait = self.not_before - now
        if len(self._calls) >= self._most:
            wait = max(wait, self._calls[-self._most] + MINUTE_SECONDS - now)
        return max(0.0, wait)

    def spend(self, now: float) -> None:
        """Record a call made at `now`."""
        self._calls.append(now)

    def hold(self, now: float, seconds: float | None) -> float:
        """Record Slack's wish for silence from `now` on; return the seconds it means."""
        wait = DEFAULT_RATE_WAIT_SECONDS if seconds is None else min(max(seconds, 0.0), LONGEST_RATE_WAIT_SECONDS)
        self.not_before = max(self.not_before, now + wait)
        return wait

    def recent(self, now: float) -> list[float]:
        """Return the calls that still count at `now`."""
        self._forget(now)
        return list(self._calls)

    def _forget(self, now: float) -> None:
        # A call "in the future" means that this machine's clock was set back: it must not block us.
        self._calls = [at for at in self._calls if now - MINUTE_SECONDS < at <= now + 1]
        if self.not_before > now + LONGEST_RATE_WAIT_SECONDS:
            self.not_before = now + DEFAULT_RATE_WAIT_SECONDS


class Backoff:
    """Waits between attempts at one call that failed without Slack saying how long to wait.

    Doubles from one second up to `longest_seconds`, each wait drawn from its upper half, so that many
    collectors that lost Slack together do not return together.
    """

    def __init__(self, attempts: int = 5, longest_seconds: float = 30.0, rng: random.Random | None = None) -> None:
        self._attempts = attempts
        self._longest = longest_seconds
        self._rng = rng or random.Random()  # noqa: S311 - spreading load, not secrecy
        self.failures = 0

    def next_wait(self) -> float | None:
        """Count one more failure; return the seconds to wait, or None when it is time to give up."""
        self.failures += 1
        if self.failures >= self._attempts:
            return None
        ceiling = min(self._longest, 2.0 ** (self.failures - 1))
        return ceiling * (0.5 + self._rng.random() / 2)
