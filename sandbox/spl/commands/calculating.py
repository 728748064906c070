"""eval and its small relatives: fillnull, filldown, replace, addtotals, strcat, accum, delta."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..context import RunContext
from ..evaluate import Closure, compile
from ..rows import Row
from ..stream import BOOLEAN, INTEGER, TEXT, Assignment, TokenStream
from ..values import Number, Value, limit, members, multivalue, number, text, tidy
from .base import Command, Compiler, Rows, all_names, chosen_names, command, is_internal


class Eval(Command):
    """eval: assignments from left to right; a null result removes the field."""

    idle = True

    def __init__(self, assignments: Sequence[tuple[Assignment, Closure]]) -> None:
        self._plain = (
            [(a.target, closure) for a, closure in assignments]
            if not any(a.templates for a, _ in assignments)
            else None
        )
        self._assignments = assignments

    def run(self, rows: Rows, context: RunContext) -> Rows:
        evaluation = context.evaluation
        if self._plain is not None:
            for row in rows:
                values = row.values
                for target, closure in self._plain:
                    values[target] = closure(row, evaluation)
            return rows
        for row in rows:
            for assignment, closure in self._assignments:
                name = assignment.name(row)
                if name is not None:
                    row.values[name] = closure(row, evaluation)
        return rows


@command("eval")
def parse_eval(stream: TokenStream, compiler: Compiler) -> Command:
    return Eval([(found, compile(found.expression)) for found in stream.assignments()])


class FillNull(Command):
    """fillnull: a value where there is none; without names in every column that some row has."""

    idle = True

    def __init__(self, value: Value, fields: Sequence[str]) -> None:
        self._value = value
        self._fields = fields

    def run(self, rows: Rows, context: RunContext) -> Rows:
        if self._fields:
            names = chosen_names(self._fields, all_names(rows) if any("*" in f for f in self._fields) else ())
        else:
            names = [name for name in all_names(rows) if not is_internal(name)]
        for row in rows:
            for name in names:
                if row.get(name) is None:
                    row.set(name, self._value)
        return rows


@command("fillnull")
def parse_fillnull(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options({"value": TEXT})
    fields = [] if stream.at_end() else stream.field_list()
    stream.options({"value": TEXT}, options)
    stream.end()
    written = options.get("value", "0")
    as_number = number(written)
    return FillNull(as_number if as_number is not None and text(as_number) == written else written, fields)


class FillDown(Command):
    """filldown: the last value seen above, where there is none."""

    idle = True

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields = fields

    def run(self, rows: Rows, context: RunContext) -> Rows:
        names = chosen_names(self._fields or ["*"], all_names(rows))
        last: dict[str, Value] = {}
        for row in rows:
            for name in names:
                value = row.get(name)
                if value is not None:
                    last[name] = value
                elif name in last:
                    row.set(name, last[name])
        return rows


@command("filldown")
def parse_filldown(stream: TokenStream, compiler: Compiler) -> Command:
    fields = [] if stream.at_end() else stream.field_list()
    stream.end()
    return FillDown(fields)


class Replace(Command):
    """replace: whole values, with wildcards; what a wildcard met can stand in the new value."""

    idle = True

    def __init__(self, pairs: Sequence[tuple[str, str]], fields: Sequence[str]) -> None:
        self._pairs = [(re.compile("(.*)".join(map(re.escape, old.split("*"))), re.S), new) for old, new in pairs]
        self._fields = fields

    def run(self, rows: Rows, context: RunContext) -> Rows:
        wanted = self._fields or ["*"]
        wild = any("*" in name for name in wanted)
        for row in rows:
            for name in chosen_names(wanted, row.names()) if wild else wanted:
                value = row.get(name)
                if value is not None:
                    row.set(name, multivalue([self._one(text(member)) for member in members(value)]))
        return rows

    def _one(self, value: str) -> str:
        for pattern, new in self._pairs:
            found = pattern.fullmatch(value)
            if found is None:
                continue
            parts = iter(found.groups())
            return re.sub(r"\*", lambda _, p=parts: next(p, ""), new)  # type: ignore[misc]
        return value


@command("replace")
def parse_replace(stream: TokenStream, compiler: Compiler) -> Command:
    pairs: list[tuple[str, str]] = []
    while True:
        old = stream.word("the value to replace")
        stream.expect("with")
        pairs.append((old, stream.word("the new value")))
        if not stream.accept(","):
            break
    fields = stream.field_list() if stream.accept("in") else []
    stream.end()
    return Replace(pairs, fields)


def _add(found: Sequence[Value]) -> Number | None:
    numbers = [item for item in (number(member) for value in found for member in members(value)) if item is not None]
    return limit(sum(numbers)) if numbers else None


class AddTotals(Command):
    """addtotals: the sum of a row's numbers in a new column, and of each column in a new row."""

    def __init__(self, options: dict[str, object], fields: Sequence[str]) -> None:
        self._row = bool(options.get("row", True))
        self._column = bool(options.get("col", False))
        self._name = str(options.get("fieldname", "Total"))
        self._label_field = options.get("labelfield")
        self._label = str(options.get("label", "Total"))
        self._fields = fields or ["*"]

    def run(self, rows: Rows, context: RunContext) -> Rows:
        names = chosen_names(self._fields, all_names(rows))
        columns: dict[str, Value] = {}
        if self._column:
            for name in names:
                total = _add([row.get(name) for row in rows])
                if total is not None:
                    columns[name] = total
        if self._row:
            for row in rows:
                total = _add([row.get(name) for name in names])
                row.set(self._name, 0 if total is None else total)
        if not self._column:
            return rows
        if self._label_field is not None:
            columns[str(self._label_field)] = self._label
        if self._row:
            columns[self._name] = _add([row.get(self._name) for row in rows])
        return [*rows, Row(columns)]


@command("addtotals", "addcoltotals")
def parse_addtotals(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"row": BOOLEAN, "col": BOOLEAN, "fieldname": TEXT, "labelfield": TEXT, "label": TEXT}
    options = stream.options(known)
    fields = [] if stream.at_end() else stream.field_list()
    stream.options(known, options)
    stream.end()
    if stream.command == "addcoltotals":
        options.update(row=False, col=True)
    return AddTotals(options, fields)


class Accum(Command):
    """accum: the running total of a field."""

    idle = True

    def __init__(self, field: str, target: str) -> None:
        self._field = field
        self._target = target

    def run(self, rows: Rows, context: RunContext) -> Rows:
        total: Number = 0
        for row in rows:
            found = number(row.get(self._field))
            if found is not None:
                total = limit(total + found)
                row.set(self._target, total)
        return rows


@command("accum")
def parse_accum(stream: TokenStream, compiler: Compiler) -> Command:
    field = stream.field(wildcards=False)
    target = stream.field("a new name", wildcards=False) if stream.accept("as") else field
    stream.end()
    return Accum(field, target)


class Delta(Command):
    """delta: the difference to the row ``p`` rows before."""

    idle = True

    def __init__(self, field: str, target: str, back: int) -> None:
        self._field = field
        self._target = target
        self._back = back

    def run(self, rows: Rows, context: RunContext) -> Rows:
        found = [number(row.get(self._field)) for row in rows]
        for place, row in enumerate(rows):
            now, before = found[place], found[place - self._back] if place >= self._back else None
            if now is not None and before is not None:
                row.set(self._target, tidy(float(now - before)))
        return rows


@command("delta")
def parse_delta(stream: TokenStream, compiler: Compiler) -> Command:
    field = stream.field(wildcards=False)
    target = stream.field("a new name", wildcards=False) if stream.accept("as") else f"delta({field})"
    options = stream.options({"p": INTEGER})
    stream.end()
    return Delta(field, target, options.get("p", 1))


class StrCat(Command):
    """strcat: texts and fields joined; without allrequired a missing field adds nothing."""

    idle = True

    def __init__(self, parts: Sequence[tuple[bool, str]], target: str, all_required: bool) -> None:
        self._parts = parts
        self._target = target
        self._all_required = all_required

    def run(self, rows: Rows, context: RunContext) -> Rows:
        for row in rows:
            values = [part if literal else row.get(part) for literal, part in self._parts]
            if not (self._all_required and None in values):
                row.set(self._target, "".join(text(value) for value in values))
        return rows


@command("strcat")
def parse_strcat(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options({"allrequired": BOOLEAN})
    parts: list[tuple[bool, str]] = []
    while not stream.at_end():
        literal = stream.peek().kind == "string"
        parts.append((literal, stream.word("a field or a text in double quotes")))
    if len(parts) < 2 or parts[-1][0]:
        raise stream.error("The command strcat needs fields or texts and, last, the field for the result.")
    return StrCat(parts[:-1], parts[-1][1], options.get("allrequired", False))
