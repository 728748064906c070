"""makemv, mvexpand, mvcombine, nomv: multivalue fields made, taken apart and joined."""

from __future__ import annotations

from typing import Any

from ..context import RunContext
from ..pcre import compile_regex
from ..rows import Row
from ..store import Event
from ..stream import BOOLEAN, INTEGER, TEXT, TokenStream
from ..values import Scalar, members, multivalue, text
from .base import Command, Compiler, Rows, command


class MakeMv(Command):
    """makemv: splits a text at a delimiter, or takes a tokenizer's first group of each match."""

    idle = True

    def __init__(self, field: str, delimiter: str, tokenizer: Any | None, allow_empty: bool) -> None:
        self._field = field
        self._delimiter = delimiter
        self._tokenizer = tokenizer
        self._allow_empty = allow_empty

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            value = row.get(self._field)
            if value is None:
                continue
            parts = [part for member in members(value) for part in self._split(text(member))]
            row.set(self._field, multivalue(parts) if parts else value)
        return rows

    def _split(self, value: str) -> list[Scalar]:
        if self._tokenizer is not None:
            group = 1 if self._tokenizer.groups else 0
            return [match.group(group) for match in self._tokenizer.finditer(value) if match.group(group) is not None]
        return [part for part in value.split(self._delimiter) if part or self._allow_empty]


@command("makemv")
def parse_makemv(stream: TokenStream, compiler: Compiler) -> Command:
    place = stream.place()
    known = {"delim": TEXT, "tokenizer": TEXT, "allowempty": BOOLEAN, "setsv": BOOLEAN}
    options = stream.options(known)
    field = stream.field(wildcards=False)
    stream.options(known, options)
    stream.end()
    if options.get("setsv"):
        raise place.error("The option setsv=t of makemv is not known here.")
    if "delim" in options and "tokenizer" in options:
        raise place.error("makemv takes delim or tokenizer, not both.")
    tokenizer = compile_regex(options["tokenizer"], place) if "tokenizer" in options else None
    return MakeMv(field, options.get("delim") or " ", tokenizer, options.get("allowempty", False))


MEMORY_LIMIT = 500 * 1024 * 1024
"""limits.conf [mvexpand] max_mem_usage_mb."""


class MvExpand(Command):
    """mvexpand: one row for each value, other fields copied; a row without the field stays as it is."""

    idle = True

    def __init__(self, field: str, limit: int) -> None:
        self._field = field
        self._limit = limit

    def run(self, rows: Rows, context: RunContext) -> Rows:
        out: Rows = []
        used = 0
        for row in rows:
            values = members(row.get(self._field))[: self._limit or None]
            if len(values) < 2:
                row.set(self._field, values[0] if values else None)
                out.append(row)
                continue
            used += len(values) * _size(row)
            if used > MEMORY_LIMIT:
                context.warn("mvexpand reached its 500 MB: Splunk cuts its results short there; so does this.")
                break
            for value in values:
                copied = row.copy()
                copied.set(self._field, value)
                out.append(copied)
        return out


def _size(row: Row) -> int:
    """Estimate what one copy of a row takes, in bytes, without extracting a field for it."""
    size = len(row.event.raw) if isinstance(row.event, Event) else 0
    for name, value in row.values.items():
        size += len(name) + len(value if type(value) is str else text(value))
    return size


@command("mvexpand")
def parse_mvexpand(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options({"limit": INTEGER})
    field = stream.field(wildcards=False)
    stream.options({"limit": INTEGER}, options)
    stream.end()
    return MvExpand(field, options.get("limit", 0))


class MvCombine(Command):
    """mvcombine: rows that differ in one field only become one row with a multivalue."""

    def __init__(self, field: str, delimiter: str | None) -> None:
        self._field = field
        self._delimiter = delimiter

    def run(self, rows: Rows, context: RunContext) -> Rows:
        if self._delimiter is not None:
            context.delimiters[self._field] = self._delimiter
        out: Rows = []
        places: dict[tuple[tuple[str, tuple[str, ...]], ...], tuple[Row, list[Scalar]]] = {}
        for row in rows:
            if row.get(self._field) is None:
                out.append(row)
                continue
            rest = sorted((n, v) for n, v in row.to_dict().items() if n != self._field and n != "_raw")
            key = tuple((name, tuple(map(text, members(value)))) for name, value in rest)
            if key not in places:
                places[key] = (row, [])
                out.append(row)
            places[key][1].extend(members(row.get(self._field)))
        for row, values in places.values():
            row.set(self._field, multivalue(values))
        return out


@command("mvcombine")
def parse_mvcombine(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options({"delim": TEXT})
    field = stream.field(wildcards=False)
    stream.options({"delim": TEXT}, options)
    stream.end()
    return MvCombine(field, options.get("delim"))


class NoMv(Command):
    """nomv: a multivalue becomes one text, values on lines of their own unless mvcombine gave a delimiter."""

    idle = True

    def __init__(self, field: str) -> None:
        self._field = field

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            value = row.get(self._field)
            if isinstance(value, tuple):
                row.set(self._field, context.delimiters.get(self._field, "\n").join(map(text, value)))
        return rows


@command("nomv")
def parse_nomv(stream: TokenStream, compiler: Compiler) -> Command:
    field = stream.field(wildcards=False)
    stream.end()
    return NoMv(field)
