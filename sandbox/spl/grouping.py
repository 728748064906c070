"""What the statistical commands share: reading samples from rows, grouping, order of groups.

Knows null-by (a row lacking a BY field is in no group), multivalue BY (a row is in each value's group) and wildcards
in functions (`max(*) AS *`). The functions themselves are in statistics.py.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple, Protocol, TypeVar

from .evaluate import TRUTH, compile, compile_condition, kind_of
from .rows import Row
from .statistics import FUNCTIONS, OF_ONE, TIMED, Sample, Settings, compute
from .stream import Aggregation
from .switches import Switches
from .values import Scalar, Value, looks_numeric, members, number, text, wildcard_match

Rows = list[Row]
GroupKey = tuple[str, ...]


class Column:
    """One aggregation ready to run: where its values come from, what it makes of them, how it is called."""

    __slots__ = ("function", "parameter", "field", "name", "_closure", "_truth", "_of_one", "_timed")

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
        self._of_one = OF_ONE.get(self.function)
        self._timed = self.function in TIMED

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

    def of(self, rows: Rows, evaluation: Any, settings: Settings) -> Value:
        """Return what the function makes of these rows, which arrived in this order; None is null."""
        if self._closure is None and not self._timed and not settings.all_numbers:
            if self.field is None:
                return len(rows)
            if len(rows) == 1 and self._of_one is not None:
                value = rows[0].get(self.field)
                if value is not None and not isinstance(value, tuple):
                    return self._of_one(value)
        return compute(self.function, self.parameter, self.sample(rows, evaluation), settings)

    def sample(self, rows: Rows, evaluation: Any) -> Sample:
        """Return the values that these rows bring; their times only if the function asks for them."""
        sample = Sample(self._timed)
        if self._timed:
            for row in rows:
                read = self.read(row, evaluation)
                sample.values.extend(read)
                sample.times.extend([number(row.get("_time"))] * len(read))
            return sample
        field = self.field
        if self._closure is None and field is not None:
            found: list[Any] = [row.get(field) for row in rows]
            if None not in found and tuple not in map(type, found):
                sample.values = found
                return sample
        for row in rows:
            sample.values.extend(self.read(row, evaluation))
        return sample


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


class Group(NamedTuple):
    """The rows of one group, in order of arrival, and the values of the BY fields as the first of them has them."""

    by: tuple[Scalar, ...]
    rows: Rows


class _Grouped(Protocol):
    @property
    def by(self) -> tuple[Scalar, ...]: ...


AnyGroup = TypeVar("AnyGroup", bound=_Grouped)

_TEXTS = frozenset((str,))
_SCALARS = frozenset((str, int, float))


def groups_of(row: Row, by: Sequence[str]) -> list[tuple[GroupKey, tuple[Scalar, ...]]]:
    """Return the groups of a row, by texts and by values of the BY fields; none when a BY field is missing."""
    get = row.get
    cells: Any = tuple([get(name) for name in by])
    if _TEXTS.issuperset(map(type, cells)):  # most are; the rest gives the same and is slower
        return [(cells, cells)]
    if _SCALARS.issuperset(map(type, cells)):
        return [(tuple(map(text, cells)), cells)]
    return [
        (tuple(map(text, values)), values)
        for values in itertools.product(*[_distinct(members(cell)) for cell in cells])
    ]


def _distinct(values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return values if len(values) < 2 else tuple({text(value): value for value in values}.values())


def collect(rows: Rows, by: Sequence[str], homes: list[Group | None] | None = None) -> dict[GroupKey, Group]:
    """Sort rows into groups, in order of arrival; without BY all rows are one group.

    Args:
        homes: gets, for each row, the first group that it is in; None for none.
    """
    groups: dict[GroupKey, Group] = {}
    for row in rows:
        home: Group | None = None
        for place, values in groups_of(row, by):
            group = groups.get(place)
            if group is None:
                group = groups[place] = Group(values, [])
            group.rows.append(row)
            home = home or group
        if homes is not None:
            homes.append(home)
    return groups


def ordered_groups(groups: Mapping[GroupKey, AnyGroup], switches: Switches) -> list[AnyGroup]:
    """Return the groups sorted by their values, or shuffled by the switch row_seed."""
    found = list(groups.values())
    if switches.row_seed is not None:
        random.Random(switches.row_seed).shuffle(found)  # noqa: S311 - a reproducible order, no secret
        return found
    if len(found) < 2:
        return found
    columns = [_sort_keys(column) for column in zip(*[group.by for group in found])]
    if not columns:
        return found
    keys: list[Any] = columns[0] if len(columns) == 1 else list(zip(*columns))
    return [found[place] for place in sorted(range(len(found)), key=keys.__getitem__)]


def _sort_keys(values: Sequence[Scalar]) -> list[Any]:
    """Return sort keys that order these values as `order_key` does; texts that are no numbers are their own."""
    if all(type(value) is str and not looks_numeric(value) for value in values):
        return list(values)
    return [order_key(value) for value in values]


def order_key(value: Value) -> tuple[int, float, str]:
    """Sort key: numbers before texts, each in their own order."""
    as_number = number(value)
    return (0, as_number, "") if as_number is not None else (1, 0, text(value))


def settings_for(
    switches: Switches, warn: Callable[[str], None], span: float | None = None, all_numbers: bool = False
) -> Settings:
    """Return what the functions need to know of a run."""
    return Settings(switches.percentile == "interpolated", warn, span, all_numbers)


def results(columns: Sequence[Column], rows: Rows, evaluation: Any, settings: Settings) -> dict[str, Value]:
    """Return the columns of one group; None is null."""
    return {column.name: column.of(rows, evaluation, settings) for column in columns}


KNOWN = tuple(FUNCTIONS)
