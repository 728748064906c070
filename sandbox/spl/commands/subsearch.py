"""format and return, and the text that a subsearch becomes in the search around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..context import APPEND_LIMIT, SUBSEARCH_LIMIT, RunContext
from ..rows import Row
from ..stream import BOOLEAN, INTEGER, TEXT, TokenStream
from ..tokens import escape
from ..values import Value, members, number, text
from .base import Command, Compiler, Rows, command, is_internal

EMPTY = "NOT ( )"
DEFAULT_WORDS = ("(", "(", "AND", ")", "OR", ")")
AS_IS = ("search", "query")
"""Fields whose value is inserted as it stands (SM: About subsearches)."""


def search_text(rows: Rows, context: RunContext) -> str:
    """Return the search text of a subsearch's rows; ends like an implicit `format`."""
    if len(rows) > SUBSEARCH_LIMIT:
        context.warn(f"A subsearch keeps {SUBSEARCH_LIMIT} results; this one had {len(rows)}.")
    return formatted(rows[:SUBSEARCH_LIMIT], DEFAULT_WORDS, "OR", EMPTY)


def formatted(rows: Rows, words: Sequence[str], between_values: str, empty: str) -> str:
    """Write rows as a search expression.

    Args:
        words: the six texts of format: row prefix, column prefix, column separator, column end, row separator, end.
        between_values: operator between the values of a multivalue.
        empty: text of no rows.
    """
    parts = [part for part in (_row_text(row, words, between_values) for row in rows) if part]
    if not parts:
        return empty
    if len(parts) == 1 and len(rows) == 1 and _is_plain(rows[0]):
        return parts[0]
    return f"{words[0]} " + f" {words[4]} ".join(parts) + f" {words[5]}"


def _is_plain(row: Row) -> bool:
    names = [name for name in row.names() if not is_internal(name)]
    return len(names) == 1 and names[0] in AS_IS


def _row_text(row: Row, words: Sequence[str], between_values: str) -> str:
    pieces: list[str] = []
    for name in row.names():
        if is_internal(name):
            continue
        values = members(row.get(name))
        if name in AS_IS:
            pieces.extend(text(value) for value in values)
            continue
        terms = [f"{name}={_quoted(text(value))}" for value in values]
        if len(terms) == 1:
            pieces.append(terms[0])
        elif terms:
            pieces.append("( " + f" {between_values} ".join(terms) + " )")
    if _is_plain(row):
        return " ".join(pieces)
    return f"{words[1]} " + f" {words[2]} ".join(pieces) + f" {words[3]}" if pieces else ""


def _quoted(value: str) -> str:
    return escape(value)


class Format(Command):
    """Turns all rows into one row with the field `search`."""

    def __init__(self, words: Sequence[str], between_values: str, empty: str, maximum: int) -> None:
        self._words = words
        self._between_values = between_values
        self._empty = empty
        self._maximum = maximum

    def run(self, rows: Rows, context: RunContext) -> Rows:
        kept = rows[: self._maximum] if self._maximum else rows
        return [Row({"search": formatted(kept, self._words, self._between_values, self._empty)})]


@command("format")
def parse_format(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"mvsep": TEXT, "maxresults": INTEGER, "emptystr": TEXT}
    options = stream.options(known)
    words: Sequence[str] = DEFAULT_WORDS
    if not stream.at_end():
        words = [stream.string("six texts in double quotes") for _ in range(6)]
        stream.options(known, options)
    stream.end()
    return Format(words, options.get("mvsep", "OR"), options.get("emptystr", EMPTY), options.get("maxresults", 0))


class Return(Command):
    """Gives the outer search the values of some fields of the first rows."""

    def __init__(self, count: int, fields: Sequence[tuple[str, str | None]]) -> None:
        self._count = count
        self._fields = fields

    def run(self, rows: Rows, context: RunContext) -> Rows:
        parts = []
        for row in rows[: self._count]:
            pieces = []
            for field, name in self._fields:
                for value in members(row.get(field))[:1]:
                    pieces.append(text(value) if name is None else f"{name}={_quoted(text(value))}")
            if pieces:
                parts.append("(" + " ".join(pieces) + ")" if self._fields[0][1] is not None else " ".join(pieces))
        return [Row({"search": " OR ".join(parts) if parts else EMPTY})]


@command("return")
def parse_return(stream: TokenStream, compiler: Compiler) -> Command:
    count = stream.accept_integer() or 1
    fields: list[tuple[str, str | None]] = []
    while not stream.at_end():
        stream.accept(",")
        name = stream.field(wildcards=False)
        if name.startswith("$"):
            fields.append((name[1:], None))
        elif stream.accept("="):
            fields.append((stream.field(wildcards=False), name))
        else:
            fields.append((name, name))
    if not fields:
        raise stream.error("The command return needs at least one field.")
    return Return(count, fields)


class Append(Command):
    """append: rows of a subsearch after the others. appendpipe: rows of a pipeline over the rows so far."""

    def __init__(self, inner: Command, limit: int, over_rows: bool) -> None:
        self._inner = inner
        self._limit = limit
        self._over_rows = over_rows

    def run(self, rows: Rows, context: RunContext) -> Rows:
        given = [row.copy() for row in rows] if self._over_rows else []
        added = self._inner.run(given, context.child())
        if len(added) > self._limit:
            context.warn(f"append keeps {self._limit} results of its subsearch; it had {len(added)}.")
        return rows + added[: self._limit]


@command("append")
def parse_append(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"maxout": INTEGER, "maxtime": INTEGER, "timeout": INTEGER, "extendtimerange": BOOLEAN}
    options = stream.options(known)
    inner = compiler.subsearch(stream.subsearch())
    stream.options(known, options)
    stream.end()
    if options.get("extendtimerange"):
        raise stream.error("The option extendtimerange=t of append is not known here.")
    return Append(inner, options.get("maxout", APPEND_LIMIT), False)


@command("appendpipe")
def parse_appendpipe(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options({"run_in_preview": BOOLEAN})
    inner = compiler.over_rows(stream.subsearch())
    stream.options({"run_in_preview": BOOLEAN}, options)
    stream.end()
    return Append(inner, 10**9, True)


class Join(Command):
    """join: fields of a subsearch's rows where the join fields are equal, case included."""

    def __init__(self, inner: Command, fields: Sequence[str], keep: bool, options: dict[str, Any]) -> None:
        self._inner = inner
        self._fields = fields
        self._keep = keep
        self._maximum = options.get("max", 1)
        self._overwrite = options.get("overwrite", True)
        self._use_time = options.get("usetime", False)
        self._earlier = options.get("earlier", True)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        found = self._inner.run([], context.child())
        if len(found) > APPEND_LIMIT:
            context.warn(f"join keeps {APPEND_LIMIT} results of its subsearch; it had {len(found)}.")
        right = [row.to_dict() for row in found[:APPEND_LIMIT]]
        fields = self._fields or sorted(
            {name for row in right for name in row if not is_internal(name)}
            & {name for row in rows for name in row.names()}
        )
        index: dict[tuple[str, ...], list[dict[str, Value]]] = {}
        for entry in right:
            if all(entry.get(name) is not None for name in fields):
                index.setdefault(tuple(text(entry[name]) for name in fields), []).append(entry)
        out: Rows = []
        for row in rows:
            values = [row.get(name) for name in fields]
            matches = index.get(tuple(map(text, values)), []) if None not in values else []
            if self._use_time:
                matches = [entry for entry in matches if self._in_time(row, entry)]
            for entry in matches[: self._maximum or None]:
                merged = row.copy()
                for name, value in entry.items():
                    if self._overwrite or merged.get(name) is None:
                        merged.set(name, value)
                out.append(merged)
            if not matches and self._keep:
                out.append(row)
        return out


    def _in_time(self, row: Row, entry: dict[str, Value]) -> bool:
        """Say whether an entry is on the wanted side of the row in time; the same second is on both."""
        here, there = number(row.get("_time")), number(entry.get("_time"))
        if here is None or there is None:
            return False
        return there <= here if self._earlier else there >= here


@command("join")
def parse_join(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"type": TEXT, "max": INTEGER, "overwrite": BOOLEAN, "usetime": BOOLEAN, "earlier": BOOLEAN}
    options = stream.options(known)
    fields = [] if stream.at("[") else stream.field_list(wildcards=False)
    stream.options(known, options)
    inner = compiler.subsearch(stream.subsearch())
    stream.end()
    kind = str(options.get("type", "inner")).lower()
    if kind not in ("inner", "left", "outer"):
        raise stream.error(f'The option type of join is inner, left or outer, not "{kind}".')
    return Join(inner, fields, kind != "inner", options)
