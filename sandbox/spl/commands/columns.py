"""fields, table, rename: which columns a row has, and how they are called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..context import RunContext
from ..rows import Row
from ..stream import TokenStream
from ..values import Value
from .base import Command, Compiler, Rows, all_names, chosen_names, command, is_internal


class Fields(Command):
    """fields: keeps the named fields and the internal ones, or takes the named ones away."""

    idle = True

    def __init__(self, patterns: Sequence[str], remove: bool) -> None:
        self._patterns = patterns
        self._remove = remove
        self._plain = not any("*" in pattern for pattern in patterns)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            if self._plain:
                names: Sequence[str] = self._patterns
            else:
                names = chosen_names(self._patterns, row.names())
            if self._remove:
                for name in names:
                    row.values[name] = None
            else:
                of_event = () if row.reader is None else ("_time", "_raw", "_indextime")
                row.keep([*(name for name in (*of_event, *row.values) if is_internal(name)), *names])
        return rows


@command("fields")
def parse_fields(stream: TokenStream, compiler: Compiler) -> Command:
    patterns: list[str] = []
    sign = stream.accept("+", "-")
    if sign is None:
        token = stream.peek()
        if token.kind == "word" and token.value[:1] in "+-" and len(token.value) > 1:
            sign = token.value[0]
            stream.next()
            patterns.append(token.value[1:])
            stream.accept(",")
    if not stream.at_end():
        patterns.extend(stream.field_list())
    stream.end()
    if not patterns:
        raise stream.error("The command fields needs at least one field name.")
    return Fields(patterns, sign == "-")


class Table(Command):
    """table: exactly these columns, in this order."""

    idle = True

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._plain = not any("*" in pattern for pattern in patterns)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        names = self._patterns if self._plain else chosen_names(self._patterns, all_names(rows))
        out = []
        for row in rows:
            values = {name: row.get(name) for name in names}
            out.append(Row({name: value for name, value in values.items() if value is not None}))
        return out


@command("table")
def parse_table(stream: TokenStream, compiler: Compiler) -> Command:
    patterns = stream.field_list()
    stream.end()
    return Table(patterns)


class Rename(Command):
    """rename: from left to right; where the old field is missing, the new name is emptied."""

    idle = True

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = [(old, new, _groups(old) if "*" in old else None) for old, new in pairs]
        self._known: dict[tuple[str, str], dict[str, str | None]] = {}

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            for old, new, pattern in self._pairs:
                if pattern is None:
                    value = row.get(old)
                    row.set(old, None)
                    row.values.pop(new, None)
                    row.set(new, value)
                    continue
                known = self._known.setdefault((old, new), {})
                moved: list[tuple[str, Value]] = []
                for name in row.names():
                    if name not in known:
                        known[name] = _renamed(name, old, new, pattern)
                    becomes = known[name]
                    if becomes is not None:
                        moved.append((becomes, row.get(name)))
                        row.set(name, None)
                for name, value in moved:
                    row.set(name, value)
        return rows


def _renamed(name: str, old: str, new: str, pattern: re.Pattern[str]) -> str | None:
    """Return what a field is called after ``rename old AS new``, both with wildcards; None for what does not fit."""
    found = pattern.fullmatch(name)
    if found is None or (is_internal(name) and not old.startswith("_")):
        return None
    parts = iter(found.groups())
    return re.sub(r"\*", lambda _: next(parts), new)


def _groups(pattern: str) -> re.Pattern[str]:
    return re.compile("(.*)".join(re.escape(part) for part in pattern.split("*")), re.S)


@command("rename")
def parse_rename(stream: TokenStream, compiler: Compiler) -> Command:
    pairs: list[tuple[str, str]] = []
    while True:
        old = stream.field()
        stream.expect("as")
        place = stream.place()
        new = stream.field("a new name")
        if old.count("*") != new.count("*"):
            raise place.error(f'"{old}" and "{new}" must have the same number of wildcards.')
        pairs.append((old, new))
        if stream.at_end():
            return Rename(pairs)
        stream.accept(",")
