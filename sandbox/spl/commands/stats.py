"""stats and eventstats."""

from __future__ import annotations

from collections.abc import Sequence

from ..context import RunContext
from ..grouping import (
    KNOWN,
    Column,
    Group,
    collect,
    columns_of,
    expand,
    has_wildcards,
    ordered_groups,
    results,
    settings_for,
)  # fmt: skip
from ..rows import Row
from ..stream import BOOLEAN, INTEGER, Aggregation, Kind, TokenStream
from ..tokens import Token
from ..values import Value
from .base import Command, Compiler, Rows, all_names, command


class Aggregating(Command):
    """What stats and eventstats share: aggregations with or without wildcards."""

    def __init__(self, aggregations: Sequence[Aggregation], by: Sequence[str], all_numbers: bool) -> None:
        self._aggregations = aggregations
        self._wild = has_wildcards(aggregations)
        self._columns = [] if self._wild else columns_of(aggregations)
        self._by = by
        self._all_numbers = all_numbers
        self.idle = bool(by)

    def columns(self, rows: Rows) -> list[Column]:
        """Return the columns for these rows."""
        if not self._wild:
            return self._columns
        return expand(self._aggregations, [name for name in all_names(rows) if name not in self._by])


class Stats(Aggregating):
    """stats: one row for each group; without BY always one."""

    def run(self, rows: Rows, context: RunContext) -> Rows:
        columns = self.columns(rows)
        settings = settings_for(context.switches, context.warn, all_numbers=self._all_numbers)
        if not rows and self._by:
            return []
        groups = collect(rows, self._by)
        if not groups and not self._by:
            groups[()] = Group((), [])
        out = []
        for group in ordered_groups(groups, context.switches):
            values: dict[str, Value] = dict(zip(self._by, group.by))
            values.update(results(columns, group.rows, context.evaluation, settings))
            if None in values.values():
                values = {name: value for name, value in values.items() if value is not None}
            out.append(Row(values))
        return out


class EventStats(Aggregating):
    """eventstats: every row stays and gets what its group's statistics are."""

    idle = True

    def run(self, rows: Rows, context: RunContext) -> Rows:
        columns = self.columns(rows)
        settings = settings_for(context.switches, context.warn, all_numbers=self._all_numbers)
        homes: list[Group | None] = []
        groups = collect(rows, self._by, homes)
        evaluation = context.evaluation
        # All are computed before a row gets any: a result may replace a field that is read.
        computed = {id(group): results(columns, group.rows, evaluation, settings) for group in groups.values()}
        if sum(len(group.rows) for group in groups.values()) > len(homes) - homes.count(None):
            context.warn("eventstats met a multivalue BY field; which group's result Splunk shows is not documented.")
        for row, group in zip(rows, homes):
            if group is not None:
                row.values.update(computed[id(group)])
        return rows


def _parse(stream: TokenStream) -> tuple[list[Aggregation], list[str], bool]:
    known: dict[str, Kind] = {"allnum": BOOLEAN, "partitions": INTEGER}
    if stream.command == "stats":
        known["delim"] = _refused
    options = stream.options(known)
    aggregations = stream.aggregations(KNOWN)
    by = stream.by_clause()
    if stream.option_name() == "dedup_splitvals":
        raise stream.error(f"The option dedup_splitvals of {stream.command} is not known here; use mvdedup before it.")
    stream.end()
    return aggregations, by, options.get("allnum", False)


def _refused(value: str, token: Token, stream: TokenStream) -> None:
    raise stream.error("The option delim of stats is not known here; use mvjoin after it.", token=token)


@command("stats")
def parse_stats(stream: TokenStream, compiler: Compiler) -> Command:
    return Stats(*_parse(stream))


@command("eventstats")
def parse_eventstats(stream: TokenStream, compiler: Compiler) -> Command:
    return EventStats(*_parse(stream))
