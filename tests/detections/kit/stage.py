"""Plays a case: the shipped stanza and the baselines, over the case's simulated time.

Takes the app as it stands on disk. Scheduler, throttling, index and search engine are the
sandbox's; added here is only what makes hundreds of cases cheap: confs are read and searches
compiled once, a run whose window holds no entry is not started, and baselines whose tables the
alert does not read are left out (upstream.py). Knows nothing of what a case expects.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import Any

from sandbox.confs import AppConfs
from sandbox.spl.context import RunContext
from sandbox.spl.engine import Plan, compile_over_rows, compile_search_text
from sandbox.spl.geo import load_geo
from sandbox.spl.knowledge import Knowledge
from sandbox.spl.lookups import LookupTables
from sandbox.spl.store import EventStore
from sandbox.spl.timemod import resolve, zone
from sandbox.splunkd.engine import as_search_event
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearch, read_saved_searches
from sandbox.splunkd.scheduler import History, Outcome, Row, Scheduler
from sandbox.splunkd.simulated_actions import throw_away_actions

from .contract import APP_ROOT
from .entries import Arrival
from .problems import ScenarioError
from .report import ExplainedRun
from .scenario import Case
from .upstream import upstream

#: Explained runs that a failure report shows; the fullest ones.
_SHOWN_RUNS = 3


@dataclass
class Played:
    """What came of a case."""

    history: History
    runs: list[ExplainedRun] = field(default_factory=list)


class Stage:
    """The shipped app, read once, on which cases are played.

    Args:
        app: another app than the shipped one.
        execute_actions: run the alert actions of each trigger as processes, against a stand-in of the case's own.
    """

    def __init__(self, *, app: Path = APP_ROOT, execute_actions: bool = False) -> None:
        self._app = app
        self._execute_actions = execute_actions
        confs = AppConfs(app)
        self._searches = {search.name: search for search in read_saved_searches(confs.conf("savedsearches"))}
        self._knowledge: dict[tuple[tuple[str, str], ...], Knowledge] = {}
        self._plans: dict[tuple[Any, ...], Plan] = {}
        self._casts: dict[tuple[int, str], list[SavedSearch]] = {}

    @property
    def alerts(self) -> list[SavedSearch]:
        """Every scheduled search that alerts, shipped disabled or not."""
        return [search for search in self._searches.values() if not search.is_baseline and not search.is_report]

    @property
    def baselines(self) -> list[SavedSearch]:
        """Every scheduled search that keeps what alerts compare with."""
        return [search for search in self._searches.values() if search.is_baseline]

    def play(self, case: Case, arrivals: Sequence[Arrival], *, explain: bool = False) -> Played:
        """Run the case's alert, and the baselines behind it, from the first arrival to some hours after the last.

        Raises:
            ScenarioError: the case names an alert, a macro or a lookup that the app does not ship, or an alert
                action that was to be executed failed.
            sandbox.spl.errors.SplError: a shipped search is refused by the engine.
        """
        alert = self._searches.get(case.scenario.detection)
        if alert is None:
            title = case.scenario.detection
            raise ScenarioError(f"{case.title}: savedsearches.conf has no scheduled search {title!r}")
        engine = _CaseEngine(self, case, alert if explain else None)
        searches = self._searches_of(alert, self.knowledge(case))
        with ExitStack() as stack:
            actions = (
                stack.enter_context(throw_away_actions(self._app, engine, zone=zone(case.zone)))
                if self._execute_actions
                else None
            )
            history = Scheduler(searches, engine, actions=actions).run([_indexed(arrival) for arrival in arrivals])
            if actions is not None and actions.failures:
                raise ScenarioError(f"{case.title}: {actions}")
        fullest = sorted(engine.runs, key=lambda run: sum(count for _, count in run.rows_after), reverse=True)
        return Played(history, sorted(fullest[:_SHOWN_RUNS], key=lambda run: run.now))

    def knowledge(self, case: Case) -> Knowledge:
        """The app's knowledge objects, with the case's macros in the place of the shipped ones."""
        key = tuple(sorted(case.macros.items()))
        if key not in self._knowledge:
            knowledge = Knowledge.load(self._app)
            for name, definition in key:
                if name not in knowledge.macros:
                    raise ScenarioError(f"{case.title}: macros.conf has no macro {name!r} to set")
                knowledge.macros[name] = replace(knowledge.macros[name], definition=definition)
            self._knowledge[key] = knowledge
        return self._knowledge[key]

    def _searches_of(self, alert: SavedSearch, knowledge: Knowledge) -> list[SavedSearch]:
        """The alert and its baselines; the same for every case that sets the same macros."""
        key = (id(knowledge), alert.name)
        if key not in self._casts:
            # Alert actions of a baseline may write what its text does not show.
            chosen = self.baselines if self._execute_actions else upstream(alert, self.baselines, knowledge)
            self._casts[key] = [alert, *chosen]
        return self._casts[key]

    def plan(self, search: SavedSearch, knowledge: Knowledge) -> Plan:
        """The compiled search; the same for every case that sets the same macros."""
        key = (id(knowledge), search.name)
        if key not in self._plans:
            self._plans[key] = compile_search_text(search.search, knowledge)
        return self._plans[key]


class _CaseEngine:
    """What the scheduler runs searches on; fresh tables and a fresh index for each case."""

    def __init__(self, stage: Stage, case: Case, explained: SavedSearch | None) -> None:
        self._stage = stage
        self._knowledge = stage.knowledge(case)
        self._geo = load_geo([dict(row) for row in case.geo])
        for name in case.lookups:
            if name not in self._knowledge.definitions:
                raise ScenarioError(f"{case.title}: transforms.conf has no lookup {name!r} to fill")
        self._tables = self._knowledge.tables({name: rows for name, rows in case.lookups.items()}, self._geo)
        self._zone: tzinfo = zone(case.zone)
        self._store = EventStore()
        self._times: list[float] = []
        self._indextimes: list[float] = []
        self._explained = explained
        self._asleep: dict[str, int] = {}  # search -> events that were there when its window had passed them all
        self.runs: list[ExplainedRun] = []

    @property
    def tables(self) -> LookupTables:
        return self._tables

    def add(self, events: Sequence[IndexedEvent]) -> None:
        self._store.extend([as_search_event(event) for event in events])
        self._times = sorted(self._times + [event.time for event in events])
        self._indextimes += [event.indextime for event in events]

    def run(self, search: SavedSearch, now: float) -> Outcome:
        if self._idle(search, now):
            return Outcome(())
        explain = search is self._explained
        context = RunContext(
            now=now,
            lookups=self._tables,
            store=self._store,
            zone=self._zone,
            geo=self._geo,
            explain=explain,
            search_name=search.name,
            earliest=self._bound(search.earliest, now),
            latest=self._bound(search.latest, now),
            index_earliest=self._bound(search.index_earliest, now),
            index_latest=self._bound(search.index_latest, now),
        )
        result = self._stage.plan(search, self._knowledge).run(context)
        if explain:
            self.runs.append(ExplainedRun(now, tuple(result.stages)))
        return Outcome(result.rows, result.warnings)

    def apply(self, condition: str, rows: Sequence[Row], now: float) -> Sequence[Row]:
        context = RunContext(now=now, lookups=self._tables, zone=self._zone, geo=self._geo)
        return compile_over_rows(condition, self._knowledge, self._tables).run(context, rows).rows

    def _bound(self, modifier: str | None, now: float) -> float | None:
        return None if modifier is None else resolve(modifier, now, self._zone)

    def _idle(self, search: SavedSearch, now: float) -> bool:
        """Whether no entry lies in the window: such a run can neither find nor teach anything."""
        if self._asleep.get(search.name) == len(self._times):
            return True  # windows only move on
        if search.search.lstrip().startswith("|"):
            return False  # makes its own rows
        for times, start, end in (
            (self._indextimes, search.index_earliest, search.index_latest),
            (self._times, search.earliest, search.latest),
        ):
            first = 0 if start is None else bisect_left(times, resolve(start, now, self._zone))
            if first >= len(times):
                self._asleep[search.name] = len(times)
                return True
            if end is not None and times[first] >= resolve(end, now, self._zone):
                return True
        return False


def _logged(arrival: Arrival) -> IndexedEvent:
    """A line of the collector's log, or of the scheduler's, which names a search."""
    moment = datetime.fromtimestamp(int(arrival.entry["date_create"]), timezone.utc)
    is_scheduler = "savedsearch_id=" in arrival.log
    stamp = f"{moment:%m-%d-%Y %H:%M:%S.000 +0000}" if is_scheduler else f"{moment:%Y-%m-%d %H:%M:%S.000 +0000}"
    name = "scheduler" if is_scheduler else "slack_audit_monitor"
    return IndexedEvent(
        raw=f"{stamp} {arrival.log}",
        time=moment.timestamp(),
        indextime=float(arrival.arrives_at),
        host="localhost",
        source=f"/opt/splunk/var/log/splunk/{name}.log",
        sourcetype="scheduler" if is_scheduler else f"{name}-too_small",
        index="_internal",
    )


def _indexed(arrival: Arrival) -> IndexedEvent:
    if arrival.log:
        return _logged(arrival)
    raw = json.dumps(arrival.entry, ensure_ascii=False, separators=(",", ":"))
    created = float(arrival.entry["date_create"])
    return IndexedEvent(
        raw=raw,
        time=created,
        indextime=float(arrival.arrives_at),
        host="localhost",
        source="slack_audit://prod",
        sourcetype="slack:audit",
        index="slack_audit",
    )
