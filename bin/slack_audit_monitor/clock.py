"""Time as the collector sees it: this machine's clock, Slack's clock, waiting, and being asked to stop.

Slack refuses (or answers wrongly for) a `latest` in its future, and this machine's clock may be minutes off
in either direction. Every HTTP answer carries Slack's time in its `Date` header, so Slack's clock is known
from there.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

from slack_audit_monitor.errors import Stopped


class StopRequest:
    """Whether splunkd asked this process to end.

    SIGTERM interrupts only what may be interrupted: waiting and the network. A batch of events on its way to
    stdout and its checkpoint always belong together.
    """

    def __init__(self) -> None:
        self.requested = False
        self._may_interrupt = False

    def listen(self) -> None:
        """Take over SIGTERM and SIGINT of this process."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.requested = True
        if self._may_interrupt:
            self._may_interrupt = False  # once is enough: the clean-up must not be interrupted again
            raise Stopped("Asked to stop.")

    def check(self) -> None:
        """Raise Stopped if a stop was requested."""
        if self.requested:
            raise Stopped("Asked to stop.")

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a stop request break off the body of this block at once."""
        self._may_interrupt = True
        try:
            self.check()
            yield
        finally:
            self._may_interrupt = False


class Clock:
    """This machine's time, Slack's time, and sleep.

    Attributes:
        skew_seconds: Slack's clock minus ours; None until an answer of Slack told. Never later than the
            truth: the Date
            header is cut to whole seconds and has travelled.
    """

    def __init__(self, stop: StopRequest, skew_seconds: float | None = None) -> None:
        self._stop = stop
        self.skew_seconds = skew_seconds
        self.waited_seconds = 0.0

    def now(self) -> float:
        """Return this machine's time, epoch seconds."""
        return time.time()

    def slack_now(self) -> float:
        """Return Slack's time as far as known, epoch seconds."""
        return self.now() + (self.skew_seconds or 0.0)

    def learn(self, date_header: str | None) -> float | None:
        """Take Slack's time from a Date header; return it, or None when the header is missing or unreadable."""
        if not date_header:
            return None
        try:
            slack_time = parsedate_to_datetime(date_header).timestamp()
        except (TypeError, ValueError, IndexError, OverflowError):
            return None
        self.skew_seconds = slack_time - self.now()
        return slack_time

    def sleep(self, seconds: float) -> None:
        """Wait; a stop request ends the wait with Stopped."""
        if seconds <= 0:
            return
        self.waited_seconds += seconds
        with self._stop.interruptible():
            time.sleep(seconds)
