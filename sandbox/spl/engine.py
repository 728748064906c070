"""From a search text to a plan, and from a plan to rows.

A plan is compiled once for a text, an app and its tables, and run as often as wanted. This module strings the stages
together; what each does is in commands/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import pipeline
from .commands import COMMANDS, Command, Compiler
from .commands.base import STREAMING
from .commands.searching import Search
from .context import RunContext
from .errors import Insertion, Place, Source
from .knowledge import Knowledge
from .lookups import Definition, LookupFailure, LookupTables
from .macros import expand
from .once_per_value import OncePerValue
from .pipeline import Pipeline, Stage, Subsearch
from .rows import Row
from .store import Filter
from .switches import DEFAULT, Switches
from .values import Value

Rows = list[Row]


@dataclass
class Result:
    """What a run gave.

    Attributes:
        rows: one dict a row; missing fields are absent, a multivalue is a list.
        lookups: the tables that were given to the search or written by it, as they are after the run.
        warnings: limits that were hit and undocumented points that mattered, each once.
        stages: (text of the stage, rows that left it), when the run was asked to explain itself.
    """

    rows: list[dict[str, Any]]
    warnings: list[str] = field(default_factory=list)
    stages: list[tuple[str, int]] = field(default_factory=list)
    _tables: LookupTables | None = field(default=None, repr=False)
    _names: Sequence[str] = field(default=(), repr=False)
    _lookups: dict[str, list[dict[str, Any]]] | None = field(default=None, repr=False)

    @property
    def lookups(self) -> dict[str, list[dict[str, Any]]]:
        if self._lookups is None:
            self._lookups = {}
            for name in self._names:
                tables = self._tables
                if tables is not None:
                    self._lookups[name] = [plain(row) for row in tables.table(tables.definition(name)).rows()]
        return self._lookups

    @property
    def fields(self) -> list[str]:
        """Names of all columns, in the order in which the rows have them."""
        return list(dict.fromkeys(name for row in self.rows for name in row))


def plain(row: Mapping[str, Value]) -> dict[str, Any]:
    """Return a row for the outside: lists for multivalues, no nulls."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in row.items() if value is not None
    }


class Chain(Command):
    """Commands in a row; as a search of its own it starts from nothing, else from the rows given."""

    def __init__(self, stages: Sequence[tuple[str, Command]], own: bool) -> None:
        self.stages = stages
        self._own = own
        self.generates = own
        # From here on nothing is made of nothing.
        self._idle_from = max((place for place, (_, stage) in enumerate(stages, 1) if not stage.idle), default=0)
        self._begins = OncePerValue.of([stage for _, stage in stages]) if own else None

    def run(self, rows: Rows, context: RunContext) -> Rows:
        return self.run_noting(rows, context, None)

    def run_noting(self, rows: Rows, context: RunContext, notes: list[tuple[str, int]] | None) -> Rows:
        """Run; note after each stage how many rows left it."""
        first = True
        begin, stages = 0, self.stages
        if self._begins is not None and notes is None:  # whoever notes wants to see each stage
            context.go_on()
            rows, first, begin = self._begins.run(context), False, OncePerValue.STAGES
            stages = stages[begin:]
        for place, (text, stage) in enumerate(stages, begin):
            if not rows and not first and notes is None and place >= self._idle_from:
                return rows
            context.go_on()
            if first and self._own and isinstance(stage, Search):
                rows = stage.fetch(context)
            elif rows or not stage.idle:
                rows = stage.run(rows, context)
            first = False
            if notes is not None:
                notes.append((text, len(rows)))
        return rows


class Plan:
    """A compiled search.

    Attributes:
        only_from_events: a run without a candidate in its dispatched windows can neither give rows nor do anything.
    """

    def __init__(self, chain: Chain, knowledge: Knowledge) -> None:
        self._chain = chain
        self._knowledge = knowledge
        first, *rest = [stage for _, stage in chain.stages]
        self.only_from_events = (
            chain.generates and isinstance(first, Search) and first.only_fetches and all(stage.idle for stage in rest)
        )

    def finds_nothing(self, context: RunContext) -> bool:
        """Say whether a run would surely give no rows and do nothing else."""
        first = self._chain.stages[0][1]
        if not self.only_from_events or not isinstance(first, Search):
            return False
        context.fields = self._knowledge.reader(context)
        return first.finds_nothing(context)

    @property
    def text(self) -> str:
        """Return the search as it is run, its macros expanded."""
        return "\n| ".join(text for text, _ in self._chain.stages)

    @property
    def subsearches_of_fetch(self) -> tuple[str, ...]:
        """Return the texts of the searches on whose answers it depends which events are fetched."""
        first = self._chain.stages[0][1]
        return first.subsearches if isinstance(first, Search) else ()

    def scan(self, context: RunContext) -> tuple[Filter | None, dict[str, float | None]] | None:
        """Return what decides how many events a run reads, `Search.scan`; None when it starts from a table."""
        first = self._chain.stages[0][1]
        if not isinstance(first, Search):
            return None
        context.fields = self._knowledge.reader(context)
        return first.scan(context)

    def run(self, context: RunContext, rows: Sequence[Mapping[str, Any]] = ()) -> Result:
        """Run once. The context's tables and store may be changed by the search.

        Args:
            rows: what a plan of `compile_over_rows` works on; lists are multivalues.

        Raises:
            SplError: what can only be seen while running (a lookup's file, a script that fails, rows out of order).
        """
        context.fields = self._knowledge.reader(context)
        notes: list[tuple[str, int]] | None = [] if context.explain else None
        found = self._chain.run_noting([_row(given) for given in rows], context, notes)
        names = dict.fromkeys((*context.lookups.given, *sorted(context.written)))
        return Result(
            [plain(row.to_dict()) for row in found], list(context.warnings), notes or [], context.lookups, tuple(names)
        )


def _row(given: Mapping[str, Any]) -> Row:
    return Row({name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


class _Compiler(Compiler):
    """Turns pipelines into chains."""

    def __init__(self, knowledge: Knowledge, tables: LookupTables, switches: Switches) -> None:
        self.switches = switches
        self._knowledge = knowledge
        self._tables = tables

    def chain(self, parsed: Pipeline, own: bool) -> Chain:
        stages: list[tuple[str, Command]] = []
        for stage in parsed.stages:
            command = self._command(stage)
            starts = isinstance(command, Search) or command.generates or stage.name in ("inputlookup", "union")
            if own and not stages and not starts:
                raise stage.place.error(
                    f"A search cannot start with {stage.name}: it needs rows. Start with search, inputlookup, tstats or"
                    " makeresults."
                )
            if (stages or not own) and command.generates:
                hint = " Write append=t to add its rows." if stage.name == "inputlookup" else ""
                raise stage.place.error(f"The command {stage.name} makes its own rows: it must stand first.{hint}")
            stages.append((stage.text, command))
        return Chain(stages, own)

    def _command(self, stage: Stage) -> Command:
        parser = COMMANDS.get(stage.name)
        if parser is None:
            raise stage.place.error(f'The command "{stage.name}" is not known.', COMMANDS, stage.name)
        return parser(stage.stream, self)

    def subsearch(self, subsearch: Subsearch) -> Command:
        chain = self.chain(subsearch.pipeline(), True)
        chain.generates = False
        return chain

    def streams(self, subsearch: Subsearch) -> bool:
        return all(stage.name in STREAMING for stage in subsearch.pipeline().stages)

    def over_rows(self, subsearch: Subsearch) -> Command:
        return self.chain(subsearch.pipeline(), False)

    def template(self, subsearch: Subsearch, text: str) -> Command:
        source = subsearch.place.source
        where = source.whence(subsearch.place.offset)[0]
        piped = "| " + text
        changed = Source(piped, source.original, (Insertion(0, len(piped), where, None),))
        return self.chain(pipeline.parse(changed), False)

    def lookup(self, name: str, place: Place) -> Definition:
        try:
            return self._tables.definition(name)
        except LookupFailure as error:
            raise place.error(str(error), self._tables.names(), name) from error

    def verbatim(self, field: str) -> bool:
        return self._knowledge.verbatim(field)

    def depends_on_event_alone(self, fields: Sequence[str]) -> bool:
        return self._knowledge.steady(fields)


def compile_search_text(
    spl: str, knowledge: Knowledge, tables: LookupTables | None = None, switches: Switches = DEFAULT
) -> Plan:
    """Compile a search: macros, syntax, names of commands, options, functions and lookups are all checked here.

    Args:
        tables: the tables of the runs to come, so that tables given by the caller are known by name.
        switches: must be those of the runs.

    Raises:
        SplError: whatever is wrong with the text.
    """
    compiler = _Compiler(knowledge, tables if tables is not None else knowledge.tables(), switches)
    parsed = pipeline.parse(expand(spl, knowledge.macros))
    return Plan(compiler.chain(parsed, True), knowledge)


def compile_over_rows(commands: str, knowledge: Knowledge, tables: LookupTables, switches: Switches = DEFAULT) -> Plan:
    """Compile commands for rows that another search has found, as an alert's condition or a post-process search does.

    Raises:
        SplError: whatever is wrong with the text.
    """
    compiler = _Compiler(knowledge, tables, switches)
    text = commands.strip()
    parsed = pipeline.parse(expand(text if text.startswith("|") else f"| {text}", knowledge.macros))
    return Plan(compiler.chain(parsed, False), knowledge)
