"""Time modifiers (`-1d@d+9h`, `now`, `@w1`), spans (`5m`) and time zones.

Offsets and snaps apply from left to right. Seconds, minutes and hours are lengths of real time;
days and longer keep the local clock, so that -1d over a change of daylight saving time is 23 or
25 hours. Snapping goes back, in local time. (SR: Time modifiers; SM: Specify time modifiers.)
"""
from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Callable, Union
from zoneinfo import ZoneInfo

from .errors import NOWHERE, Place

_UNITS: dict[str, tuple[str, ...]] = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"),
    "mon": ("mon", "month", "months"),
    "q": ("q", "qtr", "qtrs", "quarter", "quarters"),
    "y": ("y", "yr", "yrs", "year", "years"),
}
_UNIT = {spelling: unit for unit, spellings in _UNITS.items() for spelling in spellings}
_SUBSECOND = {"us": 1e-6, "ms": 1e-3, "cs": 1e-2, "ds": 1e-1}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MONTHS = {"mon": 1, "q": 3, "y": 12}
_STEP = re.compile(r"([+-])(\d*)([A-Za-z]+)|@([A-Za-z]+)([0-7]?)")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]*)")
_EPOCH = re.compile(r"\d+(?:\.\d+)?")
_ABSOLUTE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?::(\d{1,2}):(\d{1,2}):(\d{1,2}))?")

Moment = Union[int, float]
Shift = Callable[[Moment, tzinfo], Moment]


@functools.lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """Return the time zone of this IANA name; ValueError with a sentence for an unknown one."""
    if name.upper() in ("UTC", "GMT", "Z"):
        return timezone.utc
    try:
        return ZoneInfo(name)
    except Exception as error:  # noqa: BLE001 - zoneinfo raises KeyError, ValueError, OSError and IsADirectoryError
        raise ValueError(f'"{name}" is no time zone that this machine knows; '
                         "use a name such as UTC or Europe/Berlin.") from error


def local(moment: Moment, zone: tzinfo) -> datetime:
    """Return the wall clock at an epoch second; OverflowError or ValueError far outside of years 1-9999."""
    whole = math.floor(moment)
    if zone is timezone.utc:
        return _EPOCH_START + timedelta(seconds=whole)
    return datetime.fromtimestamp(whole, zone)


_EPOCH_START = datetime(1970, 1, 1, tzinfo=timezone.utc)


def epoch(clock: datetime) -> int:
    """Return the epoch second of a wall clock; one that daylight saving time skips moves forward."""
    return int((clock.replace(tzinfo=clock.tzinfo, fold=0) - _EPOCH_START).total_seconds()) if (
        clock.tzinfo is timezone.utc) else int(clock.timestamp())


def offset_seconds(moment: Moment, zone: tzinfo) -> int:
    """Seconds east of UTC that hold in this zone at this moment."""
    if zone is timezone.utc:
        return 0
    offset = local(moment, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


@dataclass(frozen=True)
class TimeModifier:
    """A parsed modifier; `resolve` applies it.

    Attributes:
        text: as written.
        fixed: the epoch second of an absolute time, None for one that counts from now.
        steps: the offsets and snaps of a relative one.
    """

    text: str
    fixed: Moment | None
    steps: tuple[Shift, ...] = field(default=(), compare=False, repr=False)
    wall: tuple[int, int, int, int, int, int] | None = None

    def resolve(self, now: Moment, zone: tzinfo) -> Moment:
        """Return the epoch second that is meant."""
        if self.fixed is not None:
            return self.fixed
        if self.wall is not None:
            return epoch(datetime(*self.wall, tzinfo=zone))
        moment = now
        for step in self.steps:
            moment = step(moment, zone)
        return moment


@functools.lru_cache(maxsize=1024)
def _parse(written: str) -> TimeModifier | str:
    """Parse a modifier; a text is the reason why it is none."""
    stripped = written.strip()
    folded = stripped.lower()
    if folded in ("now", "now()"):
        return TimeModifier(written, None)
    if _EPOCH.fullmatch(stripped):
        return TimeModifier(written, float(stripped) if "." in stripped else int(stripped))
    if folded.startswith("rt"):
        return "real-time windows are not known here"
    absolute = _ABSOLUTE.fullmatch(stripped)
    if absolute:
        month, day, year, hour, minute, second = (int(part or 0) for part in absolute.groups())
        try:
            datetime(year, month, day, hour, minute, second)
        except ValueError as error:
            return str(error)
        return TimeModifier(written, None, (), (year, month, day, hour, minute, second))
    if folded.startswith("now"):
        stripped = stripped[5:] if folded.startswith("now()") else stripped[3:]
    steps: list[Shift] = []
    position = 0
    while position < len(stripped):
        found = _STEP.match(stripped, position)
        if not found:
            return f'"{stripped[position:]}" is neither an offset such as -15m nor a snap such as @d'
        sign, count, unit, snap, weekday = found.groups()
        name = _unit(unit or snap)
        if name is None and snap is None and unit in _SUBSECOND:
            steps.append(_subsecond(int(sign + (count or "1")) * _SUBSECOND[unit]))
        elif name is None:
            return f'"{unit or snap}" is no unit of time; known: s, m, h, d, w, mon, q, y'
        elif snap is None:
            if len(count) > 9:
                return f"{count} is too large an offset"
            steps.append(_offset(int(sign + (count or "1")), name))
        elif weekday and name != "w":
            return f'"@{snap}{weekday}" is no snap; only @w takes a day of the week'
        else:
            steps.append(_snap(name, int(weekday or 0) % 7))
        position = found.end()
    if not steps:
        return "nothing stands here"
    return TimeModifier(written, None, tuple(steps))


def _unit(spelling: str) -> str | None:
    if spelling == "M":  # minutes or months? Splunk writes m and mon
        return None
    return _UNIT.get(spelling) or _UNIT.get(spelling.lower())


def parse_modifier(written: str, place: Place = NOWHERE) -> TimeModifier:
    """Parse a time modifier.

    Raises:
        SplError: it is none; points at `place`.
    """
    found = _parse(written)
    if isinstance(found, str):
        raise place.error(f'"{written}" is no time modifier: {found}.')
    return found


def resolve(written: str | int | float, now: Moment, zone: tzinfo, place: Place = NOWHERE) -> Moment:
    """Return the epoch second of a time modifier or of an epoch number."""
    if not isinstance(written, str):
        return written
    if written == "now":
        return now
    found = _parse(written)
    # Schedules ask this many thousand times: what can be wrong is looked into only when it is.
    return (parse_modifier(written, place) if isinstance(found, str) else found).resolve(now, zone)


def _subsecond(seconds: float) -> Shift:
    return lambda moment, zone: round(moment + seconds, 6)


def _offset(count: int, unit: str) -> Shift:
    if unit in ("s", "m", "h"):
        seconds = count * _SECONDS[unit]
        return lambda moment, zone: moment + seconds
    if unit in ("d", "w"):
        days = count * (1 if unit == "d" else 7)
        return functools.partial(_calendar_days, days)
    months = count * _MONTHS[unit]
    return lambda moment, zone: _calendar_months(moment, zone, months)


def _calendar_days(days: int, moment: Moment, zone: tzinfo) -> Moment:
    if zone is timezone.utc:
        return moment + 86400 * days
    clock = local(moment, zone)
    fraction = moment - math.floor(moment)
    return epoch((clock.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=zone)) + fraction


def _calendar_months(moment: Moment, zone: tzinfo, months: int) -> Moment:
    """Keep day and clock; the 31st of a shorter month is its last day."""
    clock = local(moment, zone)
    fraction = moment - math.floor(moment)
    year, month = divmod(clock.year * 12 + clock.month - 1 + months, 12)
    last = (datetime(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return epoch(clock.replace(year=year, month=month + 1, day=min(clock.day, last), fold=0)) + fraction


def _snap(unit: str, weekday: int) -> Shift:
    if unit in ("s", "m", "h"):
        return functools.partial(_snap_short, _SECONDS[unit])
    return functools.partial(snap_long, unit, weekday)


def _snap_short(seconds: int, moment: Moment, zone: tzinfo) -> Moment:
    if zone is timezone.utc:
        return math.floor(moment) // seconds * seconds
    shift = offset_seconds(moment, zone)
    return (math.floor(moment) + shift) // seconds * seconds - shift


def snap_long(unit: str, weekday: int, moment: Moment, zone: tzinfo) -> Moment:
    """Go back to the start of the local day, week (0 = Sunday), month, quarter or year."""
    if unit == "d" and zone is timezone.utc:
        return math.floor(moment) // 86400 * 86400
    day = local(moment, zone).replace(hour=0, minute=0, second=0, fold=0)
    if unit == "w":
        back = (day.isoweekday() - weekday) % 7
        day = (day.replace(tzinfo=None) - timedelta(days=back)).replace(tzinfo=zone)
    elif unit == "mon":
        day = day.replace(day=1)
    elif unit == "q":
        day = day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
    elif unit == "y":
        day = day.replace(day=1, month=1)
    return epoch(day)


@dataclass(frozen=True)
class Span:
    """A length such as 5m.

    Attributes:
        count: how many of `unit`.
        unit: s, m, h, d, w, mon, q, y, us, ms, cs, ds, or "" for a plain number.
    """

    count: float
    unit: str

    @property
    def seconds(self) -> float | None:
        """Length in seconds; None for months and longer (their length varies) and for plain numbers."""
        if self.unit in _SUBSECOND:
            return self.count * _SUBSECOND[self.unit]
        return self.count * _SECONDS[self.unit] if self.unit in _SECONDS else None

    @property
    def months(self) -> int | None:
        return int(self.count) * _MONTHS[self.unit] if self.unit in _MONTHS else None


def parse_span(written: str) -> Span | None:
    """Parse `1h`, `15min`, `500ms` or a plain number; None for anything else or a count of zero."""
    found = _SPAN.fullmatch(written.strip())
    if not found:
        if written.strip() and _unit(written.strip()):
            return Span(1, str(_unit(written.strip())))
        return None
    count = float(found.group(1)) if "." in found.group(1) else int(found.group(1))
    spelling = found.group(2)
    unit = spelling if spelling in _SUBSECOND else _unit(spelling) if spelling else ""
    if unit is None or count <= 0 or len(found.group(1)) > 12:
        return None
    return Span(count, unit)
