"""Finds out which time ranges Slack accepts, where it refuses one (`invalid_range`) and does not say which end."""

from __future__ import annotations

from slack_audit_monitor.caller import Caller
from slack_audit_monitor.errors import RangeRefused


def accepts(caller: Caller, oldest: int, latest: int) -> bool:
    """Ask for one entry of a range, epoch seconds, both ends included.

    Raises:
        RateLimited, RetryableError, FatalError: as any call.
    """
    try:
        caller.probe(oldest, latest)
    except RangeRefused:
        return False
    return True


def oldest_accepted(caller: Caller, refused: int, latest: int) -> int:
    """Return the first second that Slack accepts as `oldest`, by halving the span.

    Args:
        refused: a second that it does not accept.

    Raises:
        the same as `accepts`.
    """
    low, high = refused, latest - 1
    while high - low > 1:
        middle = (low + high) // 2
        if accepts(caller, middle, latest):
            high = middle
        else:
            low = middle
    return high
