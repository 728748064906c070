"""Cutting time and numbers into equal spans, as bin, chart and timechart do.

Spans of a day and more start at the user's midnight, week, month; shorter ones count from the epoch (SR: bin).
"""

from __future__ import annotations

import math
from datetime import tzinfo
from typing import Callable

from .switches import Switches
from .timemod import Span, epoch, local, snap_long
from .values import Number, Value, number, number_text, tidy

Start = Callable[[Number], Number]
"""Start of the bucket in which a moment lies."""

DAY_SECONDS = 86400
_FIRST_DAY = {"d": 719163, "w": 719166}  # 1970-01-01, and the Sunday after it, at which weeks start
_CHOICES = ("1s", "5s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "1d", "1mon")


def time_buckets(span: Span, zone: tzinfo, switches: Switches, align: Number = 0) -> Start:
    """Return the function that finds the start of a moment's bucket; ``align`` shifts spans below a day.

    Raises:
        ValueError: the span has no unit of time.
    """
    months = span.months
    if months is not None:
        return lambda moment: _months_start(moment, months, zone)
    if span.unit in ("d", "w"):
        days = int(span.count) * (7 if span.unit == "w" else 1)
        if switches.bin_daylight == "fixed":
            return lambda moment: _fixed_days_start(moment, days, span.unit, zone)
        return lambda moment: _days_start(moment, days, span.unit, zone)
    seconds = span.seconds
    if seconds is None:
        if span.unit:
            raise ValueError(f"{span.unit} is no unit of time")
        seconds = span.count
    length = float(seconds)
    return lambda moment: tidy(math.floor((moment - align) / length) * length + align)


def _days_start(moment: Number, days: int, unit: str, zone: tzinfo) -> Number:
    start = snap_long("w" if unit == "w" else "d", 0, moment, zone)
    if days == 1 or (unit == "w" and days == 7):
        return start
    clock = local(start, zone)
    back = (clock.toordinal() - _FIRST_DAY[unit]) % days
    while back:
        start = snap_long("d", 0, start - 1, zone)
        back -= 1
    return start


def _fixed_days_start(moment: Number, days: int, unit: str, zone: tzinfo) -> Number:
    shift = local(moment, zone).utcoffset()
    offset = shift.total_seconds() if shift else 0
    # 1970-01-04 was a Sunday: weeks start there.
    base = 3 * DAY_SECONDS if unit == "w" else 0
    length = days * DAY_SECONDS
    return tidy(math.floor((moment + offset - base) / length) * length + base - offset)


def _months_start(moment: Number, months: int, zone: tzinfo) -> Number:
    clock = local(snap_long("mon", 0, moment, zone), zone)
    index = (clock.year * 12 + clock.month - 1) // months * months
    return epoch(clock.replace(year=index // 12, month=index % 12 + 1, fold=0))


def next_bucket(start: Number, span: Span, bucket: Start) -> Number:
    """Return the start of the bucket after this one."""
    length = span.seconds
    step = float(length) if length is not None else 28 * DAY_SECONDS * (span.months or 1)
    probe: Number = start + step
    found = bucket(tidy(probe))
    while found <= start:
        probe += min(step, DAY_SECONDS / 2) if step > DAY_SECONDS / 2 else step
        found = bucket(tidy(probe))
    return found


def series(first: Number, last: Number, span: Span, bucket: Start) -> list[Number]:
    """Return the starts of all buckets from the one with ``first`` to the one with ``last``."""
    found = [bucket(first)]
    end = bucket(last)
    while found[-1] < end:
        found.append(next_bucket(found[-1], span, bucket))
    return found


def default_span(seconds: Number, bins: int = 100) -> str:
    """Return the smallest usual span that cuts a range into at most ``bins`` pieces (SR: timechart)."""
    lengths = {"s": 1, "m": 60, "h": 3600, "d": DAY_SECONDS}
    for choice in _CHOICES[:-1]:
        if seconds / (int(choice[:-1]) * lengths[choice[-1]]) <= bins:
            return choice
    return _CHOICES[-1]


def number_bucket(value: Value, width: Number) -> str | None:
    """Return the label ``low-high`` of the bucket of a number; None for what is no number."""
    found = number(value)
    if found is None:
        return None
    low = tidy(math.floor(found / width) * float(width))
    return f"{number_text(low)}-{number_text(tidy(float(low) + width))}"
