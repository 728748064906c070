"""The search engine as the scheduler uses it: one store, one set of lookup tables, plans compiled once.

Turns a stanza's window into bounds relative to the scheduled time. What a lookup search
writes is seen by every later run; the app's own files are never touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any

from sandbox.spl.context import RunContext
from sandbox.spl.engine import Plan, compile_over_rows, compile_search_text
from sandbox.spl.errors import SplError
from sandbox.spl.geo import load_geo
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.lookups import LookupFailure, LookupTables
from sandbox.spl.store import Event, EventStore
from sandbox.spl.timemod import parse_modifier, resolve
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearch
from sandbox.splunkd.scheduler import Outcome, Row


def as_search_event(event: IndexedEvent) -> Event:
    """Return what the search engine reads of an event that the index keeps."""
    return Event(
        event.raw,
        event.time,
        indextime=event.indextime,
        host=event.host,
        source=event.source,
        sourcetype=event.sourcetype,
        index=event.index,
    )


class SplEngine:
    """Runs saved searches of one app over a growing store.

    Args:
        app: the app's folder.
        zone: the searching user's time zone.
        macros: definitions that replace those of the app, by stanza name.
        lookups: CSV files in the place of the app's tables, by lookup name.
        geo: the address database.

    Raises SplError for a conf, a lookup or a table that cannot be used.
    """

    def __init__(
        self,
        app: Path,
        *,
        zone: tzinfo = timezone.utc,
        macros: Mapping[str, str] | None = None,
        lookups: Mapping[str, Path] | None = None,
        geo: Path | None = None,
    ) -> None:
        self._knowledge = Knowledge.load(app)
        for name, definition in (macros or {}).items():
            self._knowledge.macros[name] = replace(self._knowledge.macros[name], definition=definition)
        self._zone = zone
        try:
            self._geo = load_geo(geo)
            self._lookups = self._knowledge.tables(dict(lookups or {}), self._geo)
        except (LookupFailure, ValueError, OSError) as error:
            raise SplError(str(error)) from None
        self._store = EventStore()
        self._plans: dict[str, Plan] = {}

    @property
    def tables(self) -> LookupTables:
        """The lookup tables as the runs so far have left them."""
        return self._lookups

    def compile(self, searches: Sequence[SavedSearch]) -> None:
        """Compile all searches now, so that a refusal comes before any work. Raises SplError, named."""
        for search in searches:
            self._plan(search)

    def expanded(self, search: SavedSearch) -> str:
        """Return the text of a search with all macros replaced. Raises SplError, as `compile` does."""
        return self._plan(search).text

    def add(self, events: Sequence[IndexedEvent]) -> None:
        """Let these events be seen from now on."""
        self._store.extend([as_search_event(event) for event in events])

    def run(self, search: SavedSearch, now: float) -> Outcome:
        """Run as scheduled for `now`."""
        plan = self._plan(search)
        context = self._context(search, now)
        if plan.finds_nothing(context):
            return Outcome(())
        result = plan.run(context)
        return Outcome(result.rows, result.warnings)

    def apply(self, condition: str, rows: Sequence[Row], now: float) -> Sequence[Row]:
        """Run an alert condition on result rows."""
        context = RunContext(now=now, lookups=self._lookups, zone=self._zone, geo=self._geo)
        return compile_over_rows(condition, self._knowledge, self._lookups).run(context, rows).rows

    def _plan(self, search: SavedSearch) -> Plan:
        if search.name not in self._plans:
            try:
                self._plans[search.name] = compile_search_text(search.search, self._knowledge, self._lookups)
                for modifier in (search.earliest, search.latest, search.index_earliest, search.index_latest):
                    if modifier is not None:
                        parse_modifier(modifier)
            except SplError as error:
                error.message = f"[{search.name}] {error.message}"
                raise
        return self._plans[search.name]

    def _context(self, search: SavedSearch, now: float) -> RunContext:
        return RunContext(
            now=now,
            lookups=self._lookups,
            store=self._store,
            earliest=self._bound(search.earliest, now),
            latest=self._bound(search.latest, now),
            index_earliest=self._bound(search.index_earliest, now),
            index_latest=self._bound(search.index_latest, now),
            zone=self._zone,
            geo=self._geo,
            search_name=search.name,
        )

    def _bound(self, modifier: str | None, now: float) -> Any:
        return None if modifier is None else resolve(modifier, now, self._zone)
