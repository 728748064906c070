"""Searches over what the stand-in holds: its index, its own log, its KV store, its app's knowledge.

One search runs at a time. Before each, new events are taken into the engine's store, and the
app's confs and lookups are read again when a file of them changed. What a search writes to a
lookup is in the KV store, or in the installed app's `lookups/`, when it returns.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, Callable

from sandbox.spl.context import RunContext
from sandbox.spl.engine import Plan, Result, compile_over_rows, compile_search_text
from sandbox.spl.errors import SplError, nearest
from sandbox.spl.geo import GeoTable, load_geo
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.lookups import LookupFailure, LookupTables
from sandbox.spl.store import Event, EventStore
from sandbox.spl.tables import write_csv_text
from sandbox.spl.timemod import resolve
from sandbox.splunkd.conf_store import ConfStore
from sandbox.splunkd.index import Index, IndexedEvent
from sandbox.splunkd.kv_tables import KvTables
from sandbox.splunkd.kvstore import KvStore

# system/default/props.conf, [splunkd] EXTRACT-fields.
_SPLUNKD_LINE = re.compile(
    r"(?:[^ ]* ){2}(?:[+\-]\d+ )?(?P<log_level>[^ ]*)\s+(?P<component>[^ ]+) - (?P<event_message>.+)", re.DOTALL
)
_MOST_PLANS = 500


class Windows:
    """The time range of one search: modifiers or epoch seconds; None is open."""

    def __init__(
        self,
        earliest: str | float | None = None,
        latest: str | float | None = None,
        index_earliest: str | float | None = None,
        index_latest: str | float | None = None,
    ) -> None:
        self.given = {
            "earliest": earliest,
            "latest": latest,
            "index_earliest": index_earliest,
            "index_latest": index_latest,
        }

    def bounds(self, now: float, zone: tzinfo) -> dict[str, float | None]:
        """Epoch seconds. Raises SplError for a modifier that is none, with its name."""
        found: dict[str, float | None] = {}
        for name, given in self.given.items():
            if given is None or given == "":
                found[name] = None
                continue
            try:
                found[name] = resolve(given, now, zone)
            except (SplError, ValueError) as error:
                raise SplError(f"Invalid {name}: {error}") from None
        return found


class SearchService:
    """Runs search texts. Safe to call from several threads.

    Args:
        indexes: where events come from, first those of the input.
        geo: the address database for iplocation and slack_audit_ip_asn.
    """

    def __init__(
        self,
        confs: ConfStore,
        indexes: Sequence[Index],
        kvstore: KvStore,
        *,
        zone: tzinfo = timezone.utc,
        geo: Path | None = None,
    ) -> None:
        self._confs = confs
        self._indexes = list(indexes)
        self._taken = [0 for _ in indexes]
        self._kvstore = kvstore
        self.zone = zone
        self._lock = threading.RLock()
        self._store = EventStore()
        self._geo: GeoTable | None = load_geo(geo)
        self._plans: dict[str, Plan] = {}
        self._fingerprint: dict[str, tuple[int, int]] | None = None
        self._knowledge: Knowledge
        self._tables: LookupTables
        self._bridge: KvTables

    def check(self, text: str) -> None:
        """Compile only. Raises SplError."""
        with self._lock:
            self._refresh()
            self._plan(text)

    def run(
        self,
        text: str,
        *,
        now: float,
        windows: Windows,
        name: str = "",
        stopped: Callable[[], bool] = lambda: False,
    ) -> Result:
        """Run a search as of `now`. Raises SplError, also when `stopped`, asked between commands, says yes."""
        with self._lock:
            if stopped():
                raise SplError("The search was cancelled.")
            self._refresh()
            plan = self._plan(text)
            bounds = windows.bounds(now, self.zone)
            self._take_events()
            self._bridge.read()
            context = RunContext(
                now=now,
                lookups=self._tables,
                store=self._store,
                zone=self.zone,
                geo=self._geo,
                search_name=name,
                stopped=stopped,
                earliest=bounds["earliest"],
                latest=bounds["latest"],
                index_earliest=bounds["index_earliest"],
                index_latest=bounds["index_latest"],
            )
            try:
                return plan.run(context)
            finally:
                self._bridge.write()
                self._write_files(context.written)

    def _write_files(self, names: Iterable[str]) -> None:
        """Write CSV lookups that a search changed; that they are newer than what was read is no news."""
        before = dict(self._fingerprint_of_files())
        for name in sorted(names):
            definition = self._tables.definition(name)
            if definition.kind != "csv":
                continue
            path = self._confs.folder / "lookups" / definition.target
            path.parent.mkdir(exist_ok=True)
            replacement = path.with_name(path.name + ".new")
            replacement.write_text(write_csv_text(self._tables.table(definition)), encoding="utf-8")
            replacement.replace(path)
        if dict(self._fingerprint or {}) == before:
            self._fingerprint = self._fingerprint_of_files()

    def _fingerprint_of_files(self) -> dict[str, tuple[int, int]]:
        return {name: (changed, size) for name, changed, size in self._confs.fingerprint()}

    def filter(self, condition: str, rows: Sequence[Mapping[str, Any]], now: float) -> list[dict[str, Any]]:
        """Run the commands of `condition` on result rows, as an alert condition or post-process search does.

        Raises SplError.
        """
        with self._lock:
            self._refresh()
            if not condition.strip().lstrip("|").strip():
                return [dict(row) for row in rows]
            self._bridge.read()
            context = RunContext(now=now, lookups=self._tables, zone=self.zone, geo=self._geo)
            try:
                return compile_over_rows(condition, self._knowledge, self._tables).run(context, rows).rows
            finally:
                self._bridge.write()
                self._write_files(context.written)

    def _plan(self, text: str) -> Plan:
        if text not in self._plans:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[text] = compile_search_text(text, self._knowledge, self._tables)
        return self._plans[text]

    def _refresh(self) -> None:
        fingerprint = self._fingerprint_of_files()
        if fingerprint == self._fingerprint:
            return
        try:
            self._knowledge = Knowledge.load(self._confs.folder)
            self._tables = self._knowledge.tables({}, self._geo)
        except (LookupFailure, ValueError, OSError) as error:
            raise SplError(str(error)) from None
        self._bridge = KvTables(self._kvstore, self._tables)
        self._plans = {}
        # What the events said under the old rules must not answer under the new ones.
        self._store = EventStore()
        self._taken = [0 for _ in self._indexes]
        self._fingerprint = fingerprint

    def _take_events(self) -> None:
        for number, index in enumerate(self._indexes):
            fresh = index.since(self._taken[number])
            if fresh:
                self._store.extend([_engine_event(event) for _, event in fresh])
                self._taken[number] = fresh[-1][0]


def _engine_event(event: IndexedEvent) -> Event:
    fields: dict[str, str] = {}
    if event.sourcetype == "splunkd":
        match = _SPLUNKD_LINE.match(event.raw)
        fields = match.groupdict() if match else {}
    return Event(
        event.raw,
        event.time,
        indextime=event.indextime,
        host=event.host,
        source=event.source,
        sourcetype=event.sourcetype,
        index=event.index,
        fields=fields,
    )


def as_command(text: str) -> str:
    """A job's search as the engine reads it: its first word is a command.

    A saved search may begin with terms; one that is dispatched over REST must begin with
    `search` or a generating command. Raises SplError with Splunk's sentence.
    """
    from sandbox.spl.commands import COMMANDS

    stripped = text.strip()
    if not stripped:
        raise SplError("Empty search.")
    if stripped[0] in "|`[":
        return stripped
    word = re.match(r"\S+", stripped)
    first = word.group().lower() if word else ""
    if first == "search":
        return stripped
    if first in COMMANDS:
        return f"| {stripped}"
    raise SplError(f"Unknown search command '{first}'.", suggestion=nearest(first, COMMANDS))
