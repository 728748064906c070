"""Alert actions of a simulation, carried out as splunkd does: a process for each trigger that speaks to its endpoints.

The stand-in that answers the script stands at the scheduled time of the run. What searches have
written to KV store lookups is there before the script starts; what the script writes to
collections and indexes is seen by every search after it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Callable, Protocol

from sandbox.spl.lookups import LookupTables
from sandbox.splunkd.arrivals import WorldClock
from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.kv_tables import KvTables
from sandbox.splunkd.saved_searches import SavedSearch


class _Engine(Protocol):
    """What runs the simulation's searches."""

    @property
    def tables(self) -> LookupTables:
        """The lookup tables of its runs."""

    def add(self, events: Sequence[IndexedEvent]) -> None:
        """Let these events be seen from now on."""


class SimulatedActions:
    """Carries out the actions of one simulation.

    Args:
        splunkd: what the processes speak to; what its index holds by now is the engine's already.
        clock: the clock of `splunkd`.
        engine: runs the searches. Tables of its that hold rows replace what `splunkd` has in these collections.
        left_out: tells of which searches the actions are not carried out; `skipped` counts them.
    """

    def __init__(
        self,
        splunkd: Splunkd,
        clock: WorldClock,
        engine: _Engine,
        left_out: Callable[[SavedSearch], bool] = lambda search: False,
    ) -> None:
        self._left_out = left_out
        self.skipped = 0
        self._splunkd = splunkd
        self._clock = clock
        self._engine = engine
        self._seen = splunkd.index.newest()
        self._tables = KvTables(splunkd.kvstore, engine.tables)
        self._tables.put()
        self._tables.read()
        self._runs_before, self._failures_before = splunkd.actions.runs, splunkd.actions.failures

    @property
    def runs(self) -> int:
        """Actions that were to be carried out."""
        return self._splunkd.actions.runs - self._runs_before

    @property
    def failures(self) -> int:
        """Those of them that did not end with exit code 0."""
        return self._splunkd.actions.failures - self._failures_before

    def __str__(self) -> str:
        text = f"alert actions: {self.runs} executed, {self.failures} failed"
        said = self._splunkd.log.lines("ERROR", "sendmodalert") if self.failures else []
        return f"{text}; the last said: {said[-1].text}" if said else text

    def run(self, search: SavedSearch, alert: FiredAlert, number: int) -> None:
        if self._left_out(search):
            self.skipped += 1
            return
        self._clock.stand_at(alert.triggered_at)
        # Only what the script asks for is stored: large baselines change with every quarter of an hour.
        self._splunkd.kvstore.before_use = self._store
        try:
            self._splunkd.actions.run(search, alert, number)
        finally:
            self._splunkd.kvstore.before_use = None
        self._tables.read()
        fresh = self._splunkd.index.since(self._seen)
        if fresh:
            self._engine.add([event for _, event in fresh])
            self._seen = fresh[-1][0]

    def _store(self, collection: str) -> None:
        self._tables.write(collection)

    def finish(self) -> None:
        """Leave what the last searches wrote in the KV store."""
        self._tables.write()


@contextmanager
def throw_away_actions(
    app: Path, engine: _Engine, *, zone: tzinfo = timezone.utc, geo: Path | None = None
) -> Iterator[SimulatedActions]:
    """Actions against a stand-in in a folder that is removed at the end."""
    clock = WorldClock()
    with tempfile.TemporaryDirectory(prefix="splunk-") as folder:
        with Splunkd.open(Path(folder), app, arrival=clock.arrival, clock=clock, zone=zone, geo=geo) as splunkd:
            yield SimulatedActions(splunkd, clock, engine)
