"""makeresults, tstats, addinfo, collect: rows out of nothing, out of indexed fields, and into the index."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Callable, NamedTuple

from ..buckets import time_buckets
from ..context import RunContext
from ..errors import Place
from ..grouping import KNOWN, Column, GroupKey, columns_of, has_wildcards, ordered_groups, settings_for
from ..rows import Row
from ..searchexpr import EVERYTHING, SearchExpression, field_names, subsearches
from ..searchmatch import compile_search
from ..searchterms import METADATA_FIELDS
from ..statistics import TIMED, Sample, compute
from ..store import Event, Filter
from ..stream import BOOLEAN, INTEGER, SPAN, TEXT, Aggregation, TokenStream, choice
from ..strftime import strftime
from ..tables import table_of_rows
from ..timemod import Span
from ..values import Scalar, Value, members, number, text
from .base import Command, Compiler, Rows, command
from .searching import prefilter

_ATTRIBUTES = {
    **{name: name for name in METADATA_FIELDS}, "_time": "time", "_indextime": "indextime", "_raw": "raw",
}  # fmt: skip

INDEXED = (*METADATA_FIELDS, "_time", "_indextime", "_raw")
"""Fields that tstats can read here. `_raw` stands for terms in its where clause."""


_TIMES = ("_time", "_indextime")
"""In the order of `Totals`."""


def _is_additive(column: Column) -> bool:
    """Say whether the function of the whole follows from that of its parts, and the parts are kept."""
    if column.field is None:
        return column.function in ("count", "c")
    return column.function in ("min", "max") and column.field in _TIMES


class MakeResults(Command):
    """makeresults: rows that hold the time of the search, or given data."""

    generates = True

    def __init__(self, count: int, annotate: bool, data: Sequence[dict[str, Value]] | None) -> None:
        self._count = count
        self._annotate = annotate
        self._data = data

    def run(self, rows: Rows, context: RunContext) -> Rows:
        if self._data is not None:
            return [Row({"_time": context.now, **row}) for row in self._data]
        values: dict[str, Value] = {"_time": int(context.now)}
        if self._annotate:
            values.update(_raw="", host="localhost", source="makeresults", sourcetype="stash")
        return [Row(dict(values)) for _ in range(self._count)]


@command("makeresults")
def parse_makeresults(stream: TokenStream, compiler: Compiler) -> Command:
    place = stream.place()
    known = {"count": INTEGER, "annotate": BOOLEAN, "splunk_server": TEXT, "splunk_server_group": TEXT,
             "format": choice("csv", "json"), "data": TEXT}  # fmt: skip
    options = stream.options(known)
    stream.end()
    data = None
    if "data" in options:
        if "format" not in options:
            raise place.error("makeresults needs format=csv or format=json with data.")
        data = _data(options["data"], options["format"], place)
    return MakeResults(max(0, options.get("count", 1)), options.get("annotate", False), data)


def _data(given: str, form: str, place: Place) -> list[dict[str, Value]]:
    try:
        found: Any = json.loads(given) if form == "json" else list(csv.DictReader(io.StringIO(given.strip())))
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise ValueError("an array of objects is needed")
    except ValueError as error:
        raise place.error(f"The data of makeresults are no {form}: {error}.") from error
    return table_of_rows(found).rows()


class AddInfo(Command):
    """addinfo: the window of the search in every row."""

    idle = True

    def run(self, rows: Rows, context: RunContext) -> Rows:
        low = 0 if context.earliest is None else context.earliest
        high: Value = "+Infinity" if context.latest is None else context.latest
        for row in rows:
            row.values.update(
                info_min_time=low,
                info_max_time=high,
                info_search_time=context.now,
                info_sid=f"sandbox_{context.now:.0f}",
            )
        return rows


@command("addinfo")
def parse_addinfo(stream: TokenStream, compiler: Compiler) -> Command:
    stream.end()
    return AddInfo()


class _Counted(NamedTuple):
    """One group: the values of its BY fields, and a sample for each column."""

    by: tuple[Scalar, ...]
    samples: list[Sample]


class TStats(Command):
    """tstats: statistics of indexed fields, straight from the store."""

    generates = True

    def __init__(
        self, aggregations: Sequence[Aggregation], where: SearchExpression, by: Sequence[str], span: Span | None,
        fill: str | None, compiler: Compiler,
    ) -> None:  # fmt: skip
        self._columns = columns_of(aggregations)
        self._where = where
        self._test = compile_search(where.root, compiler.switches)
        narrow = prefilter(where, compiler)
        # Indexed fields never change, so the store may remember which events pass.
        self._wanted = Filter(
            object(), None if narrow is None else narrow.need, lambda event: self._test(_indexed_row(event))
        )
        self._by = by
        self._span = span
        self._fill = fill
        # Then the totals of stretches of events are as good as the events.
        self._additive = bool(by) and "_time" not in by and all(map(_is_additive, self._columns))

    def run(self, rows: Rows, context: RunContext) -> Rows:
        bounds = context.bounds(self._where.times)
        settings = settings_for(context.switches, context.warn)
        if self._additive and bounds["index_earliest"] is None and bounds["index_latest"] is None:
            groups = self._totals(context, bounds["earliest"], bounds["latest"])
        else:
            events = context.store.select(**bounds, wanted=self._wanted, tie_seed=context.switches.tie_seed)
            groups = self._groups(events, context)
        if not groups and not self._by:
            groups[()] = self._group(())
        out = []
        for group in ordered_groups(groups, context.switches):
            values: dict[str, Value] = dict(zip(self._by, group.by))
            for column, sample in zip(self._columns, group.samples):
                values[column.name] = compute(column.function, column.parameter, sample, settings)
            out.append(Row({name: value for name, value in values.items() if value is not None}))
        return out

    def _group(self, by: tuple[Scalar, ...]) -> _Counted:
        return _Counted(by, [Sample() for _ in self._columns])

    def _totals(self, context: RunContext, earliest: float | None, latest: float | None) -> dict[GroupKey, _Counted]:
        """Make the groups of totals: a sample holds an extreme of its group, or as many ones as it has events."""
        attributes = tuple(_ATTRIBUTES[name] for name in self._by)
        groups: dict[GroupKey, _Counted] = {}
        for cells, totals in context.store.totals(earliest, latest, self._wanted, attributes).items():
            by = self._key(cells if len(self._by) != 1 else (cells,), None)
            if by is None:
                continue
            group = groups.setdefault(tuple(map(text, by)), self._group(by))
            for column, sample in zip(self._columns, group.samples):
                if column.field is None:
                    sample.values.extend([1] * totals.count)
                else:
                    extremes = totals.least if column.function == "min" else totals.greatest
                    sample.values.append(extremes[_TIMES.index(column.field)])
        return groups

    def _groups(self, events: Sequence[Event], context: RunContext) -> dict[GroupKey, _Counted]:
        """Sort events by what they hold in the BY fields; which group that is, is worked out once for equal events."""
        held = attrgetter(*(_ATTRIBUTES[name] for name in self._by)) if self._by else _nothing
        bucket = None if self._span is None else time_buckets(self._span, context.zone, context.switches)
        groups: dict[GroupKey, _Counted] = {}
        members_of: dict[GroupKey, list[Event]] = {}
        targets: dict[Any, list[Event] | None] = {}
        for event in events:
            cells = held(event)
            try:
                target = targets[cells]
            except KeyError:
                by = self._key(cells if len(self._by) != 1 else (cells,), bucket)
                target = None
                if by is not None:
                    place = tuple(map(text, by))
                    groups.setdefault(place, self._group(by))
                    target = members_of.setdefault(place, [])
                targets[cells] = target
            if target is not None:
                target.append(event)
        for place, found in members_of.items():
            for column, sample in zip(self._columns, groups[place].samples):
                self._fill_sample(column, sample, found)
        return groups

    def _key(self, cells: Sequence[Any], bucket: Callable[[float], Any] | None) -> tuple[Scalar, ...] | None:
        """Return the values of a group; None when a field is missing and nothing fills it."""
        found: list[Scalar] = []
        for name, cell in zip(self._by, cells):
            if cell == "" and self._fill is None:
                return None
            if bucket is not None and name == "_time":
                found.append(bucket(cell))
            else:
                found.append(cell if cell != "" or self._fill is None else self._fill)
        return tuple(found)

    @staticmethod
    def _fill_sample(column: Column, sample: Sample, events: Sequence[Event]) -> None:
        values: list[Any]
        if column.field is None:
            kept, values = events, [1] * len(events)
        else:
            kept, values = events, list(map(attrgetter(_ATTRIBUTES[column.field]), events))
            if "" in values:
                kept = [event for event, value in zip(events, values) if value != ""]
                values = [value for value in values if value != ""]
        sample.values.extend(values)
        if column.function in TIMED:
            sample.times.extend(event.time for event in kept)


def _nothing(event: Event) -> tuple[()]:
    return ()


def _indexed_row(event: Event) -> Row:
    values: dict[str, Value] = {name: getattr(event, name) for name in METADATA_FIELDS}
    values.update(_time=event.time, _indextime=event.indextime, _raw=event.raw)
    return Row({name: value for name, value in values.items() if value != ""})


@command("tstats")
def parse_tstats(stream: TokenStream, compiler: Compiler) -> Command:
    place = stream.place()
    known = {"prestats": BOOLEAN, "local": BOOLEAN, "append": BOOLEAN, "summariesonly": BOOLEAN,
             "allow_old_summaries": BOOLEAN, "chunk_size": INTEGER, "fillnull_value": TEXT}  # fmt: skip
    options = stream.options(known)
    for name in ("prestats", "append"):
        if options.get(name):
            raise place.error(f"The option {name} of tstats is not known here.")
    aggregations = stream.aggregations(KNOWN, stop=("by", "where", "from"))
    if stream.at("from"):
        raise stream.error("tstats reads indexed fields only here; data models are not known.")
    where = SearchExpression(EVERYTHING, {})
    if stream.accept("where"):
        where = stream.search_expression(stop=("by", "groupby"))
    by = stream.by_clause(words=("by", "groupby"))
    if by and by[-1].upper() == "PREFIX":
        raise stream.error("PREFIX() of tstats is not known here: it reads key=value terms, and JSON has none.")
    span = stream.option("span", SPAN)
    stream.end()
    if subsearches(where.root):
        raise place.error("A subsearch in `tstats ... where` is not known here.")
    if has_wildcards(aggregations) or any(found.expression is not None for found in aggregations):
        raise place.error("tstats takes plain indexed fields, neither wildcards nor eval().")
    read = [found.field for found in aggregations if found.field] + list(by) + field_names(where.root)
    for name in read:
        if name not in INDEXED:
            raise place.error(
                f'tstats knows indexed fields only ({", ".join(INDEXED[:-1])}); "{name}" is a search-time field, which'
                " gives nothing in Splunk."
            )
    if span is not None and "_time" not in by:
        raise place.error("tstats needs _time after BY when it has a span.")
    return TStats(aggregations, where, by, span, options.get("fillnull_value"), compiler)


class Collect(Command):
    """collect: rows become events of another index; they pass on unchanged."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._index = options["index"]
        self._sourcetype = options.get("sourcetype", "stash")
        self._source = options.get("source", "")
        self._host = options.get("host", "localhost")
        self._marker = options.get("marker", "")
        self._add_time = options.get("addtime", True)
        self._json = options.get("output_format") == "hec"
        self._test = options.get("testmode", False)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        if self._test:
            return rows
        for row in rows:
            moment = number(row.get("_time"))
            time = float(context.now if moment is None else moment)
            context.store.append(
                Event(
                    self._raw(row, time, context), time, indextime=float(context.now), host=self._host,
                    source=self._source or context.search_name, sourcetype=self._sourcetype, index=self._index,
                )
            )  # fmt: skip
        return rows

    def _raw(self, row: Row, time: float, context: RunContext) -> str:
        values = {name: value for name, value in row.to_dict().items() if not name.startswith("_")}
        if self._json:
            fields = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
            return json.dumps({"time": time, **fields}, ensure_ascii=False, separators=(",", ":"))
        raw = row.get("_raw")
        if raw is not None:
            return text(raw)
        parts = [strftime(time, "%m/%d/%Y %H:%M:%S %z", context.zone)] if self._add_time else []
        if context.search_name:
            parts.append(f"search_name={_quoted(context.search_name)}")
        if self._marker:
            parts.append(self._marker)
        for name, value in values.items():
            parts.append(f"{name}={_quoted(chr(10).join(map(text, members(value))))}")
        return ", ".join(parts)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@command("collect")
def parse_collect(stream: TokenStream, compiler: Compiler) -> Command:
    place = stream.place()
    known = {"index": TEXT, "sourcetype": TEXT, "source": TEXT, "host": TEXT, "marker": TEXT, "testmode": BOOLEAN,
             "addtime": BOOLEAN, "spool": BOOLEAN, "run_in_preview": BOOLEAN,
             "output_format": choice("raw", "hec")}  # fmt: skip
    options = stream.options(known)
    stream.end()
    if "index" not in options:
        raise place.error("The command collect needs index=.")
    return Collect(options)
