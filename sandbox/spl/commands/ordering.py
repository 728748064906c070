"""sort, dedup, head, tail, reverse: order, and what is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Callable

from ..context import SORT_LIMIT, RunContext
from ..evaluate import Closure, compile_condition
from ..rows import Row
from ..stream import BOOLEAN, INTEGER, TokenStream
from ..values import Scalar, Value, address_key, compare_auto, members, number, text
from .base import Command, Compiler, Rows, command

SortKey = tuple[str, str, bool]
"""(field, kind, descending)"""

_TEXTS_AND_NUMBERS = frozenset((str, int, float))

KINDS = ("auto", "num", "str", "ip")


def _first(value: Value) -> Scalar | None:
    found = members(value)
    return found[0] if found else None


def _numeric(value: Scalar) -> float | None:
    return number(value)


def _key_of(kind: str, values: Sequence[Scalar]) -> Callable[[Scalar], object]:
    if kind == "auto":
        if all(type(value) in (int, float) or number(value) is not None for value in values):
            return lambda value: number(value)
        if all(number(value) is None and address_key(value) is None for value in values):
            return text
        return cmp_to_key(compare_auto)
    if kind == "num":
        return lambda value: number(value)
    return address_key if kind == "ip" else text


def _sortable(kind: str, value: Scalar | None) -> bool:
    if value is None:
        return False
    if kind == "num":
        return number(value) is not None
    return kind != "ip" or address_key(value) is not None


def sort_rows(rows: Rows, keys: Sequence[SortKey]) -> Rows:
    """Sort by the keys in their order; stable; rows without a value (of the kind) come last either way."""
    ordered = list(rows)
    if len(ordered) < 2:
        return ordered
    for field, kind, descending in reversed(keys):
        cells = [row.get(field) for row in ordered]
        if kind in ("auto", "str") and _TEXTS_AND_NUMBERS.issuperset(map(type, cells)):
            keys_of = list(map(_key_of(kind, cells), cells))  # type: ignore[arg-type]
            places = sorted(range(len(cells)), key=keys_of.__getitem__, reverse=descending)  # type: ignore[arg-type]
            ordered = [ordered[place] for place in places]
            continue
        present: list[tuple[Scalar, Row]] = []
        missing: Rows = []
        for row in ordered:
            value = _first(row.get(field))
            if value is not None and _sortable(kind, value):
                present.append((value, row))
            else:
                missing.append(row)
        key = _key_of(kind, [value for value, _ in present])
        present.sort(key=lambda pair: key(pair[0]), reverse=descending)  # type: ignore[arg-type,return-value]
        ordered = [row for _, row in present] + missing
    return ordered


class Sort(Command):
    """sort: at most ``count`` rows leave it; 0 is all."""

    idle = True

    def __init__(self, keys: Sequence[SortKey], count: int, backwards: bool) -> None:
        self._keys = [(f, k, d != backwards) for f, k, d in keys]
        self._count = count

    def run(self, rows: Rows, context: RunContext) -> Rows:
        ordered = sort_rows(rows, self._keys)
        if self._count and len(ordered) > self._count:
            if self._count == SORT_LIMIT:
                context.warn(f"sort keeps {SORT_LIMIT} results and dropped {len(ordered) - SORT_LIMIT}; write sort 0.")
            return ordered[: self._count]
        return ordered


def parse_sort_keys(stream: TokenStream) -> list[SortKey]:
    """Take ``[+|-]field``, ``num(field)`` and so on, separated by commas or spaces."""
    keys: list[SortKey] = []
    while not stream.at_end() and not stream.at("desc", "d"):
        descending = False
        sign = stream.accept("-", "+")
        if sign:
            descending = sign == "-"
        token = stream.peek()
        kind = "auto"
        if token.kind == "word":
            word = token.value
            if word[:1] in "+-" and len(word) > 1:
                descending, word = word[0] == "-", word[1:]
            if word.lower() in KINDS and stream.lexer.argument(token.end).is_symbol("("):
                stream.next()
                stream.expect("(")
                kind, word = word.lower(), stream.field(wildcards=False)
                stream.expect(")")
            else:
                stream.next()
            keys.append((word, kind, descending))
        else:
            keys.append((stream.field(wildcards=False), kind, descending))
        stream.accept(",")
    return keys


@command("sort")
def parse_sort(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options({"limit": INTEGER})
    count = stream.accept_integer()
    if count is None:
        count = options.get("limit", SORT_LIMIT)
    keys = parse_sort_keys(stream)
    if not keys:
        raise stream.error("The command sort needs at least one field.")
    backwards = stream.accept("desc", "d") is not None
    stream.end()
    return Sort(keys, count, backwards)


class Dedup(Command):
    """dedup: the first rows of each combination of values; a multivalue must match entirely."""

    idle = True

    def __init__(self, count: int, fields: Sequence[str], options: dict[str, bool], keys: Sequence[SortKey]) -> None:
        self._count = count
        self._fields = fields
        self._keep_events = options.get("keepevents", False)
        self._keep_empty = options.get("keepempty", False)
        self._consecutive = options.get("consecutive", False)
        self._keys = keys

    def run(self, rows: Rows, context: RunContext) -> Rows:
        kept: Rows = []
        seen: dict[tuple[tuple[str, ...], ...], int] = {}
        for row in rows:
            values = [row.get(name) for name in self._fields]
            if None in values:
                if self._keep_empty:
                    kept.append(row)
                elif self._keep_events:
                    kept.append(self._emptied(row))
                continue
            key = tuple(tuple(map(text, members(value))) for value in values)
            if self._consecutive and key not in seen:
                seen.clear()
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= self._count:
                kept.append(row)
            elif self._keep_events:
                kept.append(self._emptied(row))
        return sort_rows(kept, self._keys) if self._keys else kept

    def _emptied(self, row: Row) -> Row:
        for name in self._fields:
            row.set(name, None)
        return row


@command("dedup")
def parse_dedup(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"keepevents": BOOLEAN, "keepempty": BOOLEAN, "consecutive": BOOLEAN}
    count = stream.accept_integer()
    if count is not None and count < 1:
        raise stream.error("The command dedup needs a count of at least 1.")
    options = stream.options(known)
    fields = stream.field_list(stop=("sortby",), wildcards=False)
    stream.options(known, options)
    keys = parse_sort_keys(stream) if stream.accept("sortby") else []
    stream.end()
    return Dedup(count or 1, fields, options, keys)


class Head(Command):
    """head: the first rows, or those before the condition fails."""

    idle = True

    def __init__(self, count: int | None, condition: Closure | None, keep_last: bool, unknown: bool) -> None:
        self._count = count
        self._condition = condition
        self._keep_last = keep_last
        self._unknown = unknown

    def run(self, rows: Rows, context: RunContext) -> Rows:
        if self._condition is not None:
            for place, row in enumerate(rows):
                found = self._condition(row, context.evaluation)
                if found is not True and not (found is None and self._unknown):
                    rows = rows[: place + (1 if self._keep_last else 0)]
                    break
        return rows if self._count is None else rows[: self._count]


@command("head")
def parse_head(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"limit": INTEGER, "keeplast": BOOLEAN, "null": BOOLEAN}
    options = stream.options(known)
    count = stream.accept_integer()
    condition = None
    if stream.accept("("):
        condition = compile_condition(stream.expression())
        stream.expect(")")
    stream.options(known, options)
    stream.end()
    if count is None:
        count = options.get("limit", None if condition is not None else 10)
    return Head(count, condition, options.get("keeplast", False), options.get("null", False))


class Tail(Command):
    """tail: the last rows, the last first."""

    idle = True

    def __init__(self, count: int) -> None:
        self._count = count

    def run(self, rows: Rows, context: RunContext) -> Rows:
        return rows[::-1][: self._count]


@command("tail")
def parse_tail(stream: TokenStream, compiler: Compiler) -> Command:
    count = stream.accept_integer()
    stream.end()
    return Tail(10 if count is None else count)


class Reverse(Command):
    """reverse: the other way round."""

    idle = True

    def run(self, rows: Rows, context: RunContext) -> Rows:
        return rows[::-1]


@command("reverse")
def parse_reverse(stream: TokenStream, compiler: Compiler) -> Command:
    stream.end()
    return Reverse()
