"""Days, local times, holidays: when an office is awake."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

DAY_SECONDS = 86_400
DEFAULT_START = "2026-03-09T00:00:00Z"

# Only the days that the default period and its neighbours touch.
COMPANY_HOLIDAYS: dict[date, str] = {date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Easter Monday"}
SITE_HOLIDAYS: dict[tuple[date, str], str] = {
    (date(2026, 3, 19), "Bangalore"): "Ugadi",
    (date(2026, 3, 20), "Tokyo"): "Vernal Equinox Day",
}


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


class Calendar:
    """Days of the organisation's life, numbered from 0.

    Args:
        start: ISO 8601 with a zone or `Z`; the first instant.
        days: how many days there are.

    Raises:
        ValueError: `start` cannot be read, has no zone, or `days` is not positive.
    """

    def __init__(self, start: str, days: int) -> None:
        try:
            begin = datetime.fromisoformat(start.replace("Z", "+00:00"))
        except ValueError:
            raise ValueError(f"start must be ISO 8601 like {DEFAULT_START}, not {start!r}") from None
        if begin.tzinfo is None:
            raise ValueError(f"start needs a time zone, as in {DEFAULT_START}; got {start!r}")
        if days < 1:
            raise ValueError(f"days must be 1 or more, not {days}")
        self.days = days
        self.begin = int(begin.timestamp())
        self.end = self.begin + days * DAY_SECONDS
        self.first = begin.astimezone(timezone.utc).date()

    def date_of(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def at(self, day: int, seconds: float, zone_name: str) -> float:
        """Unix seconds of a local wall clock time. `seconds` after local midnight may go beyond a day."""
        return _midnight(self.date_of(day), zone_name) + seconds

    def clock(self, day: int, wall: str, zone_name: str = "UTC") -> float:
        """Unix seconds of `HH:MM` or `HH:MM:SS` on a day, exact on days with a switch, too."""
        moment = datetime.combine(self.date_of(day), time.fromisoformat(wall), tzinfo=zone(zone_name))
        return moment.timestamp()

    def clocks_go_forward(self, day: int, later_day: int, zone_name: str) -> bool:
        """Whether summer time begins between the noons of two days."""
        passed = self.clock(later_day, "12:00", zone_name) - self.clock(day, "12:00", zone_name)
        return passed < (later_day - day) * DAY_SECONDS

    def is_working_day(self, day: int, site_name: str) -> bool:
        when = self.date_of(day)
        holiday = when in COMPANY_HOLIDAYS or (when, site_name) in SITE_HOLIDAYS
        return when.weekday() < 5 and not holiday

    def first_monday(self) -> int:
        """The day on which whole weeks begin."""
        return -self.date_of(0).weekday() % 7

    def story_monday(self) -> int:
        """The Monday after two whole weeks: before it, life is quiet."""
        return self.first_monday() + 14


@cache
def _midnight(when: date, zone_name: str) -> float:
    # Counted back from noon: by then the day's switch, if it has one, is over.
    return datetime.combine(when, time(12), tzinfo=zone(zone_name)).timestamp() - DAY_SECONDS / 2
