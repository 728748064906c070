"""Cron lines as Splunk reads them: five fields, no names, in a named time zone.

Knows when a schedule is due, nothing of what runs then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

_FIELDS = re.compile(r"[0-9*,/\-]+")


class CronError(ValueError):
    """A line that is no schedule; the message quotes it."""


def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name. Raises CronError."""
    if name.upper() == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(
            f"time zone {name!r} is unknown; an IANA name such as UTC or Europe/Berlin is expected"
        ) from None


class CronSchedule:
    """One cron line in one zone."""

    def __init__(self, line: str, zone: tzinfo = timezone.utc) -> None:
        fields = line.split()
        if len(fields) != 5 or not all(_FIELDS.fullmatch(field) for field in fields):
            raise CronError(
                f"cron line {line!r}: five fields of digits and * , - / are expected "
                "(minute, hour, day of month, month, day of week)"
            )
        if not croniter.is_valid(line):
            raise CronError(f"cron line {line!r}: a field is out of its range")
        self.line = line
        self.zone = zone
        # Most schedules repeat each hour; without a change of offset these need no calendar.
        self._minutes = (
            sorted(croniter.expand(line)[0][0]) if fields[1:] == ["*"] * 4 and zone is timezone.utc else None
        )

    def period_seconds(self, start: float = 0) -> int:
        """Seconds between the first two due times at or after `start`."""
        due = self.from_(start)
        return -next(due) + next(due)

    def from_(self, start: float) -> Iterator[int]:
        """All due times at or after `start` (epoch seconds), in order, without end."""
        if self._minutes is not None:
            yield from self._each_hour(_ceil_minute(start))
            return
        # croniter answers strictly after its start.
        base = datetime.fromtimestamp(_ceil_minute(start) - 1, self.zone)
        due = croniter(self.line, base, ret_type=float)
        last = -1
        while True:
            at = int(due.get_next(float))
            if at > last:  # an hour that a zone repeats must not run twice at one instant
                last = at
                yield at

    def _each_hour(self, start: int) -> Iterator[int]:
        assert self._minutes is not None  # noqa: S101 - the caller looked
        minutes = range(60) if self._minutes == ["*"] else self._minutes
        hour = start // 3600 * 3600
        while True:
            for minute in minutes:
                if hour + 60 * minute >= start:
                    yield hour + 60 * minute
            hour += 3600

    def next_after(self, instant: float) -> int:
        """The first due time after `instant`."""
        return next(self.from_(int(instant // 60) * 60 + 60))


def _ceil_minute(instant: float) -> int:
    """The first full minute at or after `instant`."""
    return -int(-instant // 60) * 60
