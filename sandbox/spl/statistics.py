"""The statistical functions of stats and its relatives: what each makes of the values of a group.

Knows nulls, types and limits of every function. A caller collects, per group and per function, the values in order of
arrival (`Sample`) and asks `compute` at the end. Grouping, and the windows of streamstats, are the commands' business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Callable, Optional, cast

from .values import Number, Scalar, Value, limit, multivalue, number, text, text_order, tidy

LIST_LIMIT = 100
"""limits.conf [stats] list_maxsize."""

Warn = Callable[[str], None]


_NUMBERS = frozenset((int, float))


_NO_TIMES: Any = ()


class Sample:
    """Values of one field in one group: each with the time of its row, in order of arrival.

    Args:
        timed: whether a function of TIMED asks for ``times``, which stay empty else.
    """

    __slots__ = ("values", "times")

    def __init__(self, timed: bool = True) -> None:
        self.values: list[Scalar] = []
        # Groups come by the hundred thousand: a list that nobody fills is not made for each.
        self.times: list[Number | None] = [] if timed else _NO_TIMES

    def numbers(self) -> list[Number]:
        """Return the values that are numbers; text is passed over. The caller must not change the list."""
        if _NUMBERS.issuperset(map(type, self.values)):
            return cast("list[Number]", self.values)
        return [found for found in map(number, self.values) if found is not None]


Function = Callable[[Sample, Optional[float], "Settings"], Value]


class Settings:
    """What a function may need beyond its values."""

    __slots__ = ("interpolate", "warn", "span_seconds", "all_numbers")

    def __init__(
        self, interpolate: bool, warn: Warn, span_seconds: float | None = None, all_numbers: bool = False
    ) -> None:
        self.interpolate = interpolate
        self.warn = warn
        self.span_seconds = span_seconds
        self.all_numbers = all_numbers


def total_of(found: Sequence[Number]) -> Number:
    if all(type(item) is int for item in found):
        return limit(sum(found))
    return tidy(math.fsum(found))


def _sum(sample: Sample, _: float | None, __: Settings) -> Value:
    found = sample.numbers()
    return total_of(found) if found else None


def _sumsq(sample: Sample, _: float | None, __: Settings) -> Value:
    found = sample.numbers()
    return total_of([item * item for item in found]) if found else None


def _avg(sample: Sample, _: float | None, __: Settings) -> Value:
    found = sample.numbers()
    return tidy(math.fsum(found) / len(found)) if found else None


def _variance(found: Sequence[Number], sample: bool) -> float | None:
    if not found:
        return None
    if len(found) == 1:
        return 0.0
    mean = math.fsum(found) / len(found)
    return math.fsum((item - mean) ** 2 for item in found) / (len(found) - (1 if sample else 0))


def _spread(sample: bool, root: bool) -> Function:
    def computed(values: Sample, _: float | None, __: Settings) -> Value:
        variance = _variance(values.numbers(), sample)
        if variance is None:
            return None
        return tidy(math.sqrt(variance) if root else variance)

    return computed


def _extreme(largest: bool) -> Function:
    pick = max if largest else min

    def computed(sample: Sample, _: float | None, __: Settings) -> Value:
        if not sample.values:
            return None
        found = sample.numbers()
        if len(found) == len(sample.values):
            return pick(found)
        return pick(sample.values, key=text)

    return computed


def _range(sample: Sample, _: float | None, __: Settings) -> Value:
    found = sample.numbers()
    if not found or len(found) != len(sample.values):
        return None
    return tidy(float(max(found)) - float(min(found)))


def _percentile(sample: Sample, parameter: float | None, settings: Settings) -> Value:
    found = sorted(sample.numbers())
    if not found:
        return None
    share = (50.0 if parameter is None else parameter) / 100
    if settings.interpolate:
        place = share * (len(found) - 1)
        low = math.floor(place)
        high = min(low + 1, len(found) - 1)
        return tidy(found[low] + (found[high] - found[low]) * (place - low))
    # With an even number of values the median is the higher of the two in the middle (SR: median).
    return found[min(math.floor(share * len(found)), len(found) - 1)]


def _count(sample: Sample, _: float | None, __: Settings) -> Value:
    return len(sample.values)


def _distinct(sample: Sample, _: float | None, __: Settings) -> Value:
    return len({text(value) for value in sample.values})


def _values(sample: Sample, _: float | None, __: Settings) -> Value:
    if len(sample.values) == 1:
        return sample.values[0]
    return multivalue(text_order(unique(sample.values)))


def unique(values: Sequence[Scalar]) -> list[Scalar]:
    """Return the values with different texts, each as first met."""
    found: dict[str, Scalar] = {}
    for value in values:
        found.setdefault(text(value), value)
    return list(found.values())


def _list(sample: Sample, _: float | None, settings: Settings) -> Value:
    if len(sample.values) > LIST_LIMIT:
        settings.warn(f"list() keeps the first {LIST_LIMIT} values of a group; at least one group has more.")
    return multivalue(sample.values[:LIST_LIMIT])


def _mode(sample: Sample, _: float | None, __: Settings) -> Value:
    tally: dict[str, int] = {}
    for value in sample.values:
        tally[text(value)] = tally.get(text(value), 0) + 1
    if not tally:
        return None
    most = max(tally.values())
    return next(value for value in sample.values if tally[text(value)] == most)


def _first(sample: Sample, _: float | None, __: Settings) -> Value:
    return sample.values[0] if sample.values else None


def _last(sample: Sample, _: float | None, __: Settings) -> Value:
    return sample.values[-1] if sample.values else None


def _ends(sample: Sample) -> tuple[int, int] | None:
    """Return the places of the earliest and the latest value.

    Of equal times the one that came first counts as the later, since events arrive newest first.
    """
    timed = [(time, -place) for place, time in enumerate(sample.times) if time is not None]
    if not timed:
        return None
    return -min(timed)[1], -max(timed)[1]


def _by_time(latest: bool, want_time: bool) -> Function:
    def computed(sample: Sample, _: float | None, __: Settings) -> Value:
        ends = _ends(sample)
        if ends is None:
            return None
        place = ends[1] if latest else ends[0]
        return sample.times[place] if want_time else sample.values[place]

    return computed


def _rate(sample: Sample, _: float | None, __: Settings) -> Value:
    ends = _ends(sample)
    if ends is None:
        return None
    first, last = number(sample.values[ends[0]]), number(sample.values[ends[1]])
    start, end = sample.times[ends[0]], sample.times[ends[1]]
    if first is None or last is None or start is None or end is None or end == start:
        return None
    return tidy(float(last - first) / float(end - start))


def _per(seconds: int) -> Function:
    def computed(sample: Sample, _: float | None, settings: Settings) -> Value:
        found = sample.numbers()
        if not found or not settings.span_seconds:
            return None
        return tidy(float(total_of(found)) * seconds / settings.span_seconds)

    return computed


def _zero(_: Sample, __: float | None, ___: Settings) -> Value:
    return 0


FUNCTIONS: dict[str, Function] = {
    "count": _count, "c": _count, "dc": _distinct, "distinct_count": _distinct, "estdc": _distinct,
    "estdc_error": _zero, "values": _values, "list": _list, "first": _first, "last": _last,
    "earliest": _by_time(False, False), "latest": _by_time(True, False),
    "earliest_time": _by_time(False, True), "latest_time": _by_time(True, True),
    "min": _extreme(False), "max": _extreme(True), "sum": _sum, "avg": _avg, "mean": _avg, "sumsq": _sumsq,
    "median": _percentile, "perc": _percentile, "p": _percentile, "exactperc": _percentile,
    "upperperc": _percentile, "mode": _mode, "range": _range, "stdev": _spread(True, True),
    "stdevp": _spread(False, True), "var": _spread(True, False), "varp": _spread(False, False), "rate": _rate,
}  # fmt: skip
"""Functions of stats, eventstats, streamstats, chart and timechart."""



def _itself(value: Scalar) -> Value:
    return value


def _one(_: Scalar) -> Value:
    return 1


def _as_number(value: Scalar) -> Value:
    found = number(value)
    return value if found is None else found


OF_ONE: dict[str, Callable[[Scalar], Value]] = {
    "values": _itself, "list": _itself, "first": _itself, "last": _itself, "mode": _itself,
    "min": _as_number, "max": _as_number, "count": _one, "c": _one, "dc": _one, "distinct_count": _one,
}  # fmt: skip
"""What functions make of a single value: most groups have one row."""

TIMED = frozenset({"earliest", "latest", "earliest_time", "latest_time", "rate"})
"""Functions that read the times of the rows."""

PER_FUNCTIONS: dict[str, Function] = {
    "per_second": _per(1), "per_minute": _per(60), "per_hour": _per(3600), "per_day": _per(86400),
}  # fmt: skip
"""Functions that need a span: timechart only."""

ZERO_WHEN_EMPTY = frozenset({"count", "c", "dc", "distinct_count", "estdc", "estdc_error"})
"""Functions that answer 0 where there is nothing; the others are null then."""


NUMERIC = frozenset(
    "min max sum avg mean sumsq median perc p exactperc upperperc range stdev stdevp var varp".split()
)
"""Functions that allnum=t silences for a field with any value that is no number."""


def compute(function: str, parameter: float | None, sample: Sample, settings: Settings) -> Value:
    """Return what a function makes of a sample; None is null."""
    if settings.all_numbers and function in NUMERIC and len(sample.numbers()) < len(sample.values):
        return None
    return (FUNCTIONS.get(function) or PER_FUNCTIONS[function])(sample, parameter, settings)
