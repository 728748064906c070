"""When an event would have reached the index: its own time and the delay of polling.

A collector that polls once a minute writes an entry up to a minute after it happened. The
delay is drawn from the event's text, so that one event arrives at one time in every run.
`WorldClock` is the time of a stand-in that first takes in a past, then lives through it.
"""

from __future__ import annotations

import math
import time
import zlib

POLL_SECONDS = 60


def delay_of(raw: str, most: int) -> int:
    """Whole seconds from 1 to `most`, the same for the same text."""
    return 1 + zlib.crc32(raw.encode("utf-8", "surrogatepass")) % most


def polled(event_time: float, raw: str, most: int = POLL_SECONDS) -> float:
    """The index time of an event that a poll each minute brought in."""
    return float(math.floor(event_time) + delay_of(raw, most))


class WorldClock:
    """The time of one stand-in, and when its events arrive.

    At first it is the machine's time, and events are those of a past: each arrives as a poll would
    have brought it. From `stand_at` on what comes in arrives when the clock says.
    """

    def __init__(self, offset: float = 0.0, *, most_delay: int | None = None) -> None:
        self.offset = offset  # seconds behind the machine's clock
        self._most_delay = most_delay  # of a poll; None: events arrive when they come
        self._stands_at: float | None = None

    def __call__(self) -> float:
        return time.time() - self.offset if self._stands_at is None else self._stands_at

    def stand_at(self, moment: float) -> None:
        """The simulation is at this moment."""
        self._stands_at = moment
        self._most_delay = None

    def go_on_from(self, moment: float) -> None:
        """Live on from this moment, as fast as the machine's clock."""
        self.stand_at(moment)
        self.offset = time.time() - moment
        self._stands_at = None

    def arrival(self, event_time: float, raw: str) -> float:
        """The index time of an event that comes in now."""
        return self() if self._most_delay is None else polled(event_time, raw, self._most_delay)
