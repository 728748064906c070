"""Local time of a named zone, and whether a moment lies in office hours.

Knows zones (the tz database, daylight saving included), working days, opening and closing times.
Does not know holidays (a lookup of their own), whose hours they are, or what happened then.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slack_audit_monitor.cells import shown

_CLOCK = re.compile(r"^([01]?\d|2[0-4]):([0-5]\d)$")
_DAYS = re.compile(r"[1-7](?:\s*-\s*[1-7])?")
_DAYS_SHAPE = re.compile(r"^\s*[1-7](?:\s*-\s*[1-7])?(?:[\s,;]*[1-7](?:\s*-\s*[1-7])?)*\s*$")


class LocalTime(NamedTuple):
    """What the lookup answers; all texts, "" when the question was empty.

    local_date       YYYY-MM-DD, the key of the holiday list
    local_time       "Mon 2026-03-30 18:30 CEST", for people
    in_office_hours  "yes", "no", or "unknown: <why>" when the site's row cannot be read
    """

    local_date: str
    local_time: str
    in_office_hours: str


def parse_days(text: str) -> frozenset[int]:
    """Read working days, Monday = 1 to Sunday = 7: `1-5`, `1,2,3,4,7`, `7-4` (Sunday to Thursday).

    Raises:
        ValueError: names what was found and what is allowed.
    """
    if not _DAYS_SHAPE.match(text):
        raise ValueError(f"days {shown(text)}: use numbers 1 (Monday) to 7 (Sunday), as 1-5 or 7,1,2,3,4")
    days = set()
    for part in _DAYS.findall(text):
        first, _, last = part.replace(" ", "").partition("-")
        day = int(first)
        days.add(day)
        while last and day != int(last):
            day = day % 7 + 1
            days.add(day)
    return frozenset(days)


def parse_clock(text: str) -> int:
    """Read `HH:MM` (00:00 to 24:00) as minutes after midnight.

    Raises:
        ValueError: names what was found and what is allowed.
    """
    match = _CLOCK.match(text.strip())
    minutes = int(match.group(1)) * 60 + int(match.group(2)) if match else -1
    if not 0 <= minutes <= 24 * 60:
        raise ValueError(f"time {shown(text)}: use HH:MM from 00:00 to 24:00")
    return minutes


class OfficeTime:
    """Answers questions about local time; keeps the zones it has loaded."""

    def __init__(self) -> None:
        self._zones: dict[str, tzinfo | None] = {}

    def look_up(self, epoch: str, zone: str, days: str, start: str, end: str) -> LocalTime:
        """Say what `epoch` (seconds, UTC) was in `zone` and whether the office was open.

        The opening minute counts as open, the closing minute as closed. `start` after `end` means
        hours that run over midnight; they belong to the day on which they begin.
        """
        try:
            moment = datetime.fromtimestamp(float(epoch), timezone.utc)
        except (ValueError, OverflowError, OSError):
            return LocalTime("", "", "")
        place = self._zone(zone.strip())
        if place is None:
            utc = moment.strftime("%a %Y-%m-%d %H:%M UTC")
            return LocalTime(moment.strftime("%Y-%m-%d"), utc, f"unknown: no time zone is called {shown(zone)}")
        local = moment.astimezone(place)
        try:
            is_open = _is_open(local, parse_days(days), parse_clock(start), parse_clock(end))
            verdict = "yes" if is_open else "no"
        except ValueError as error:
            verdict = f"unknown: {error}"
        return LocalTime(local.strftime("%Y-%m-%d"), local.strftime("%a %Y-%m-%d %H:%M %Z"), verdict)

    def _zone(self, name: str) -> tzinfo | None:
        if name not in self._zones:
            try:
                self._zones[name] = ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                self._zones[name] = None
        return self._zones[name]


def _is_open(local: datetime, days: frozenset[int], start: int, end: int) -> bool:
    minute = local.hour * 60 + local.minute
    today = local.isoweekday()
    if start <= end:
        return today in days and start <= minute < end
    yesterday = (today - 2) % 7 + 1
    return (today in days and minute >= start) or (yesterday in days and minute < end)
