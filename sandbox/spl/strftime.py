"""Splunk's time format variables, both ways: time to text and text to time.

(SR: Date and time format variables.) A format is prepared once; a variable that Splunk does not
list is refused with its place. Times are epoch seconds, fractions included; texts are rendered and
read in the zone given, unless the text itself names an offset.
"""
from __future__ import annotations

import functools
import math
import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from re import Match
from typing import Callable, Optional

from .errors import NOWHERE, Place
from .timemod import Moment, epoch, local

Render = Callable[[Moment, tzinfo], str]
Parse = Callable[[str, tzinfo, float], Optional[float]]

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_VARIABLE = re.compile(r"%(Ez|:{1,3}z|[369]?[NQ]|[A-Za-z+%])")
_FRACTION = re.compile(r"f|[369]?[NQ]")
# Variables that stand for several others (C locale).
_COMPOUND = {"c": "%a %b %e %H:%M:%S %Y", "+": "%a %b %e %H:%M:%S %Z %Y", "F": "%Y-%m-%d", "T": "%H:%M:%S",
             "D": "%m/%d/%y", "x": "%m/%d/%y", "X": "%H:%M:%S", "R": "%H:%M", "r": "%I:%M:%S %p", "h": "%b"}


def _offset(clock: datetime, separator: str, seconds: bool = False) -> str:
    found = clock.utcoffset() or timedelta()
    total = int(found.total_seconds())
    sign, total = ("-", -total) if total < 0 else ("+", total)
    written = f"{sign}{total // 3600:02d}{separator}{total % 3600 // 60:02d}"
    return written + (f"{separator}{total % 60:02d}" if seconds else "")


def _week(clock: datetime, first: int) -> int:
    """Number of the week in the year; weeks begin on `first` (0 = Monday, 6 = Sunday)."""
    return (clock.timetuple().tm_yday + 6 - (clock.weekday() - first) % 7) // 7


_RENDER: dict[str, Callable[[datetime], str]] = {
    "Y": lambda t: f"{t.year:04d}", "y": lambda t: f"{t.year % 100:02d}",
    "C": lambda t: f"{t.year // 100:02d}",
    "m": lambda t: f"{t.month:02d}", "d": lambda t: f"{t.day:02d}", "e": lambda t: f"{t.day:2d}",
    "B": lambda t: MONTHS[t.month - 1], "b": lambda t: MONTHS[t.month - 1][:3],
    "A": lambda t: DAYS[t.weekday()], "a": lambda t: DAYS[t.weekday()][:3],
    "w": lambda t: str(t.isoweekday() % 7), "u": lambda t: str(t.isoweekday()),
    "j": lambda t: f"{t.timetuple().tm_yday:03d}",
    "U": lambda t: f"{_week(t, 6):02d}", "W": lambda t: f"{_week(t, 0):02d}",
    "V": lambda t: f"{t.isocalendar()[1]:02d}", "G": lambda t: f"{t.isocalendar()[0]:04d}",
    "g": lambda t: f"{t.isocalendar()[0] % 100:02d}",
    "H": lambda t: f"{t.hour:02d}", "k": lambda t: f"{t.hour:2d}",
    "I": lambda t: f"{t.hour % 12 or 12:02d}", "l": lambda t: f"{t.hour % 12 or 12:2d}",
    "M": lambda t: f"{t.minute:02d}", "S": lambda t: f"{t.second:02d}",
    "p": lambda t: "AM" if t.hour < 12 else "PM",
    "z": lambda t: _offset(t, ""), ":z": lambda t: _offset(t, ":"), "::z": lambda t: _offset(t, ":", True),
    ":::z": lambda t: _offset(t, ":").replace(":00", ""),
    "Ez": lambda t: str(int((t.utcoffset() or timedelta()).total_seconds() // 60)),
    "Z": lambda t: t.tzname() or "", "n": lambda t: "\n", "t": lambda t: "\t", "%": lambda t: "%",
}
_FRACTION_DIGITS = {"f": 6, "N": 9, "Q": 3}


def _tokens(pattern: str, place: Place) -> list[tuple[str, str]]:
    """Cut a format into ("text", literal) and ("variable", name), compound variables replaced."""
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(pattern):
        percent = pattern.find("%", position)
        if percent < 0:
            found.append(("text", pattern[position:]))
            break
        if percent > position:
            found.append(("text", pattern[position:percent]))
        match = _VARIABLE.match(pattern, percent)
        name = match.group(1) if match else pattern[percent + 1: percent + 2]
        if name in _COMPOUND:
            found.extend(_tokens(_COMPOUND[name], place))
        elif match and (name in _RENDER or name == "s" or _FRACTION.fullmatch(name)):
            found.append(("variable", name))
        else:
            raise place.error(f'"%{name}" in the time format "{pattern}" is not known.')
        position = percent + 1 + len(name)
    return found


def _digits(name: str) -> int:
    return int(name[0]) if len(name) > 1 else _FRACTION_DIGITS[name]


def _fraction(moment: Moment, digits: int) -> str:
    """Digits after the point, cut off; a double near today is good for six of them."""
    micro = int(round((moment - math.floor(moment)) * 1_000_000))
    return f"{min(micro, 999_999):06d}000"[:digits]


@functools.lru_cache(maxsize=512)
def _compile_format(pattern: str) -> Render:
    pieces: list[Callable[[Moment, datetime], str]] = []
    for kind, name in _tokens(pattern, NOWHERE):
        if kind == "text":
            pieces.append(lambda moment, clock, literal=name: literal)  # type: ignore[misc]
        elif name == "s":
            pieces.append(lambda moment, clock: str(math.floor(moment)))
        elif name in _RENDER:
            pieces.append(lambda moment, clock, render=_RENDER[name]: render(clock))  # type: ignore[misc]
        else:
            digits = _digits(name)
            pieces.append(lambda moment, clock, digits=digits: _fraction(moment, digits))  # type: ignore[misc]

    def render(moment: Moment, zone: tzinfo) -> str:
        clock = local(moment, zone)
        return "".join([piece(moment, clock) for piece in pieces])

    return render


def compile_format(pattern: str, place: Place = NOWHERE) -> Render:
    """Prepare a format for rendering.

    Raises:
        SplError: it holds an unknown variable; points at `place`.
    """
    _tokens(pattern, place)
    return _compile_format(pattern)


def strftime(moment: Moment, pattern: str, zone: tzinfo = timezone.utc) -> str:
    """Render a time."""
    return compile_format(pattern)(moment, zone)


# --- reading ------------------------------------------------------------------------------


_ZONE_OFFSET = r"Z|[+-]\d{2}(?::?\d{2}){0,2}"
_READ: dict[str, str] = {
    "Y": r"\d{4}", "y": r"\d{2}", "C": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "e": r" ?\d{1,2}",
    "w": r"[0-7]", "u": r"[1-7]", "j": r"\d{1,3}", "U": r"\d{1,2}", "W": r"\d{1,2}", "V": r"\d{1,2}",
    "G": r"\d{4}", "g": r"\d{2}", "H": r"\d{1,2}", "k": r" ?\d{1,2}", "I": r"\d{1,2}", "l": r" ?\d{1,2}",
    "M": r"\d{1,2}", "S": r"\d{1,2}", "p": r"[AaPp][Mm]", "z": _ZONE_OFFSET, ":z": _ZONE_OFFSET,
    "::z": _ZONE_OFFSET, ":::z": _ZONE_OFFSET, "Ez": r"[+-]?\d{1,3}", "Z": r"[A-Za-z][A-Za-z0-9_/+-]*",
    "s": r"\d{1,12}", "n": r"\s+", "t": r"\s+", "%": "%",
    "B": "(?:" + "|".join(f"{name}|{name[:3]}" for name in MONTHS) + ")",
    "A": "(?:" + "|".join(f"{name}|{name[:3]}" for name in DAYS) + ")",
}
_READ["b"], _READ["a"] = _READ["B"], _READ["A"]
_KNOWN_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "EST": -18000, "EDT": -14400, "CST": -21600, "CDT": -18000, "MST": -25200,
    "MDT": -21600, "PST": -28800, "PDT": -25200, "CET": 3600, "CEST": 7200, "WET": 0, "WEST": 3600,
    "EET": 7200, "EEST": 10800, "BST": 3600,
}


@functools.lru_cache(maxsize=512)
def _reader(pattern: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    body: list[str] = []
    names: list[str] = []
    for kind, name in _tokens(pattern, NOWHERE):
        if kind == "text":
            body.append(re.sub(r"(?:\\?\s)+", r"\\s+", re.escape(name)))
            continue
        fraction = _FRACTION.fullmatch(name) is not None
        body.append(f"({_READ[name]})" if not fraction else r"(\d{1,9})")
        names.append("fraction" if fraction else name)
    return re.compile("".join(body), re.I | re.A), tuple(names)


def compile_parser(pattern: str, place: Place = NOWHERE) -> Parse:
    """Prepare a format for reading; the result gives None for a text that does not fit entirely.

    Raises:
        SplError: it holds an unknown variable; points at `place`.
    """
    _tokens(pattern, place)
    reader, names = _reader(pattern)

    def parse(written: str, zone: tzinfo, now: float) -> float | None:
        match = reader.fullmatch(written.strip())
        if not match:
            return None
        try:
            return _moment(dict(zip(names, _groups(match))), zone, now)
        except (ValueError, OverflowError):
            return None

    return parse


def strptime(written: str, pattern: str, zone: tzinfo = timezone.utc, now: float = 0) -> float | None:
    """Read a time; None where the text does not fit."""
    return compile_parser(pattern)(written, zone, now)


def _groups(match: Match[str]) -> tuple[str, ...]:
    return tuple(group or "" for group in match.groups())


def _moment(found: dict[str, str], zone: tzinfo, now: float) -> float:
    fraction = float("0." + found["fraction"]) if "fraction" in found else 0.0
    if "s" in found:
        return int(found["s"]) + fraction
    day = _date(found, local(now, zone).date())
    hour = int(found.get("H") or found.get("k") or 0)
    if "I" in found or "l" in found:
        hour = int(found.get("I") or found.get("l") or 0)
        if not 1 <= hour <= 12:
            raise ValueError("hour")
        hour = hour % 12 + (12 if found.get("p", "").lower() == "pm" else 0)
    elif "p" in found and found["p"].lower() == "pm" and hour < 12:
        hour += 12
    second = int(found.get("S", 0))
    leap = second == 60  # a leap second is the first one of the next minute
    used = _zone(found) or zone
    clock = datetime(day.year, day.month, day.day, hour, int(found.get("M", 0)), second - leap, tzinfo=used)
    return epoch(clock) + leap + fraction


def _date(found: dict[str, str], today: date) -> date:
    year = today.year
    if "Y" in found:
        year = int(found["Y"])
    elif "y" in found:
        short = int(found["y"])
        year = short + (1900 if short >= 69 else 2000)
    if "j" in found:
        return date(year, 1, 1) + timedelta(days=_checked(int(found["j"]), 366) - 1)
    if "V" in found and "G" in found:
        weekday = int(found.get("u") or 1)
        return date.fromisocalendar(int(found["G"]), int(found["V"]), weekday)
    month = _name_index(found, "B", "b", MONTHS) or int(found.get("m") or 0)
    day = int(found.get("d") or found.get("e") or 0)
    if not month and not day:
        return date(year, 1, 1) if "Y" in found or "y" in found else today
    return date(year, month or today.month, day or 1)


def _checked(value: int, largest: int) -> int:
    if not 1 <= value <= largest:
        raise ValueError("out of range")
    return value


def _name_index(found: dict[str, str], long: str, short: str, names: tuple[str, ...]) -> int:
    written = (found.get(long) or found.get(short) or "")[:3].lower()
    return next((index + 1 for index, name in enumerate(names) if name[:3].lower() == written), 0)


def _zone(found: dict[str, str]) -> tzinfo | None:
    for name in ("z", ":z", "::z", ":::z"):
        if name in found:
            return _offset_zone(found[name])
    if "Ez" in found:
        return timezone(timedelta(minutes=int(found["Ez"])))
    if "Z" in found:
        return _named_zone(found["Z"])
    return None


def _offset_zone(written: str) -> tzinfo:
    if written in ("Z", "z"):
        return timezone.utc
    digits = written[1:].replace(":", "") + "0000"
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:6] or 0))
    return timezone(-offset if written[0] == "-" else offset)


def _named_zone(name: str) -> tzinfo | None:
    known = _KNOWN_ZONES.get(name.upper())
    if known is not None:
        return timezone(timedelta(seconds=known))
    from .timemod import zone

    return zone(name)
