"""streamstats: statistics of the rows so far, in the order in which they arrive (SR: streamstats)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from ..context import STREAM_WINDOW_LIMIT, RunContext
from ..errors import Place
from ..evaluate import Closure, compile_condition
from ..grouping import KNOWN, Column, columns_of, expand, group_keys, has_wildcards, settings_for
from ..rolling import Rolling, rolling
from ..rows import Row
from ..stream import BOOLEAN, INTEGER, SPAN, Aggregation, TokenStream, parse_expression
from ..values import Number, number, text
from .base import Command, Compiler, Rows, all_names, command

Key = tuple[str, ...]


class _Windows:
    """The windows of all groups during one run."""

    def __init__(self, columns: Sequence[Column], settings: Any, size: int, shared: bool) -> None:
        self._columns = columns
        self._settings = settings
        self._size = size
        self._shared = shared
        self._groups: dict[Key, list[Rolling]] = {}
        self._order: deque[Key] = deque()
        self._lengths: dict[Key, int] = {}
        self._times: dict[Key, deque[Number]] = {}
        self.overflowed = False

    def reset(self) -> None:
        self._groups.clear()
        self._order.clear()
        self._lengths.clear()
        self._times.clear()

    def of(self, key: Key) -> list[Rolling]:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = [rolling(column, self._settings) for column in self._columns]
            self._lengths[key] = 0
            self._times[key] = deque()
        return group

    def add(self, key: Key, row: Row, evaluation: Any, time: Number | None) -> None:
        group = self.of(key)
        for window in group:
            window.add((window.column.read(row, evaluation), time))
        self._lengths[key] += 1
        self._times[key].append(0 if time is None else time)
        if self._shared:
            self._order.append(key)

    def make_room(self, key: Key, size: int) -> None:
        """Let rows out until at most ``size`` are inside."""
        if self._shared:
            while len(self._order) > size:
                self._drop(self._order.popleft())
                self.overflowed = True
            return
        while self._lengths.get(key, 0) > size:
            self._drop(key)
            self.overflowed = True

    def expire(self, key: Key, now: Number, seconds: float, inclusive: bool) -> None:
        """Let rows out that are more than ``seconds`` away from now."""
        times = self._times.get(key)
        while times and (abs(now - times[0]) > seconds or (not inclusive and abs(now - times[0]) >= seconds)):
            self._drop(key)

    def _drop(self, key: Key) -> None:
        for window in self._groups[key]:
            window.drop()
        self._lengths[key] -= 1
        self._times[key].popleft()


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
        windows = _Windows(columns, settings, size, shared)
        evaluation = context.evaluation
        inclusive = context.switches.time_window_edge == "inclusive"
        if self._seconds is not None:
            self._require_order(rows)
        previous: Key | None = None
        for row in rows:
            if self._before is not None and self._before(row, evaluation) is True:
                windows.reset()
            keys = group_keys(row, self._by) if self._by else [()]
            if not keys:
                continue
            if len(keys) > 1:
                context.warn("streamstats met a multivalue BY field; Splunk's answer is not documented.")
            key = tuple(text(value) for value in keys[0])
            if self._on_change and previous is not None and key != previous:
                windows.reset()
            previous = key
            self._one(row, key, windows, size, context, inclusive)
            if self._after is not None and self._after(row, evaluation) is True:
                windows.reset()
        if windows.overflowed and size == STREAM_WINDOW_LIMIT:
            context.warn(f"streamstats looks back over at most {STREAM_WINDOW_LIMIT} rows; there were more.")
        return rows

    def _one(self, row: Row, key: Key, windows: _Windows, size: int, context: RunContext, inclusive: bool) -> None:
        time = number(row.get("_time"))
        # All values are read before the row gets its results: a result may replace a field that is read.
        if self._seconds is not None and time is not None:
            windows.expire(key, time, self._seconds, inclusive)
        if self._current:
            windows.add(key, row, context.evaluation, time)
            windows.make_room(key, size)
        found = {window.column.name: window.result() for window in windows.of(key)}
        if not self._current:
            windows.add(key, row, context.evaluation, time)
            windows.make_room(key, size)
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
