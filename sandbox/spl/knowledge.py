"""The knowledge objects of an app: macros, field rules, lookups, event types, tags, collections.

Reads the confs of one app folder as they are and checks every setting that changes a search; what it does not know it
refuses by file, line and name. Runs nothing: it hands out field readers (extraction.py) and tables (lookups.py).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Callable
from urllib.parse import unquote

from ..confs import AppConfs, ConfError
from .context import RunContext
from .errors import SplError
from .evaluate import compile, field_names
from .eventtypes import compile_event_types
from .expressions import Call, Expression, walk
from .extraction import METADATA, CompiledRules, EventFields, EventType, lookup_outputs
from .geo import GeoTable
from .indexing import IndexTimeRules
from .lookupconf import lookup_definitions
from .lookups import Definition, LookupFailure, LookupInput, LookupTables
from .macros import MacroDefinition
from .propsrules import PropsConf, Refused
from .store import Event
from .stream import parse_expression
from .switches import Switches

CACHED_EVENTS = 20_000
"""Events whose extracted fields are kept for later searches."""

_UNSTEADY = frozenset(("now", "time", "random", "relative_time", "strftime", "strptime", "lookup", "searchmatch"))
_MACRO_NAME = re.compile(r"(.+?)\((\d+)\)")


class Knowledge:
    """Knowledge objects of one app; `Knowledge.load(root)`, or `Knowledge()` for none."""

    def __init__(self, confs: AppConfs | None = None) -> None:
        self.confs = confs
        self.root: Path | None = confs.root if confs else None
        empty = AppConfs(Path("/nonexistent"))
        try:
            self._props = PropsConf(confs or empty)
            self.macros = _macros(confs) if confs else {}
            self.collections = _collections(confs) if confs else {}
            self.definitions = lookup_definitions(confs) if confs else {}
        except (Refused, ConfError) as error:
            raise SplError(str(error)) from error
        self._tags = _tags(confs) if confs else []
        self._event_types: dict[Switches, list[EventType]] = {}
        self._compiled: dict[tuple[str, str, str], CompiledRules] = {}
        # Fields kept on an event belong to one reading of JSON null by one app.
        self._owners: dict[str, object] = {}
        self._index_time: dict[tuple[str, str, str], IndexTimeRules] = {}
        self._recent: deque[Event] = deque()
        self._derived = self._derived_names()

    @classmethod
    def load(cls, root: str | Path) -> Knowledge:
        """Read the app at this folder.

        Raises:
            SplError: a conf is missing, broken, or holds a setting that is not known.
        """
        folder = Path(root)
        if not (folder / "default").is_dir():
            raise SplError(f'"{root}" is no app: there is no folder default/ in it.')
        return cls(AppConfs(folder))

    def tables(self, given: Mapping[str, LookupInput] | None = None, geo: GeoTable | None = None) -> LookupTables:
        """Return fresh lookup tables: the app's files, replaced or completed by those given."""
        return LookupTables(self.definitions, self.root, self.collections, given, geo)

    def reader(self, context: RunContext) -> EventFields:
        """Return what gives rows of this run their fields."""
        owner = self._owners.setdefault(context.switches.json_null, object())
        return EventFields(
            self.compiled_rules, owner, context.evaluation, context.lookups, self._types(context.switches), self._tags,
            context.warn, self._recent, CACHED_EVENTS,
        )  # fmt: skip

    def verbatim(self, field: str) -> bool:
        """Say whether a field's values stand in the raw text: it is extracted, and nothing else makes it."""
        return field not in self._derived and not field.startswith("tag::") and field not in METADATA

    def steady(self, fields: Sequence[str]) -> bool:
        """Say whether these fields of an event never change between runs."""
        return not any(field in self._unsteady or field.startswith("tag::") for field in fields)

    def compiled_rules(self, sourcetype: str, source: str, host: str) -> CompiledRules:
        """Return the rules for one kind of event, expressions compiled."""
        place = (sourcetype, source, host)
        if place not in self._compiled:
            self._compiled[place] = self._compile(place)
        return self._compiled[place]

    def index_time(self, sourcetype: str, source: str, host: str) -> IndexTimeRules:
        """Return what props.conf says about events of one kind before they are searched."""
        place = (sourcetype, source, host)
        if place not in self._index_time:
            try:
                self._index_time[place] = IndexTimeRules(self._props.settings(*place))
            except ValueError as error:
                raise SplError(f"props.conf, [{sourcetype}]: {error}") from error
        return self._index_time[place]

    def _compile(self, place: tuple[str, str, str]) -> CompiledRules:
        rules = self._props.rules(*place)
        aliases: dict[str, list[tuple[str, bool]]] = {}
        for source, target, keep in rules.aliases:
            aliases.setdefault(target, []).insert(0, (source, keep))
        evals: dict[str, tuple[Callable[..., object], bool]] = {}
        for name, written in rules.evals.items():
            expression = self._expression(name, written)
            evals[name] = (compile(expression), _is_steady(expression))
        looked_up: dict[str, list[int]] = {}
        definitions: list[Definition] = []
        tables = self.tables()
        for position, rule in enumerate(rules.lookups):
            definition = self.definitions[rule.table]
            definitions.append(definition)
            for _, field in lookup_outputs(rule, tables, definition):
                looked_up.setdefault(field, []).append(position)
        extracted = frozenset(field for rule in rules.extractions for field in rule.fields)
        return CompiledRules(rules, aliases, evals, looked_up, definitions, extracted)  # type: ignore[arg-type]

    def _expression(self, name: str, written: str) -> Expression:
        try:
            return _parsed(written)
        except SplError as error:
            raise SplError(f"props.conf, EVAL-{name}: {error}") from error

    def _derived_names(self) -> frozenset[str]:
        """Names that aliases, calculations, lookups, event types or tags make, for whatever events."""
        names = {"eventtype", "tag", "linecount"}
        self._unsteady = {"eventtype", "tag"}
        for rules in self._props.all_rules():
            names.update(target for _, target, _ in rules.aliases)
            names.update(rules.evals)
            for name, written in rules.evals.items():
                expression = self._expression(name, written)
                if not _is_steady(expression):
                    self._unsteady.add(name)
                try:
                    compile(expression)
                except SplError as error:
                    raise SplError(f"props.conf, EVAL-{name}: {error}") from error
                field_names(expression)
            for rule in rules.lookups:
                definition = self.definitions.get(rule.table)
                if definition is None:
                    raise SplError(f'props.conf: LOOKUP- names the lookup "{rule.table}", which transforms.conf lacks.')
                try:
                    outputs = [field for _, field in lookup_outputs(rule, self.tables(), definition)]
                except LookupFailure as error:
                    raise SplError(f"props.conf: LOOKUP-: {error}") from error
                names.update(outputs)
                self._unsteady.update(outputs)
            names.update(field for rule in rules.extractions for field in rule.fields)
        return frozenset(names)

    def _types(self, switches: Switches) -> list[EventType]:
        if switches not in self._event_types:
            types = [] if self.confs is None else compile_event_types(self.confs, self.macros, self._tags, switches)
            self._event_types[switches] = types
        return self._event_types[switches]


# The same app is loaded again and again: by tests, and by a stand-in whose confs have changed in one place.
_parsed = lru_cache(maxsize=2_000)(parse_expression)


def _is_steady(expression: Expression) -> bool:
    return not any(isinstance(node, Call) and node.name in _UNSTEADY for node in walk(expression))


def _macros(confs: AppConfs) -> dict[str, MacroDefinition]:
    found = {}
    for stanza, settings in confs.conf("macros").items():
        args = tuple(part.strip() for part in settings.get("args", "").split(",") if part.strip())
        counted = _MACRO_NAME.fullmatch(stanza)
        if (int(counted.group(2)) if counted else 0) != len(args):
            raise Refused(f"{confs.origin('macros', stanza)}: [{stanza}] has {len(args)} names in args")
        found[stanza] = MacroDefinition(
            settings.get("definition", ""),
            args,
            settings.get("iseval", "0").lower() in ("1", "true"),
            settings.get("validation", ""),
            settings.get("errormsg", ""),
        )
    return found


def _collections(confs: AppConfs) -> dict[str, list[str]]:
    return {
        name: [key[6:] for key, value in settings.items() if key.startswith("field.") and value in ("number", "time")]
        for name, settings in confs.conf("collections").items()
    }


def _tags(confs: AppConfs) -> list[tuple[str, str, str]]:
    found = []
    for stanza, settings in confs.conf("tags").items():
        field, _, value = stanza.partition("=")
        for tag, state in settings.items():
            if state.lower() in ("enabled", "1", "true"):
                found.append((field, unquote(value), tag))
    return found
