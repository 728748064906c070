"""chart and timechart: statistics as a grid of rows and series (SR: chart, timechart)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..buckets import Start, series, time_buckets
from ..context import RunContext
from ..discretize import OPTIONS, alignment, bucket_of, time_span
from ..errors import Place
from ..grouping import columns_of, order_key, settings_for
from ..seriesgrid import SERIES_OPTIONS, Grid, WhereClause, parse_where
from ..statistics import FUNCTIONS, PER_FUNCTIONS
from ..stream import BOOLEAN, INTEGER, SPAN, Aggregation, TokenStream
from ..timemod import Span
from ..values import Number, members, number, text
from .base import Command, Compiler, Rows, command

_CHART_OPTIONS = {**SERIES_OPTIONS, **OPTIONS}
_TIME_OPTIONS = {
    **SERIES_OPTIONS, "span": SPAN, "bins": INTEGER, "minspan": SPAN, "aligntime": OPTIONS["aligntime"],
    "fixedrange": BOOLEAN, "partial": BOOLEAN,
}  # fmt: skip


class Chart(Command):
    """chart: rows by one field, series by another; without fields one row."""

    def __init__(
        self, aggregations: Sequence[Aggregation], row: str | None, split: str | None, where: WhereClause | None,
        options: dict[str, Any], place: Place,
    ) -> None:  # fmt: skip
        self._columns = columns_of(aggregations)
        self._row = row
        self._split = split
        self._where = where
        self._options = options
        self._place = place
        self._cuts = any(name in options for name in ("span", "bins", "minspan", "start", "end"))

    def run(self, rows: Rows, context: RunContext) -> Rows:
        grid = Grid(self._columns, self._options, self._split, self._where)
        name = self._row
        if name is None:
            grid.rows[""] = ""
            for row in rows:
                grid.add("", row, context.evaluation)
            return grid.table(None, [""], settings_for(context.switches, context.warn))
        bucket = None
        if self._cuts or name == "_time":
            met = [value for row in rows for value in members(row.get(name))]
            bucket = bucket_of(name, self._options, met, context, self._place)
        for row in rows:
            for at in members(row.get(name)):
                grid.add(at if bucket is None else bucket(at), row, context.evaluation)
        keys = sorted(grid.rows, key=lambda key: order_key(grid.rows[key]))
        return grid.table(name, keys, settings_for(context.switches, context.warn))


@command("chart")
def parse_chart(stream: TokenStream, compiler: Compiler) -> Command:
    place = stream.place()
    options = stream.options(_CHART_OPTIONS)
    aggregations = stream.aggregations(tuple(FUNCTIONS))
    verb = stream.accept("by", "over")
    row = split = None
    if verb is not None:
        row = stream.field(wildcards=False)
        stream.options(_CHART_OPTIONS, options)
        if verb == "by" and not stream.at_end() and not stream.at("where"):
            stream.accept(",")
            split = stream.field(wildcards=False)
        elif stream.accept("by"):
            split = stream.field(wildcards=False)
        stream.options(_CHART_OPTIONS, options)
    where = parse_where(stream)
    stream.end()
    return Chart(aggregations, row, split, where, options, place)


class TimeChart(Command):
    """timechart: a row for each span of time between the bounds of the search, also where nothing happened."""

    def __init__(
        self, aggregations: Sequence[Aggregation], split: str | None, where: WhereClause | None,
        options: dict[str, Any], place: Place,
    ) -> None:  # fmt: skip
        self._columns = columns_of(aggregations)
        self._split = split
        self._where = where
        self._options = options
        self._place = place

    def run(self, rows: Rows, context: RunContext) -> Rows:
        moments = [number(row.get("_time")) for row in rows]
        known = [moment for moment in moments if moment is not None]
        if not known and (context.earliest is None or context.latest is None):
            return []
        first = context.earliest if context.earliest is not None else min(known)
        last = context.latest - 1e-6 if context.latest is not None else max(known)
        span = time_span(last - first, self._options)
        try:
            bucket = time_buckets(span, context.zone, context.switches, alignment(self._options, context, self._place))
        except ValueError as error:
            raise self._place.error(f"timechart: {error}.") from error
        grid = Grid(self._columns, self._options, self._split, self._where)
        for row, moment in zip(rows, moments):
            if moment is not None:
                grid.add(bucket(moment), row, context.evaluation)
        starts = self._starts(grid, first, last, span, bucket, known)
        if not self._options.get("partial", True):
            starts = [key for key in starts if self._is_whole(float(number(key) or 0), context, span, bucket)]
        settings = settings_for(context.switches, context.warn, span.seconds or 30 * 86400)
        return grid.table("_time", starts, settings)

    def _starts(
        self, grid: Grid, first: Number, last: Number, span: Span, bucket: Start, known: Sequence[Number]
    ) -> list[str]:
        if self._options.get("cont", True):
            if not self._options.get("fixedrange", True) and known:
                first, last = min(known), max(known)
            for start in series(first, max(first, last), span, bucket):
                grid.rows.setdefault(text(start), start)
        return sorted(grid.rows, key=lambda key: order_key(grid.rows[key]))

    def _is_whole(self, start: float, context: RunContext, span: Span, bucket: Start) -> bool:
        """Say whether a bucket lies inside the bounds of the search entirely (partial=f)."""
        if context.earliest is not None and start < context.earliest:
            return False
        return context.latest is None or series(start, context.latest, span, bucket)[1:2] != []


@command("timechart")
def parse_timechart(stream: TokenStream, compiler: Compiler) -> Command:
    place = stream.place()
    options = stream.options(_TIME_OPTIONS)
    aggregations = stream.aggregations((*FUNCTIONS, *PER_FUNCTIONS))
    stream.options(_TIME_OPTIONS, options)
    by = stream.by_clause(stop=("where",))
    stream.options(_TIME_OPTIONS, options)
    where = parse_where(stream)
    stream.end()
    if len(by) > 1:
        raise place.error("timechart takes one field after BY.")
    return TimeChart(aggregations, by[0] if by else None, where, options, place)
