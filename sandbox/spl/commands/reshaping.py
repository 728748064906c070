"""untable, xyseries, transpose: rows into columns and back."""

from __future__ import annotations

from typing import Any

from ..context import RunContext
from ..grouping import order_key
from ..rows import Row
from ..stream import BOOLEAN, INTEGER, TEXT, TokenStream
from ..values import Value, text
from .base import Command, Compiler, Rows, command, is_internal


class Untable(Command):
    """untable: each cell becomes a row of key, column name and value."""

    def __init__(self, key: str, name: str, value: str) -> None:
        self._key = key
        self._name = name
        self._value = value

    def run(self, rows: Rows, context: RunContext) -> Rows:
        out: Rows = []
        for row in rows:
            key = row.get(self._key)
            for name in row.names():
                if name != self._key and not is_internal(name):
                    out.append(Row({self._key: key, self._name: name, self._value: row.get(name)}))
        return out


@command("untable")
def parse_untable(stream: TokenStream, compiler: Compiler) -> Command:
    names = stream.field_list(wildcards=False)
    stream.end()
    if len(names) != 3:
        raise stream.error("The command untable needs three fields: key, name and value.")
    return Untable(*names)


class XySeries(Command):
    """xyseries: a row for each key, a column for each name; with several values the column is `value: name`."""

    def __init__(self, key: str, name: str, values: list[str], label: str) -> None:
        self._key = key
        self._name = name
        self._values = values
        self._label = label

    def run(self, rows: Rows, context: RunContext) -> Rows:
        table: dict[str, dict[str, Value]] = {}
        columns: dict[str, Value] = {}
        for row in rows:
            key, name = row.get(self._key), row.get(self._name)
            if key is None or name is None:
                continue
            cells = table.setdefault(text(key), {self._key: key})
            for field in self._values:
                value = row.get(field)
                label = text(name)
                if len(self._values) > 1:
                    label = self._label.replace("$AGG$", field).replace("$VAL$", label)
                columns.setdefault(label, name)
                if value is not None:
                    cells[label] = value
        ordered = sorted(columns, key=lambda label: order_key(columns[label]))
        keys = sorted(table, key=lambda key: order_key(table[key][self._key]))
        return [Row({name: table[key][name] for name in (self._key, *ordered) if name in table[key]}) for key in keys]


@command("xyseries")
def parse_xyseries(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"grouped": BOOLEAN, "sep": TEXT, "format": TEXT}
    options = stream.options(known)
    names = stream.field_list(wildcards=False)
    stream.options(known, options)
    stream.end()
    if options.get("grouped"):
        raise stream.error("The option grouped=t of xyseries is not known here.")
    if len(names) < 3:
        raise stream.error("The command xyseries needs at least three fields: key, name and value.")
    label = options.get("format", "$AGG$" + options.get("sep", ": ") + "$VAL$")
    return XySeries(names[0], names[1], names[2:], label)


class Transpose(Command):
    """transpose: columns become rows."""

    def __init__(self, count: int, options: dict[str, Any]) -> None:
        self._count = count
        self._column = options.get("column_name", "column")
        self._header = options.get("header_field")
        self._empty = options.get("include_empty", True)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        kept = rows[: self._count] if self._count else rows
        names = dict.fromkeys(name for row in kept for name in row.names())
        heads = [
            text(row.get(self._header)) if self._header else f"row {place}" for place, row in enumerate(kept, start=1)
        ]
        out: Rows = []
        for name in names:
            if name == self._header or is_internal(name):
                continue
            if not self._empty and all(text(row.get(name)) == "" for row in kept):
                continue
            values: dict[str, Value] = {self._column: name}
            values.update({head: row.get(name) for head, row in zip(heads, kept) if row.get(name) is not None})
            out.append(Row(values))
        return out


@command("transpose")
def parse_transpose(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"column_name": TEXT, "header_field": TEXT, "include_empty": BOOLEAN}
    options = stream.options(known)
    count = stream.accept_integer()
    stream.options({**known, "int": INTEGER}, options)
    stream.end()
    return Transpose(5 if count is None else count, options)
