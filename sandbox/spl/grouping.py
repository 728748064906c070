"""What the statistical commands share: reading samples from rows, grouping, order of groups.

Knows null-by (a row lacking a BY field is in no group), multivalue BY (a row is in each value's group) and wildcards
in functions (`max(*) AS *`). The functions themselves are in statistics.py.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any, Callable

from .evaluate import TRUTH, compile, compile_condition, kind_of
from .rows import Row
from .statistics import FUNCTIONS, TIMED, Sample, Settings, compute
from .stream import Aggregation
from .switches import Switches
from .values import Scalar, Value, members, number, text, wildcard_match

Rows = list[Row]
GroupKey = tuple[str, ...]


class Column:
    """One aggregation ready to run: where its values come from, what it makes of them, how it is called."""

    __slots__ = ("function", "parameter", "field", "name", "_closure", "_truth")

    def __init__(self, aggregation: Aggregation, field: str | None = None, name: str | None = None) -> None:
        self.function = aggregation.function
        self.parameter = aggregation.parameter
        self.field = field if field is not None else aggregation.field
        self.name = name if name is not None else aggregation.column
        expression = aggregation.expression
        self._truth = expression is not None and kind_of(expression) == TRUTH
        self._closure: Callable[[Any, Any], Any] | None = None
        if expression is not None:
            if self._truth and self.function not in ("count", "c"):
                raise aggregation.place.error(
                    f"{self.function}(eval(...)) needs a value, not a condition; only count takes a condition."
                )
            self._closure = compile_condition(expression) if self._truth else compile(expression)

    def read(self, row: Row, evaluation: Any) -> tuple[Scalar, ...]:
        """Return the values that a row brings to this function; a bare count gets one for each row."""
        if self._closure is None:
            if self.field is None:
                return (1,)
            return members(row.get(self.field))
        found = self._closure(row, evaluation)
        if self._truth:
            return (1,) if found is True else ()
        return members(found)


def columns_of(aggregations: Sequence[Aggregation]) -> list[Column]:
    """Compile aggregations; those with a wildcard are expanded at run time by `expand`."""
    return [Column(found) for found in aggregations]


def has_wildcards(aggregations: Sequence[Aggregation]) -> bool:
    """Say whether the columns depend on the fields that the rows have."""
    return any(found.field is not None and "*" in found.field for found in aggregations)


def expand(aggregations: Sequence[Aggregation], names: Sequence[str]) -> list[Column]:
    """Compile aggregations over these fields: `max(*) AS *` becomes one column a field."""
    found: list[Column] = []
    for aggregation in aggregations:
        pattern = aggregation.field
        if pattern is None or "*" not in pattern:
            found.append(Column(aggregation))
            continue
        for name in names:
            if name.startswith("_") or not wildcard_match(pattern, name):
                continue
            if aggregation.alias is None:
                label = aggregation.text.replace(pattern, name)
            else:
                label = aggregation.alias.replace("*", _met(pattern, name), 1)
            found.append(Column(aggregation, name, label))
    return found


def _met(pattern: str, name: str) -> str:
    """Return what the first wildcard of a pattern stands for in a name."""
    before, _, after = pattern.partition("*")
    return name[len(before) : len(name) - len(after)] if after and "*" not in after else name[len(before) :]


class Group:
    """Samples of one group, one for each column."""

    __slots__ = ("by", "samples")

    def __init__(self, by: tuple[Scalar, ...], width: int, timed: bool = True) -> None:
        self.by = by
        self.samples = [Sample(timed) for _ in range(width)]


def group_keys(row: Row, by: Sequence[str]) -> list[tuple[Scalar, ...]]:
    """Return the groups of a row as tuples of BY values; none when a BY field is missing."""
    if len(by) == 1:
        return [(value,) for value in _distinct(members(row.get(by[0])))]
    parts = [_distinct(members(row.get(name))) for name in by]
    if all(len(part) == 1 for part in parts):
        return [tuple(part[0] for part in parts)]
    return list(itertools.product(*parts))


def _distinct(values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return values if len(values) < 2 else tuple({text(value): value for value in values}.values())


def collect(rows: Rows, columns: Sequence[Column], by: Sequence[str], evaluation: Any) -> dict[GroupKey, Group]:
    """Read all rows into groups, in order of arrival."""
    groups: dict[GroupKey, Group] = {}
    width = len(columns)
    timed = any(column.function in TIMED for column in columns)
    for row in rows:
        keys = group_keys(row, by) if by else [()]
        if not keys:
            continue
        time = number(row.get("_time")) if timed else None
        read = [column.read(row, evaluation) for column in columns]
        for key in keys:
            place = tuple([value if type(value) is str else text(value) for value in key])
            group = groups.get(place)
            if group is None:
                group = groups[place] = Group(key, width, timed)
            for sample, values in zip(group.samples, read):
                if len(values) == 1:
                    sample.values.append(values[0])
                else:
                    sample.values.extend(values)
                if timed:
                    sample.times.extend([time] * len(values))
    return groups


def ordered_groups(groups: dict[GroupKey, Group], switches: Switches) -> list[Group]:
    """Return the groups sorted by their values, or shuffled by the switch row_seed."""
    found = list(groups.values())
    if switches.row_seed is not None:
        random.Random(switches.row_seed).shuffle(found)  # noqa: S311 - a reproducible order, no secret
        return found
    return sorted(found, key=lambda group: [order_key(value) for value in group.by])


def order_key(value: Value) -> tuple[int, float, str]:
    """Sort key: numbers before texts, each in their own order."""
    as_number = number(value)
    return (0, as_number, "") if as_number is not None else (1, 0, text(value))


def settings_for(
    switches: Switches, warn: Callable[[str], None], span: float | None = None, all_numbers: bool = False
) -> Settings:
    """Return what the functions need to know of a run."""
    return Settings(switches.percentile == "interpolated", warn, span, all_numbers)


def results(columns: Sequence[Column], samples: Sequence[Sample], settings: Settings) -> dict[str, Value]:
    """Return the columns of one group; None is null."""
    return {
        column.name: compute(column.function, column.parameter, sample, settings)
        for column, sample in zip(columns, samples)
    }


KNOWN = tuple(FUNCTIONS)
