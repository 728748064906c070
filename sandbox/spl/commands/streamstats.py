"""streamstats: statistics of the rows so far, in the order in which they arrive (SR: streamstats)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from ..context import STREAM_WINDOW_LIMIT, RunContext
from ..errors import Place
from ..evaluate import Closure, compile_condition
from ..grouping import KNOWN, Column, columns_of, expand, groups_of, has_wildcards, settings_for
from ..rolling import Rolling, rolling
from ..rows import Row
from ..statistics import TIMED
from ..stream import BOOLEAN, INTEGER, SPAN, Aggregation, TokenStream, parse_expression
from ..values import Number, number
from .base import Command, Compiler, Rows, all_names, command

Key = tuple[str, ...]


class _Window:
    """The rows of one group that are inside."""

    __slots__ = ("statistics", "length", "times")

    def __init__(self, statistics: Sequence[Rolling]) -> None:
        self.statistics = statistics
        self.length = 0
        self.times: deque[Number] = deque()  # of the rows, where a time decides which of them are inside

    def drop(self) -> None:
        """Let the oldest row out."""
        for statistic in self.statistics:
            statistic.drop()
        self.length -= 1
        if self.times:
            self.times.popleft()


class _Windows:
    """The windows of all groups during one run.

    Args:
        size: the most rows that are inside.
        shared: all groups together have this size, not each.
        seconds: the longest distance in time to the newest row; None for no bound.

    Attributes:
        timed: whether the times of the rows are of use.
    """

    def __init__(
        self, columns: Sequence[Column], settings: Any, size: int, shared: bool, seconds: float | None
    ) -> None:
        self._columns = columns
        self._settings = settings
        self._size = size
        self._shared = shared
        self._groups: dict[Key, _Window] = {}
        self._order: deque[_Window] = deque()
        self._seconds = seconds
        self.timed = seconds is not None or any(column.function in TIMED for column in columns)
        self.overflowed = False

    def reset(self) -> None:
        self._groups.clear()
        self._order.clear()

    def of(self, key: Key) -> _Window:
        window = self._groups.get(key)
        if window is None:
            window = self._groups[key] = _Window([rolling(column, self._settings) for column in self._columns])
        return window

    def add(self, window: _Window, row: Row, evaluation: Any, time: Number | None) -> None:
        """Let a row in, and as many out as there is no room for."""
        for statistic in window.statistics:
            statistic.add((statistic.column.read(row, evaluation), time))
        window.length += 1
        if self._seconds is not None:
            window.times.append(0 if time is None else time)
        if not self._shared:
            while window.length > self._size:
                window.drop()
                self.overflowed = True
            return
        self._order.append(window)
        while len(self._order) > self._size:
            self._order.popleft().drop()
            self.overflowed = True

    def expire(self, window: _Window, now: Number, inclusive: bool) -> None:
        """Let rows out that are too far away from now."""
        seconds, times = self._seconds, window.times
        while seconds is not None and times:
            distance = abs(now - times[0])
            if distance < seconds or (inclusive and distance == seconds):
                break
            window.drop()
            if self._shared:
                self._order.remove(window)


class StreamStats(Command):
    """One streamstats with its options."""

    idle = True

    def __init__(
        self, aggregations: Sequence[Aggregation], by: Sequence[str], options: dict[str, Any], place: Place
    ) -> None:
        self._aggregations = aggregations
        self._wild = has_wildcards(aggregations)
        self._columns = [] if self._wild else columns_of(aggregations)
        self._by = by
        self._place = place
        self._current: bool = options.get("current", True)
        self._all_numbers: bool = options.get("allnum", False)
        self._window: int = options.get("window", 0)
        self._global: bool = options.get("global", True)
        self._seconds: float | None = options.get("time_window")
        self._on_change: bool = options.get("reset_on_change", False)
        self._before: Closure | None = options.get("reset_before")
        self._after: Closure | None = options.get("reset_after")

    def run(self, rows: Rows, context: RunContext) -> Rows:
        names = [name for name in all_names(rows) if name not in self._by] if self._wild else []
        columns = expand(self._aggregations, names) if self._wild else self._columns
        settings = settings_for(context.switches, context.warn, all_numbers=self._all_numbers)
        size = min(self._window or STREAM_WINDOW_LIMIT, STREAM_WINDOW_LIMIT)
        shared = bool(self._window) and self._global and bool(self._by)
        windows = _Windows(columns, settings, size, shared, self._seconds)
        evaluation = context.evaluation
        inclusive = context.switches.time_window_edge == "inclusive"
        if self._seconds is not None:
            self._require_order(rows)
        previous: Key | None = None
        for row in rows:
            if self._before is not None and self._before(row, evaluation) is True:
                windows.reset()
            groups = groups_of(row, self._by)
            if not groups:
                continue
            if len(groups) > 1:
                context.warn("streamstats met a multivalue BY field; Splunk's answer is not documented.")
            key, _ = groups[0]
            if self._on_change and previous is not None and key != previous:
                windows.reset()
            previous = key
            self._one(row, windows.of(key), windows, context, inclusive)
            if self._after is not None and self._after(row, evaluation) is True:
                windows.reset()
        if windows.overflowed and size == STREAM_WINDOW_LIMIT:
            context.warn(f"streamstats looks back over at most {STREAM_WINDOW_LIMIT} rows; there were more.")
        return rows

    def _one(self, row: Row, window: _Window, windows: _Windows, context: RunContext, inclusive: bool) -> None:
        time = number(row.get("_time")) if windows.timed else None
        # All values are read before the row gets its results: a result may replace a field that is read.
        if time is not None:
            windows.expire(window, time, inclusive)
        if self._current:
            windows.add(window, row, context.evaluation, time)
        found = {statistic.column.name: statistic.result() for statistic in window.statistics}
        if not self._current:
            windows.add(window, row, context.evaluation, time)
        row.values.update(found)

    def _require_order(self, rows: Rows) -> None:
        times = [time for time in (number(row.get("_time")) for row in rows) if time is not None]
        if len(times) < len(rows):
            raise self._place.error("time_window needs _time in every row.")
        rising = all(a <= b for a, b in zip(times, times[1:]))
        falling = all(a >= b for a, b in zip(times, times[1:]))
        if not rising and not falling:
            raise self._place.error("time_window needs rows in order of _time; put `sort 0 _time` before streamstats.")


def _condition(value: str, token: Any, stream: TokenStream) -> Closure:
    return compile_condition(parse_expression(value, stream.lexer.place(token.start)))


def _seconds(value: str, token: Any, stream: TokenStream) -> float:
    span = SPAN(value, token, stream)
    if span.seconds is None:
        raise stream.error("time_window needs a span with a unit of weeks at most, for example 10m.", token=token)
    return float(span.seconds)


@command("streamstats")
def parse_streamstats(stream: TokenStream, compiler: Compiler) -> Command:
    place = stream.place()
    known = {"current": BOOLEAN, "window": INTEGER, "global": BOOLEAN, "time_window": _seconds, "allnum": BOOLEAN,
             "reset_on_change": BOOLEAN, "reset_before": _condition, "reset_after": _condition}  # fmt: skip
    options = stream.options(known)
    aggregations = stream.aggregations(KNOWN)
    stream.options(known, options)
    by = stream.by_clause()
    stream.options(known, options)
    stream.end()
    if options.get("window", 0) < 0:
        raise place.error("The option window of streamstats is 0 or more.")
    return StreamStats(aggregations, by, options, place)
