"""lookup, inputlookup, outputlookup: tables asked, read and written (SR: the pages of these names)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ..context import RunContext
from ..errors import Place
from ..external import ExternalLookupError
from ..lookups import Definition, LookupFailure
from ..rows import Row
from ..searchexpr import EVERYTHING, SearchExpression, field_names, subsearches
from ..searchmatch import compile_search
from ..stream import BOOLEAN, INTEGER, TokenStream
from ..tables import Record, Table, cell_text
from ..values import Scalar, Value, members, multivalue, number, text
from .base import Command, Compiler, Rows, command

Pairs = Sequence[tuple[str, str]]
"""(column of the table, field of the row)"""


class Lookup(Command):
    """lookup: OUTPUT overwrites, OUTPUTNEW leaves rows alone that have a destination field."""

    idle = True

    def __init__(self, definition: Definition, inputs: Pairs, outputs: Pairs | None, keep: bool, place: Place) -> None:
        self._definition = definition
        self._inputs = inputs
        self._outputs = outputs
        self._keep = keep
        self._place = place

    def run(self, rows: Rows, context: RunContext) -> Rows:
        if not rows:
            return rows
        try:
            self._answer(rows, context)
        except (LookupFailure, ExternalLookupError) as error:
            raise self._place.error(f"The lookup {self._definition.name}: {error}") from error
        return rows

    def _answer(self, rows: Rows, context: RunContext) -> None:
        tables = context.lookups
        asked = {column for column, _ in self._inputs}
        outputs = self._outputs
        if outputs is None:
            outputs = [(name, name) for name in tables.columns(self._definition) if name not in asked]
        known = tables.columns(self._definition)
        for column in (*asked, *(column for column, _ in outputs)):
            if known and column not in known:
                # A KV store collection without rows has no columns to compare with.
                raise LookupFailure(f'there is no column "{column}"; it has {", ".join(known)}.')
        questions = [self._questions(row) for row in rows]
        timed = self._definition.time_field is not None
        names = [column for column, _ in outputs]
        tables.ask_ahead(self._definition, [question for found in questions for question in found])
        for row, found in zip(rows, questions):
            if self._keep and any(row.get(field) is not None for _, field in outputs):
                continue
            time = number(row.get("_time")) if timed else None
            matches = [m for question in found for m in tables.match(self._definition, question, names, time)]
            self._fill(row, matches, outputs, context)

    def _questions(self, row: Row) -> list[dict[str, str]]:
        """Return one question for each combination of input values; none when a key is null."""
        if len(self._inputs) == 1:
            ((column, field),) = self._inputs
            only = row.get(field)
            if type(only) is str:
                return [{column: only}]
        questions: list[dict[str, str]] = [{}]
        for column, field in self._inputs:
            values = dict.fromkeys(text(value) for value in members(row.get(field)))
            questions = [{**question, column: value} for question in questions for value in values]
        return questions

    def _fill(self, row: Row, matches: Sequence[Record], outputs: Pairs, context: RunContext) -> None:
        if not matches:
            self._miss(row, outputs, context)
            return
        if len(matches) == 1 and not self._keep:
            (match,) = matches
            for column, field in outputs:
                row.values[field] = match.get(column)
            return
        for column, field in outputs:
            cells: list[Scalar] = [cell for match in matches for cell in members(match.get(column))]
            if not self._keep or row.get(field) is None:
                row.set(field, multivalue(cells))

    def _miss(self, row: Row, outputs: Pairs, context: RunContext) -> None:
        for _, field in outputs:
            if not self._keep and row.get(field) is not None:
                context.warn(
                    f'The lookup {self._definition.name} found nothing for a row that has "{field}" already; what'
                    " OUTPUT does to it then is not documented. Use a fresh name."
                )
                if context.switches.lookup_miss == "clear":
                    row.set(field, None)


def _pairs(stream: TokenStream) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    while not stream.at_end() and not stream.at("output", "outputnew"):
        column = stream.field(wildcards=False)
        pairs.append((column, stream.field(wildcards=False) if stream.accept("as") else column))
        stream.accept(",")
    return pairs


@command("lookup")
def parse_lookup(stream: TokenStream, compiler: Compiler) -> Command:
    options = stream.options({"local": BOOLEAN, "update": BOOLEAN})
    place = stream.place()
    definition = compiler.lookup(stream.word("the name of a lookup"), place)
    stream.options({"local": BOOLEAN, "update": BOOLEAN}, options)
    inputs = _pairs(stream)
    if not inputs:
        raise stream.error("The command lookup needs at least one column to look in.")
    verb = stream.accept("output", "outputnew")
    outputs = _pairs(stream) if verb else None
    if verb and not outputs:
        raise stream.error(f"A column is missing after {str(verb).upper()}.")
    stream.end()
    return Lookup(definition, inputs, outputs, verb == "outputnew", place)


Positions = list[tuple[Value, Collection[int]]]


class InputLookup(Command):
    """inputlookup: the rows of a table, alone or after the rows so far."""

    def __init__(
        self, definition: Definition, where: SearchExpression, options: dict[str, Any], compiler: Compiler, place: Place
    ) -> None:
        self._definition = definition
        self._test = None if where.root == EVERYTHING else compile_search(where.root, compiler.switches)
        self._start = options.get("start", 0)
        self._max = options.get("max", 1_000_000_000)
        self._append = options.get("append", False)
        self._place = place
        self.generates = not self._append
        # What the definition does not name is not seen; a condition over named fields needs no such copy.
        named = set(field_names(where.root))
        self._sees_all = "_raw" not in named and (not definition.fields or named <= set(definition.fields))
        self._columns = frozenset(definition.fields)
        self._only_column = named.pop() if len(named) == 1 and self._sees_all else None
        self._known: tuple[Table, int, Sequence[Record]] | None = None

    def run(self, rows: Rows, context: RunContext) -> Rows:
        fitting = self._fitting(self._table(context))[self._start : self._start + self._max]
        return rows + [Row(self._visible(record)) for record in fitting]

    def gives_all_of(self, column: str) -> bool:
        """Say whether every row of the table, with this column, starts the search."""
        whole = not self._append and self._start == 0 and self._max == 1_000_000_000 and self._test is None
        return whole and (not self._definition.fields or column in self._columns)

    def values_of(self, column: str, context: RunContext) -> Positions:
        """Return each value of a column with the positions of its rows; None is that of rows without one."""
        return [(cell[1], positions) for cell, positions in self._table(context).cells(column).items()]

    def rows_at(self, positions: Sequence[int], context: RunContext) -> Rows:
        """Return the rows at positions that `values_of` gave in the same run."""
        table = self._table(context)
        return [Row(self._visible(table.row(position))) for position in positions]

    def _table(self, context: RunContext) -> Table:
        try:
            return context.lookups.table(self._definition)
        except LookupFailure as error:
            raise self._place.error(str(error)) from error

    def _fitting(self, table: Table) -> Sequence[Record]:
        """Return the records that pass; those of a table that has not changed since are known."""
        known = self._known
        if known is None or known[0] is not table or known[1] != table.version:
            test = self._test
            records: Sequence[Record]
            if test is None:
                records = table.rows()
            elif self._only_column is not None:
                records = self._by_cell(table, self._only_column)
            elif self._sees_all:
                records = [record for record in table.rows() if test(record)]
            else:
                records = [record for record in table.rows() if test(Row(self._visible(record)))]
            known = self._known = (table, table.version, records)
        return known[2]

    def _by_cell(self, table: Table, column: str) -> list[Record]:
        """Return the records that pass a condition on one column, which is asked once for each of its values."""
        holds = self._test or bool
        found: list[int] = []
        for (_, value), positions in table.cells(column).items():
            if holds({} if value is None else {column: value}):
                found.extend(positions)
        return [table.row(position) for position in sorted(found)]

    def _visible(self, record: Record) -> dict[str, Value]:
        wanted = self._definition.fields
        if not wanted or record.keys() <= self._columns:
            return dict(record)
        return {name: record[name] for name in wanted if name in record}


@command("inputlookup")
def parse_inputlookup(stream: TokenStream, compiler: Compiler) -> Command:
    known = {"append": BOOLEAN, "strict": BOOLEAN, "start": INTEGER, "max": INTEGER}
    options = stream.options(known)
    place = stream.place()
    definition = compiler.lookup(stream.word("the name of a lookup"), place)
    if definition.kind == "external":
        raise place.error(f'The lookup "{definition.name}" is answered by a script: it has no rows to read.')
    stream.options(known, options)
    where = SearchExpression(EVERYTHING, {})
    if stream.accept("where"):
        where = stream.search_expression()
        if subsearches(where.root):
            raise place.error("A subsearch in `inputlookup ... where` is not known here; use search after it.")
        if where.times:
            raise place.error("Time modifiers mean nothing in `inputlookup ... where`.")
    stream.end()
    return InputLookup(definition, where, options, compiler, place)


class OutputLookup(Command):
    """outputlookup: writes the rows to a table and passes them on."""

    def __init__(self, name: str, definition: Definition | None, options: dict[str, Any], place: Place) -> None:
        self._name = name
        self._definition = definition
        self._key_field: str | None = options.get("key_field")
        self._append = options.get("append", False) or self._key_field is not None
        self._override = options.get("override_if_empty", True)
        self._max = options.get("max", 1_000_000_000)
        self._place = place
        self.idle = self._append or not self._override

    def run(self, rows: Rows, context: RunContext) -> Rows:
        if not rows and (self._append or not self._override):
            return rows
        if not rows:
            context.warn(f"outputlookup emptied {self._name}: no results; see override_if_empty=false.")
        try:
            table = self._table(rows, context)
        except LookupFailure as error:
            raise self._place.error(str(error)) from error
        if not self._append:
            table.clear()
            if table.columns is not None:
                table.columns = _columns(rows)
        for row in rows[: self._max]:
            self._write(table, row, context)
        context.written.add(self._definition.name if self._definition else self._name)
        return rows

    def _table(self, rows: Rows, context: RunContext) -> Table:
        definition = self._definition
        if definition is None:
            try:
                definition = context.lookups.definition(self._name)
            except LookupFailure:
                definition = context.lookups.create(self._name, _columns(rows))
        return context.lookups.table(definition)

    def _write(self, table: Table, row: Row, context: RunContext) -> None:
        if not table.keyed:
            table.add({name: cell_text(row.get(name)) for name in table.columns or ()})
            return
        wanted = self._definition.fields if self._definition and self._definition.fields else row.names()
        record: Record = {}
        for name in wanted:
            value = row.get(name)
            if value is not None and name != "_key":
                record[name] = number(value) if type(value) is float else value
        key = row.get(self._key_field) if self._key_field else row.get("_key")
        if key is not None:
            record["_key"] = text(members(key)[0])
        elif self._key_field:
            context.warn(f"outputlookup wrote a row without {self._key_field}: the KV store gave it a key of its own.")
        table.add(record)


def _columns(rows: Rows) -> list[str]:
    """Return the columns of a new CSV: all fields but the internal ones (`_time` stays)."""
    names = dict.fromkeys(name for row in rows for name in row.names())
    return [name for name in names if not name.startswith("_") or name == "_time"]


@command("outputlookup")
def parse_outputlookup(stream: TokenStream, compiler: Compiler) -> Command:
    known: dict[str, Any] = {
        "append": BOOLEAN, "create_empty": BOOLEAN, "override_if_empty": BOOLEAN, "max": INTEGER,
        "createinapp": BOOLEAN,
        "key_field": lambda value, token, stream: value,
    }  # fmt: skip
    options = stream.options(known)
    place = stream.place()
    name = stream.word("the name of a lookup")
    stream.options(known, options)
    stream.end()
    if name.endswith(".csv"):
        return OutputLookup(name, None, options, place)
    definition = compiler.lookup(name, place)
    if definition.kind == "external":
        raise place.error(f'The lookup "{name}" is answered by a script: it cannot be written.')
    return OutputLookup(name, definition, options, place)
