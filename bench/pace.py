"""A clock that runs faster than the real one and can be jumped forward, shared by simulator and input.

The input is a process of its own that looks at its machine's clock, waits for its call budget and for
Slack's Retry-After. At a pace of 20 an hour of that takes three minutes, with every second of it still kept.
"""

from __future__ import annotations

import json
import time

#: The variable through which `paced_input` learns the time.
VARIABLE = "BENCH_CLOCK"


class Pace:
    """Invented time: `factor` seconds for each real one, from `at` on.

    Args:
        at: epoch seconds to show now.
        factor: how much faster than the real clock.
    """

    def __init__(self, at: float, factor: float = 1.0) -> None:
        self.factor = factor
        self._shown, self._since = at, time.time()

    def now(self) -> float:
        """Return the invented time, epoch seconds."""
        return self._shown + (time.time() - self._since) * self.factor

    def jump(self, seconds: float) -> None:
        """Let so many invented seconds be over at once."""
        self._shown += max(0.0, seconds)

    def variable(self, skew: float = 0.0) -> str:
        """Return the text that makes a process show this time, `skew` seconds ahead of it."""
        return json.dumps([self._shown + skew, self._since, self.factor])


def apply(variable: str) -> None:
    """Make this process's `time.time` and `time.sleep` follow the invented time."""
    shown, since, factor = json.loads(variable)
    real_time, real_sleep = time.time, time.sleep
    time.time = lambda: shown + (real_time() - since) * factor
    time.sleep = lambda seconds: real_sleep(seconds / factor)
