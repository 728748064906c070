"""search, where, regex: rows in, fewer rows out; and the first `search`, which fetches events."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from ..candidates import Need
from ..context import RunContext
from ..evaluate import compile_condition
from ..expressions import Expression
from ..pcre import compile_regex
from ..searchexpr import SearchExpression, field_names, insert_subsearches, subsearches
from ..searchmatch import compile_search
from ..searchterms import All, metadata, terms
from ..store import Filter
from ..stream import TokenStream
from ..values import members, text
from .base import Command, Compiler, Rows, command
from .subsearch import search_text


class Search(Command):
    """The search command. As first stage it fetches from the store, later it filters."""

    def __init__(self, expression: SearchExpression, compiler: Compiler) -> None:
        self.expression = expression
        self._compiler = compiler
        self._parts = list(subsearches(expression.root))
        self._inner = {part.text: compiler.subsearch(part) for part in self._parts}
        self._test = None if self._inner else compile_search(expression.root, compiler.switches)
        self._exact = False
        self._noted: dict[str, None] = {}
        self._key = object()
        # What a subsearch will say is not known yet; the rest holds whatever it says.
        self._filter = prefilter(expression, compiler)
        self._unanswered = insert_subsearches(expression, lambda part: "")
        self._known: _Answered | None = None
        self._remembered: Filter | None = None
        if self._test is not None:
            self._exact = compiler.depends_on_event_alone(field_names(expression.root))

    @property
    def subsearches(self) -> tuple[str, ...]:
        """Return the texts of the searches whose answers stand in its condition."""
        return tuple(self._inner)

    @property
    def only_fetches(self) -> bool:
        """Say whether it needs no other search and keeps to the window of the dispatch."""
        return not self._inner and not self.expression.times

    def run(self, rows: Rows, context: RunContext) -> Rows:
        test = self._resolved(context).test
        return [row for row in rows if test(row)]

    def finds_nothing(self, context: RunContext) -> bool:
        """Say whether a fetch would surely give nothing, at the price of two bisections; see `only_fetches`."""
        wanted = self._lasting(context) if self._exact else self._filter
        if self._noted or context.reads is not None:
            return False
        return context.store.is_empty(
            context.earliest, context.latest, context.index_earliest, context.index_latest, wanted
        )

    def fetch(self, context: RunContext) -> Rows:
        """Return the events that fit, newest first."""
        answered = self._resolved(context)
        expression, test = answered.expression, answered.test
        wanted = self._lasting(context) if self._exact else self._filter
        quick = None
        if self._inner:
            if answered.is_empty:
                wanted = answered.filter  # the same for ever, so the store may remember it
            elif answered.filter is not None and answered.filter.need is not None:
                quick = answered.filter.need
        bounds = context.bounds(expression.times)
        # addinfo and subsearches read the window that really holds.
        context.earliest, context.latest = bounds["earliest"], bounds["latest"]
        context.index_earliest, context.index_latest = bounds["index_earliest"], bounds["index_latest"]
        if quick is None:
            events = context.store.select(**bounds, wanted=wanted, tie_seed=context.switches.tie_seed)
        else:
            events = context.store.select_meeting(
                quick, **bounds, wanted=self._filter, tie_seed=context.switches.tie_seed
            )
        if context.reads is not None:
            candidates = events
            if not self._inner:
                candidates = context.store.select(**bounds, wanted=self._filter, tie_seed=None)
            context.reads.append(len(candidates))
        make = context.fields.row
        if self._exact:
            for message in self._noted:
                context.warn(message)
            return [make(event) for event in events]
        return [row for row in map(make, events) if test(row)]

    def scan(self, context: RunContext) -> tuple[Filter | None, dict[str, float | None]]:
        """Return the index terms and windows that decide how much a fetch reads; None lets every event through."""
        answered = self._resolved(context)
        return answered.filter, context.bounds(answered.expression.times)

    def _lasting(self, context: RunContext) -> Filter:
        """Return a filter that holds the whole condition: its answer for an event never changes."""
        if self._remembered is None:
            test = self._resolved(context).test
            reader = context.fields.lasting(lambda message: self._noted.setdefault(message))
            need = None if self._filter is None else self._filter.need
            self._remembered = Filter(self._key, need, lambda event: test(reader.row(event)))
        return self._remembered

    def _resolved(self, context: RunContext) -> _Answered:
        """Return the condition with the answers of its subsearches; equal answers are not compiled again."""
        answers = tuple(
            search_text(self._inner[part.text].run([], context.child()), context) for part in self._parts
        )
        known = self._known
        if known is None or known.answers != answers:
            remaining = iter(answers)
            expression = insert_subsearches(self.expression, lambda part: next(remaining))
            known = self._known = _Answered(
                answers,
                expression,
                self._test or compile_search(expression.root, self._compiler.switches),
                prefilter(expression, self._compiler) if answers else self._filter,
                expression == self._unanswered,
            )
        return known


class _Answered(NamedTuple):
    """A condition after its subsearches have run; `is_empty` says that none of them found anything."""

    answers: tuple[str, ...]
    expression: SearchExpression
    test: Callable[[Any], bool]
    filter: Filter | None
    is_empty: bool


def prefilter(expression: SearchExpression, compiler: Compiler) -> Filter | None:
    """Return a filter that every match passes, None when nothing can be said."""
    parts = tuple(
        part for part in (metadata(expression.root), terms(expression.root, compiler.verbatim)) if part is not None
    )
    if not parts:
        return None
    formula = All(parts)
    return Filter(formula, Need(formula))


@command("search")
def parse_search(stream: TokenStream, compiler: Compiler) -> Command:
    expression = stream.search_expression()
    stream.end()
    return Search(expression, compiler)


class Where(Command):
    """Keeps the rows for which the condition is true; unknown is not true."""

    idle = True

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        self._condition = compile_condition(expression)

    def run(self, rows: Rows, context: RunContext) -> Rows:
        condition, evaluation = self._condition, context.evaluation
        return [row for row in rows if condition(row, evaluation) is True]


@command("where")
def parse_where(stream: TokenStream, compiler: Compiler) -> Command:
    return Where(stream.only_expression())


class Regex(Command):
    """Keeps the rows whose field matches, or with ``!=`` those whose field does not."""

    idle = True

    def __init__(self, field: str, pattern: Any, wanted: bool) -> None:
        self._field = field
        self._pattern = pattern
        self._wanted = wanted

    def run(self, rows: Rows, context: RunContext) -> Rows:
        search, name, wanted = self._pattern.search, self._field, self._wanted
        return [row for row in rows if any(search(text(v)) for v in members(row.get(name))) is wanted]


@command("regex")
def parse_regex(stream: TokenStream, compiler: Compiler) -> Command:
    field, wanted = "_raw", True
    if stream.peek().kind != "string":
        field = stream.field(wildcards=False)
        wanted = stream.expect("=", "!=") == "="
    place = stream.place()
    pattern = compile_regex(stream.string("a regular expression in double quotes"), place)
    stream.end()
    return Regex(field, pattern, wanted)
