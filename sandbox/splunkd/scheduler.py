"""Run saved searches over simulated time, as a scheduler with no other load would.

What a run triggers is decided by `alerting`, as in the living scheduler.

The clock jumps from one due minute to the next. A run at T sees the events whose index time
is at most T: they are put into the store as the clock passes, so no search can look ahead.
Searches of one minute run in order of their names. Windows are relative to the scheduled time.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Protocol

from sandbox.splunkd.alert_memory import AlertMemory
from sandbox.splunkd.alerting import Actions, Alerting, scheduler_sid
from sandbox.splunkd.findings import Finding, finding_of
from sandbox.splunkd.fired_alerts import FiredAlert, FiredAlerts
from sandbox.splunkd.home import APP_ID
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearch

Row = Mapping[str, Any]

# After the last event every settle lag of a search must have passed (75 minutes is the longest shipped), and a slow
# alert must have come round: twice its period, where that is longer.
RUN_ON_SECONDS = 3 * 3600
# No shipped window is longer than 35 days: where nothing arrived for longer, the clock may jump.
LONGEST_SILENCE_SECONDS = 40 * 86400
_REPORT_EVERY = 200


@dataclass(frozen=True)
class Outcome:
    """What one run of one search gave."""

    rows: Sequence[Row]
    warnings: Sequence[str] = ()


class Engine(Protocol):
    """What runs searches: the search engine behind a narrow door."""

    def add(self, events: Sequence[IndexedEvent]) -> None:
        """Let these events be seen from now on."""

    def run(self, search: SavedSearch, now: float) -> Outcome:
        """Run a saved search as scheduled for `now`."""

    def apply(self, condition: str, rows: Sequence[Row], now: float) -> Sequence[Row]:
        """Run an alert condition on result rows; the rows that are left."""


@dataclass
class Progress:
    """Where the simulation stands."""

    now: float
    start: float
    end: float
    runs: int = 0
    findings: int = 0


@dataclass
class History:
    """What a whole simulation brought."""

    findings: list[Finding] = field(default_factory=list)
    fired: FiredAlerts = field(default_factory=FiredAlerts)
    runs: int = 0
    suppressed: int = 0
    actions_left_out: int = 0  # alert actions of triggers that nobody was given to carry out
    warnings: dict[str, set[str]] = field(default_factory=dict)  # search -> sentences
    jumps: list[tuple[float, float]] = field(default_factory=list)  # spans without arrivals that were left out


class Scheduler:
    """One simulation. `engine` must be fresh: it is given all events itself.

    Args:
        actions: carries out the alert actions; None leaves them out, and the history counts them.
        memory: what alerting remembers; a fresh one when none is given.
        only: names of the searches that run; how long the simulation goes on, all decide. None: all.
        own: names of those that the history tells of; the others run for what they write. None: all.
        run_on: how long the simulation goes on after the last event, seconds. None: until every alert has looked at it.
    """

    def __init__(
        self,
        searches: Sequence[SavedSearch],
        engine: Engine,
        *,
        run_disabled: bool = True,
        actions: Actions | None = None,
        memory: AlertMemory | None = None,
        only: Collection[str] | None = None,
        own: Collection[str] | None = None,
        run_on: float | None = None,
    ) -> None:
        self._own = own
        self._searches = sorted(
            (search for search in searches if run_disabled or not search.disabled),
            key=lambda search: search.name,
        )
        alerts = [search for search in self._searches if not (search.is_baseline or search.is_report)]
        slowest = max((2 * search.schedule.period_seconds() for search in alerts), default=0)
        self._run_on = max(RUN_ON_SECONDS, slowest) if run_on is None else run_on
        if only is not None:
            self._searches = [search for search in self._searches if search.name in only]
        self._engine = engine
        self._memory = memory or AlertMemory()
        self._left_out = _LeftOut()
        self._alerting = Alerting(engine.apply, self._memory, actions or self._left_out)

    def run(
        self,
        events: Sequence[IndexedEvent],
        *,
        alerts_from: float | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_finding: Callable[[Finding], None] | None = None,
        on_run: Callable[[SavedSearch, int, int], None] | None = None,
    ) -> History:
        """Go from the first event to RUN_ON_SECONDS after the last; longer when an alert runs seldom.

        Where nothing arrived for LONGEST_SILENCE_SECONDS the clock jumps to the next arrival, and
        the history says so: a single old entry must not cost years of empty runs.

        Args:
            events: in order of their index time.
            alerts_from: alerts due before it are left out; baselines run from the start.
            on_run: told of each run: search, scheduled time, number of results.
        """
        history = History(fired=self._memory.fired)
        if not events:
            return history
        progress = Progress(events[0].indextime, events[0].indextime, events[-1].indextime + self._run_on)

        def report(now: float) -> None:
            if on_progress is not None:
                progress.now, progress.runs, progress.findings = now, history.runs, len(history.findings)
                on_progress(progress)

        shown = done = 0
        for first, end in _stretches(events, self._run_on):
            start = events[first].indextime
            if first:
                history.jumps.append((events[first - 1].indextime + self._run_on, start))
            for due, search in self._due(start, end, alerts_from):
                upto = shown
                while upto < len(events) and events[upto].indextime <= due:
                    upto += 1
                if upto > shown:
                    self._engine.add(events[shown:upto])
                    shown = upto
                results = self._run_one(search, due, history, on_finding)
                if on_run is not None:
                    on_run(search, due, results)
                history.runs += self._is_own(search)
                done += 1
                if done % _REPORT_EVERY == 0:
                    report(due)
        report(progress.end)
        history.actions_left_out = self._left_out.count
        return history

    def _due(self, start: float, end: float, alerts_from: float | None) -> Iterator[tuple[int, SavedSearch]]:
        """All runs in order of time and name."""
        calendars = []
        for number, search in enumerate(self._searches):
            begin = start if search.is_baseline or alerts_from is None else max(start, alerts_from)
            calendar = search.schedule.from_(begin)
            calendars.append((next(calendar), number, calendar))
        heapq.heapify(calendars)
        while calendars and calendars[0][0] <= end:
            due, number, calendar = calendars[0]
            yield due, self._searches[number]
            heapq.heapreplace(calendars, (next(calendar), number, calendar))

    def _is_own(self, search: SavedSearch) -> bool:
        return self._own is None or search.name in self._own

    def _run_one(
        self, search: SavedSearch, now: float, history: History, on_finding: Callable[[Finding], None] | None
    ) -> int:
        outcome = self._engine.run(search, now)
        if outcome.warnings and self._is_own(search):
            history.warnings.setdefault(search.name, set()).update(outcome.warnings)
        if search.is_baseline and search.is_mute:
            return len(outcome.rows)
        sid = scheduler_sid(APP_ID, search.name, now, history.runs)
        triggered = self._alerting.judge(search, outcome.rows, slot=now, sid=sid)
        if search.is_baseline or search.is_report or not self._is_own(search):
            return len(outcome.rows)
        history.suppressed += triggered.throttled
        for alert in triggered.alerts:
            for row in alert.results:
                finding = finding_of(row, search.name, now)
                history.findings.append(finding)
                if on_finding is not None:
                    on_finding(finding)
        return len(outcome.rows)


class _LeftOut:
    """Counts the actions that a simulation does not carry out."""

    def __init__(self) -> None:
        self.count = 0

    def run(self, search: SavedSearch, alert: FiredAlert, number: int) -> None:
        self.count += len(alert.actions)


def _stretches(events: Sequence[IndexedEvent], run_on: float) -> Iterator[tuple[int, float]]:
    """Position of the first event and the end of each stretch of time that is worth running through."""
    first = 0
    for number in range(1, len(events)):
        if events[number].indextime - events[number - 1].indextime > LONGEST_SILENCE_SECONDS:
            yield first, events[number - 1].indextime + run_on
            first = number
    yield first, events[-1].indextime + run_on
