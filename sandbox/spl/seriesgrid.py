"""The grid behind chart and timechart: samples by row value and series, and how they become columns.

Knows the series options (limit, agg, useother, usenull, otherstr, nullstr, sep, format) and the where clause. Which row
a value belongs to is the commands' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .grouping import Column, order_key
from .kinds import BOOLEAN, TEXT, Kind
from .rows import Row
from .statistics import FUNCTIONS, ZERO_WHEN_EMPTY, Sample, Settings, compute
from .stream import TokenStream
from .tokens import Token
from .values import Scalar, Value, members, number, text

Cell = list[Sample]
Rows = list[Row]


def _limit(value: str, token: Token, stream: TokenStream) -> tuple[int, bool]:
    """Take 5, top5 or bottom5; 0 is no limit."""
    word = value.lower()
    bottom = word.startswith("bottom")
    digits = word[6:] if bottom else word[3:] if word.startswith("top") else word
    if not digits.isdigit():
        raise stream.error(f'A limit is a number, topN or bottomN, not "{value}".', token=token)
    return int(digits), bottom


def _aggregate(value: str, token: Token, stream: TokenStream) -> str:
    name = value.lower()
    if name not in FUNCTIONS:
        raise stream.error(f'"{value}" is no statistical function.', FUNCTIONS, name, token)
    return name


SERIES_OPTIONS: dict[str, Kind] = {
    "limit": _limit, "agg": _aggregate, "useother": BOOLEAN, "usenull": BOOLEAN, "otherstr": TEXT, "nullstr": TEXT,
    "sep": TEXT, "format": TEXT, "cont": BOOLEAN,
}  # fmt: skip


@dataclass(frozen=True)
class WhereClause:
    """``where sum in top5``, ``where max < 10``: which series are shown by themselves."""

    function: str
    sign: str
    bound: float
    bottom: bool = False

    def chosen(self, scores: dict[str, float]) -> set[str]:
        """Return the names of the series that pass."""
        if self.sign == "<":
            return {name for name, score in scores.items() if score < self.bound}
        if self.sign == ">":
            return {name for name, score in scores.items() if score > self.bound}
        ranked = sorted(scores, key=lambda name: scores[name], reverse=not self.bottom)[: int(self.bound)]
        return set(ranked) if self.sign == "in" else set(scores) - set(ranked)


def parse_where(stream: TokenStream) -> WhereClause | None:
    """Take the where clause of chart and timechart if it stands here."""
    if not stream.accept("where"):
        return None
    token = stream.peek()
    function = _aggregate(stream.word("a statistical function"), token, stream)
    sign = stream.expect("<", ">", "in", "notin")
    token = stream.peek()
    written = stream.word("a number, topN or bottomN")
    if sign in ("in", "notin"):
        count, bottom = _limit(written, token, stream)
        return WhereClause(function, sign, count, bottom)
    bound = number(written)
    if bound is None:
        raise stream.error("A number is needed here.", token=token)
    return WhereClause(function, sign, float(bound))


class Grid:
    """One grid of one run."""

    def __init__(
        self, columns: Sequence[Column], options: dict[str, Any], split: str | None, where: WhereClause | None = None
    ) -> None:
        self._columns = columns
        self._split = split
        self._limit, self._bottom = options.get("limit", (10, False))
        self._agg = options.get("agg", "sum")
        self._use_other = options.get("useother", True)
        self._use_null = options.get("usenull", True)
        self._other = options.get("otherstr", "OTHER")
        self._null = options.get("nullstr", "NULL")
        self._format = options.get("format", "$AGG$" + options.get("sep", ": ") + "$VAL$")
        self._where = where
        self._cells: dict[tuple[str, str], Cell] = {}
        self.rows: dict[str, Scalar] = {}
        self._series: dict[str, Scalar] = {}

    def add(self, at: Scalar, row: Row, evaluation: Any) -> None:
        """Put one row's values into the cells that it belongs to."""
        names: tuple[Scalar, ...] = ("",)
        if self._split is not None:
            names = members(row.get(self._split))
            if not names:
                if not self._use_null:
                    return
                names = (self._null,)
        key = text(at)
        self.rows.setdefault(key, at)
        time = number(row.get("_time"))
        read = [column.read(row, evaluation) for column in self._columns]
        for name in names:
            self._series.setdefault(text(name), name)
            cell = self._cells.setdefault((key, text(name)), [Sample() for _ in self._columns])
            for sample, values in zip(cell, read):
                sample.values.extend(values)
                sample.times.extend([time] * len(values))

    def table(self, row_field: str | None, keys: Sequence[str], settings: Settings) -> Rows:
        """Return one row for each key, with every series as a column."""
        shown, merged = self._chosen(settings)
        out: Rows = []
        for key in keys:
            values: dict[str, Value] = {} if row_field is None else {row_field: self.rows[key]}
            for place, column in enumerate(self._columns):
                for name, label in self._labels(column, shown, bool(merged)):
                    sources = merged if name is None else [name]
                    sample = self._sample(key, sources, place)
                    value = compute(column.function, column.parameter, sample, settings)
                    if value is None and column.function in ZERO_WHEN_EMPTY:
                        value = 0
                    values[label] = value
            out.append(Row({name: value for name, value in values.items() if value is not None}))
        return out

    def _labels(self, column: Column, shown: Sequence[str], other: bool) -> list[tuple[str | None, str]]:
        if self._split is None:
            return [("", column.name)]
        names: list[tuple[str | None, str]] = [(name, name) for name in shown]
        if other and self._use_other:
            names.append((None, self._other))
        if len(self._columns) == 1:
            return names
        return [(name, self._format.replace("$AGG$", column.name).replace("$VAL$", label)) for name, label in names]

    def _sample(self, key: str, names: Sequence[str], place: int) -> Sample:
        cells = [self._cells[(key, name)][place] for name in names if (key, name) in self._cells]
        if len(cells) == 1:
            return cells[0]
        sample = Sample()
        for cell in cells:
            sample.values.extend(cell.values)
            sample.times.extend(cell.times)
        return sample

    def _chosen(self, settings: Settings) -> tuple[list[str], list[str]]:
        """Return the series to show and those that merge into OTHER: those with the largest sums stay."""
        if self._split is None:
            return [""], []
        names = sorted(self._series, key=lambda name: order_key(self._series[name]))
        if self._null in names:
            names = [name for name in names if name != self._null] + [self._null]
        countable = [name for name in names if name != self._null]
        if self._where is not None:
            kept = self._where.chosen({name: self._score(name, self._where.function, settings) for name in countable})
        elif not self._limit or len(countable) <= self._limit:
            return names, []
        else:
            scores = {name: self._score(name, self._agg, settings) for name in countable}
            ranked = sorted(countable, key=lambda name: scores[name], reverse=not self._bottom)
            kept = set(ranked[: self._limit])
        return [name for name in names if name in kept or name == self._null], [n for n in countable if n not in kept]

    def _score(self, name: str, function: str, settings: Settings) -> float:
        """Return what ranks a series: a function over its cells' values of the first aggregation."""
        column = self._columns[0]
        sample = Sample()
        for key in self.rows:
            if (key, name) in self._cells:
                value = compute(column.function, column.parameter, self._cells[(key, name)][0], settings)
                if value is not None and not isinstance(value, tuple):
                    sample.values.append(value)
                    sample.times.append(None)
        return float(number(compute(function, None, sample, settings)) or 0)
