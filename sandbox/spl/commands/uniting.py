"""union, multisearch, appendcols: several searches side by side (SR: the pages of these names)."""

from __future__ import annotations

from collections.abc import Sequence

from ..context import APPEND_LIMIT, RunContext
from ..stream import BOOLEAN, INTEGER, TokenStream
from ..values import number
from .base import Command, Compiler, Rows, command, is_internal

_SUBSEARCH_OPTIONS = {"maxout": INTEGER, "maxtime": INTEGER, "timeout": INTEGER}


def newest_first(rows: Rows) -> Rows:
    """Return rows interleaved by `_time`, newest first; rows without a time come last, as they stood."""
    timed = [row for row in rows if number(row.get("_time")) is not None]
    timed.sort(key=lambda row: float(number(row.get("_time")) or 0), reverse=True)
    return timed + [row for row in rows if number(row.get("_time")) is None]


class Union(Command):
    """union: searches that only stream are interleaved by `_time`; with any other, rows are appended in order."""

    def __init__(self, inner: Sequence[Command], limit: int, interleave: bool) -> None:
        self._inner = inner
        self._limit = limit
        self._interleave = interleave

    def run(self, rows: Rows, context: RunContext) -> Rows:
        out = list(rows)
        for command_of in self._inner:
            found = command_of.run([], context.child())
            if not self._interleave and len(found) > self._limit:
                context.warn(f"union keeps {self._limit} results of a subsearch; one had {len(found)}.")
                found = found[: self._limit]
            out.extend(found)
        return newest_first(out) if self._interleave else out


class MultiSearch(Union):
    """multisearch: streaming searches only, two at least; it stands first."""

    generates = True


@command("union")
def parse_union(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options(_SUBSEARCH_OPTIONS)
    inner: list[Command] = []
    streaming = True
    while not stream.at_end():
        if not stream.at("["):
            raise stream.error("union takes subsearches in brackets here; named data sets are not known.")
        subsearch = stream.subsearch()
        streaming = streaming and compiler.streams(subsearch)
        inner.append(compiler.subsearch(subsearch))
        stream.accept(",")
    if not inner:
        raise stream.error("The command union needs a subsearch in brackets.")
    # Rows that flow in may have been transformed: then Splunk appends. Only the store's own order is interleaved.
    return Union(inner, options.get("maxout", APPEND_LIMIT), streaming)


@command("multisearch")
def parse_multisearch(stream: TokenStream, compiler: Compiler) -> Command:
    inner: list[Command] = []
    while not stream.at_end():
        place = stream.place()
        subsearch = stream.subsearch()
        if not compiler.streams(subsearch):
            raise place.error("multisearch takes streaming commands only (search, eval, where, rename, rex ...).")
        inner.append(compiler.subsearch(subsearch))
    if len(inner) < 2:
        raise stream.error("The command multisearch needs two subsearches at least.")
    return MultiSearch(inner, 0, True)


class AppendCols(Command):
    """appendcols: fields of the subsearch's first row go to the first row, of its second to the second, and so on."""

    def __init__(self, inner: Command, limit: int, override: bool) -> None:
        self._inner = inner
        self._limit = limit
        self._override = override

    def run(self, rows: Rows, context: RunContext) -> Rows:
        found = self._inner.run([], context.child())
        if len(found) > self._limit:
            context.warn(f"appendcols keeps {self._limit} results of its subsearch; it had {len(found)}.")
            found = found[: self._limit]
        for row, extra in zip(rows, found):
            for name, value in extra.to_dict().items():
                if not is_internal(name) and (self._override or row.get(name) is None):
                    row.set(name, value)
        return rows + found[len(rows) :]


@command("appendcols")
def parse_appendcols(stream: TokenStream, compiler: Compiler) -> Command:
    known = {**_SUBSEARCH_OPTIONS, "override": BOOLEAN}
    options = stream.options(known)
    inner = compiler.subsearch(stream.subsearch())
    stream.options(known, options)
    stream.end()
    return AppendCols(inner, options.get("maxout", APPEND_LIMIT), options.get("override", False))
