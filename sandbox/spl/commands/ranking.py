"""top and rare: the commonest and the rarest values (SR: top, rare)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..context import RunContext
from ..grouping import groups_of, order_key
from ..rows import Row
from ..stream import BOOLEAN, INTEGER, TEXT, TokenStream
from ..values import Scalar, Value, tidy
from .base import Command, Compiler, Rows, command

Key = tuple[str, ...]
_OPTIONS = {"limit": INTEGER, "countfield": TEXT, "percentfield": TEXT, "showcount": BOOLEAN, "showperc": BOOLEAN,
            "useother": BOOLEAN, "otherstr": TEXT}  # fmt: skip


class Ranking(Command):
    """Counts combinations of values; the percentage is of the rows that have the fields."""

    def __init__(self, fields: Sequence[str], by: Sequence[str], options: dict[str, Any], rare: bool) -> None:
        self._fields = fields
        self._by = by
        self._limit = options.get("limit", 10)
        self._count_field = options.get("countfield", "count")
        self._percent_field = options.get("percentfield", "percent")
        self._show_count = options.get("showcount", True)
        self._show_percent = options.get("showperc", True)
        self._other = options.get("otherstr", "OTHER") if options.get("useother") else None
        self._rare = rare

    def run(self, rows: Rows, context: RunContext) -> Rows:
        groups: dict[Key, tuple[tuple[Scalar, ...], dict[Key, tuple[tuple[Scalar, ...], int]]]] = {}
        for row in rows:
            found = groups_of(row, self._fields)
            for place, by in groups_of(row, self._by):
                _, counts = groups.setdefault(place, (by, {}))
                for key, value in found:
                    shown, count = counts.get(key, (value, 0))
                    counts[key] = (shown, count + 1)
        out: Rows = []
        for by, counts in sorted(groups.values(), key=lambda group: [order_key(value) for value in group[0]]):
            out.extend(self._rank(by, list(counts.values())))
        return out

    def _rank(self, by: tuple[Scalar, ...], counts: list[tuple[tuple[Scalar, ...], int]]) -> Rows:
        total = sum(count for _, count in counts)
        sign = 1 if self._rare else -1
        counts.sort(key=lambda entry: (sign * entry[1], [order_key(value) for value in entry[0]]))
        kept = counts[: self._limit] if self._limit else counts
        rest = sum(count for _, count in counts[len(kept) :])
        if rest and self._other is not None:
            kept = [*kept, (tuple(self._other for _ in self._fields), rest)]
        return [Row(self._values(by, values, count, total)) for values, count in kept]

    def _values(self, by: tuple[Scalar, ...], values: tuple[Scalar, ...], count: int, total: int) -> dict[str, Value]:
        found: dict[str, Value] = dict(zip(self._by, by))
        found.update(zip(self._fields, values))
        if self._show_count:
            found[self._count_field] = count
        if self._show_percent:
            found[self._percent_field] = tidy(round(100 * count / total, 6))
        return found


@command("top", "rare")
def parse_ranking(stream: TokenStream, compiler: Compiler) -> Command:
    count = stream.accept_integer()
    options = stream.options(_OPTIONS)
    fields = stream.field_list(stop=("by",), wildcards=False)
    stream.options(_OPTIONS, options)
    by = stream.by_clause()
    stream.options(_OPTIONS, options)
    stream.end()
    if count is not None:
        options["limit"] = count
    return Ranking(fields, by, options, stream.command == "rare")
