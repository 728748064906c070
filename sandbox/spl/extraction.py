"""Search-time fields of an event, worked out one by one and only when asked for.

Follows Splunk's sequence of search-time operations (Knowledge Manager Manual): inline and transform extractions,
automatic key/value or JSON, aliases, calculated fields side by side, automatic lookups, event types, tags. Each step
sees what the steps before made. What depends on the event alone is kept on the event for later searches.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import (
    Callable,
    NamedTuple,
    cast,
)

from . import jsonfields
from .evaluate import EvalContext
from .lookups import Definition, LookupTables
from .propsrules import AutoLookup, Extraction, Rules
from .rows import FieldReader, Row
from .store import Event
from .values import Value, members, multivalue, text

KV_CHARACTERS = 10_240
"""limits.conf [kv] maxchars: automatic key=value extraction looks no further."""

METADATA: dict[str, Callable[[Event], Value]] = {
    "_time": lambda event: event.time,
    "_raw": lambda event: event.raw,
    "_indextime": lambda event: event.indextime,
    "host": lambda event: event.host or None,
    "source": lambda event: event.source or None,
    "sourcetype": lambda event: event.sourcetype or None,
    "index": lambda event: event.index or None,
    "linecount": lambda event: event.raw.count("\n") + 1,
}
_SHOWN = ("_time", "_raw", "_indextime", "host", "source", "sourcetype", "index")
_PAIR = re.compile(r'(?<![\w.])([A-Za-z_][\w.:-]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s,;"|&]+))')

Calculated = Callable[[object, EvalContext], Value]


class CompiledRules(NamedTuple):
    """Rules of one kind of event, ready to run.

    Attributes:
        evals: name -> (function, depends on the event alone).
        extracted_names: fields that EXTRACT- and REPORT- can make.
    """

    rules: Rules
    aliases: Mapping[str, list[tuple[str, bool]]]
    evals: Mapping[str, tuple[Calculated, bool]]
    looked_up: Mapping[str, list[int]]
    definitions: Sequence[Definition]
    extracted_names: frozenset[str]


class EventType(NamedTuple):
    """One event type: its name and its compiled search."""

    name: str
    matches: Callable[[object], bool]


class _View:
    """What is known about one event up to its aliases; calculated fields read from here."""

    __slots__ = ("event", "compiled", "null_is_text", "_extracted", "_document", "lost", "calculated")

    def __init__(self, event: Event, compiled: CompiledRules, null_is_text: bool) -> None:
        self.event = event
        self.compiled = compiled
        self.null_is_text = null_is_text
        self._extracted: dict[str, Value] | None = None
        # The decoded JSON of an event whose fields can be had one by one; False when they cannot, None: not tried.
        self._document: object = None
        self.lost: frozenset[str] = frozenset()
        self.calculated: dict[str, Value] = {}

    def get(self, name: str) -> Value:
        """Return a field as it is after aliases."""
        for source, keep in self.compiled.aliases.get(name, ()):
            value = self.base(source)
            if value is not None or not keep:
                return value
        return self.base(name)

    def base(self, name: str) -> Value:
        """Return a field as extracted."""
        reader = METADATA.get(name)
        if reader is not None:
            return reader(self.event)
        value = self.event.fields.get(name)
        if value is not None:
            return value
        if self._extracted is None:
            document = self._direct() if self._document is None else self._document
            if document is not False and name not in self.compiled.extracted_names:
                try:
                    values = jsonfields.pick(document, name, self.null_is_text)
                except jsonfields.NotDirect:
                    self._document = False
                else:
                    return values[0] if len(values) == 1 else tuple(values) or None
        return self.extracted().get(name)

    def _direct(self) -> object:
        """Decode the event if one field of it can be had without the others, which is much cheaper."""
        raw = self.event.raw
        self._document = False
        if (
            self.compiled.rules.kv_mode != "none"
            and not self.event.synthetic
            and raw[:1] == "{"
            and jsonfields.is_within_limits(raw)
        ):
            try:
                self._document = jsonfields.decode(raw)
            except (ValueError, RecursionError):
                pass
        return self._document

    def extracted(self) -> dict[str, Value]:
        if self._extracted is None:
            found: dict[str, Value] = {}
            for rule in self.compiled.rules.extractions:
                self._apply(rule, found)
            automatic = self._automatic()
            # What an extraction made is not made again.
            self._extracted = {**automatic, **found} if found else automatic
        return self._extracted

    def _apply(self, rule: Extraction, into: dict[str, Value]) -> None:
        source = rule.source
        subject = METADATA[source](self.event) if source in METADATA else into.get(source)
        if subject is None:
            return
        collected: dict[str, list[str]] = {}
        for found in rule.pattern.finditer(text(subject)):
            for name, value in found.groupdict().items():
                if value:
                    collected.setdefault(name, []).append(value)
            for name, number in rule.numbered:
                if found.group(number):
                    collected.setdefault(name, []).append(found.group(number))
            if not rule.multivalue:
                break
        for name, values in collected.items():
            into.setdefault(name, multivalue(values))

    def _automatic(self) -> dict[str, Value]:
        mode = self.compiled.rules.kv_mode
        if mode == "none":
            return {}
        found = jsonfields.extract(self.event.raw, self.null_is_text)
        self.lost = found.lost
        fields: dict[str, Value] = {
            name: values[0] if len(values) == 1 else tuple(values) for name, values in found.fields.items()
        }
        if self.event.synthetic:
            given = self.event.fields
            fields = {name: value for name, value in fields.items() if name.partition("{}")[0] not in given}
        if mode != "json" and not jsonfields.looks_like_json(self.event.raw):
            for name, quoted, bare in _PAIR.findall(self.event.raw[:KV_CHARACTERS]):
                value = re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
                if value:
                    fields.setdefault(name, value)
        return fields


class EventFields(FieldReader):
    """The reader of one run. Rows call it; it keeps nothing but what belongs to the run."""

    def __init__(
        self,
        compile_rules: Callable[[str, str, str], CompiledRules],
        owner: object,
        context: EvalContext,
        lookups: LookupTables,
        event_types: Sequence[EventType],
        tags: Sequence[tuple[str, str, str]],
        warn: Callable[[str], None],
        recent: deque[Event],
        capacity: int,
    ) -> None:
        self._compile_rules = compile_rules
        self._owner = owner
        self._context = context
        self._lookups = lookups
        self._event_types = event_types
        self._tags = tags
        self._warn = warn
        self._recent = recent
        self._capacity = capacity
        self._asked: tuple[Event, int, dict[str, Value]] | None = None

    def row(self, event: Event) -> Row:
        """Return a fresh row over an event."""
        return Row({}, event, self)

    def lasting(self, warn: Callable[[str], None]) -> EventFields:
        """Return a reader that may outlive the run: for fields that depend on the event alone."""
        context = EvalContext(now=0, switches=self._context.switches, warn=warn)
        return EventFields(
            self._compile_rules, self._owner, context, self._lookups, (), (), warn, self._recent, self._capacity
        )

    def field(self, event: object, name: str) -> Value:
        # No casts here: this is called for every field of every row.
        owned = event.cache_owner is self._owner  # type: ignore[attr-defined]
        view: _View = event.cache if owned else self._view(event)  # type: ignore
        known = view.calculated
        if name in known:
            return known[name]
        if name in view.compiled.looked_up:
            return self._looked_up(view, name)
        if name == "eventtype":
            return self._event_type(view.event)
        if name == "tag" or name.startswith("tag::"):
            return self._tag(view.event, name)
        return self._calculated(view, name)

    def names(self, event: object) -> Iterable[str]:
        assert isinstance(event, Event)  # noqa: S101
        view = self._view(event)
        extracted = view.extracted()
        if view.lost:
            self._warn_lost(sorted(view.lost)[0])
        found = dict.fromkeys(_SHOWN)
        for group in (event.fields, extracted, view.compiled.aliases, view.compiled.evals, view.compiled.looked_up):
            found.update(dict.fromkeys(group))
        if self._event_types:
            found["eventtype"] = None
        if self._tags:
            found["tag"] = None
        return list(found)

    def _view(self, event: Event) -> _View:
        if event.cache_owner is self._owner:
            return cast(_View, event.cache)
        compiled = self._compile_rules(event.sourcetype, event.source, event.host)
        view = _View(event, compiled, self._context.switches.json_null == "text")
        event.cache, event.cache_owner = view, self._owner
        self._recent.append(event)
        if len(self._recent) > self._capacity:
            oldest = self._recent.popleft()
            oldest.cache = oldest.cache_owner = None
        return view

    def _calculated(self, view: _View, name: str) -> Value:
        """Return a field before lookups; what depends on the event alone is remembered on it."""
        known = view.calculated
        if name in known:
            return known[name]
        rule = view.compiled.evals.get(name)
        if rule is None:
            value = view.get(name)
            if name in view.lost:
                # Not remembered: every run that asks is to be warned.
                self._warn_lost(name)
                return value
            lasting = name not in view.compiled.looked_up
        else:
            calculate, steady = rule
            value = calculate(view, self._context)
            lasting = steady and name not in view.compiled.looked_up
        if lasting:
            known[name] = value
        return value

    def _warn_lost(self, name: str) -> None:
        self._warn(
            f'Automatic JSON extraction left out "{name}" or part of it: it stands beyond the first'
            f" {jsonfields.CUTOFF_BYTES} bytes or {jsonfields.FIELD_LIMIT} fields of an event."
        )

    def _looked_up(self, view: _View, name: str) -> Value:
        value = self._calculated(view, name)
        for position in view.compiled.looked_up[name]:
            rule = view.compiled.rules.lookups[position]
            if rule.keep and value is not None:
                continue
            found = self._ask(view, position, rule)
            if name in found:
                value = found[name]
        return value

    def _ask(self, view: _View, position: int, rule: AutoLookup) -> dict[str, Value]:
        asked = self._asked
        if asked is not None and asked[0] is view.event and asked[1] == position:
            return asked[2]
        question: dict[str, str] = {}
        for column, field in rule.inputs:
            value = self._calculated(view, field)
            if value is not None:
                question[column] = text(members(value)[0])
        answer: dict[str, Value] = {}
        if len(question) == len(rule.inputs):
            definition = view.compiled.definitions[position]
            outputs = lookup_outputs(rule, self._lookups, definition)
            rows = self._lookups.match(definition, question, [column for column, _ in outputs], view.event.time)
            for column, field in outputs:
                cells = [cell for row in rows for cell in members(row.get(column))]
                if cells:
                    answer[field] = multivalue(cells)
        self._asked = (view.event, position, answer)
        return answer

    def _event_type(self, event: Event) -> Value:
        row = self.row(event)
        return multivalue([kind.name for kind in self._event_types if kind.matches(row)])

    def _tag(self, event: Event, name: str) -> Value:
        field = name[len("tag::") :] if name.startswith("tag::") else None
        row = self.row(event)
        found = {
            tag
            for tagged, value, tag in self._tags
            if field in (None, tagged) and any(text(member) == value for member in members(row.get(tagged)))
        }
        return multivalue(sorted(found))


def lookup_outputs(rule: AutoLookup, tables: LookupTables, definition: Definition) -> tuple[tuple[str, str], ...]:
    """Return (column, field) pairs that an automatic lookup adds."""
    if rule.outputs is not None:
        return rule.outputs
    asked = {column for column, _ in rule.inputs}
    return tuple((column, column) for column in tables.columns(definition) if column not in asked)
