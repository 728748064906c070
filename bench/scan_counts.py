"""How many entries scheduled searches read (Splunk's scanCount): counted while they run, or from the index alone.

What a search reads is decided before any field is looked at, by its index terms and its windows. So it can be counted
without running what comes after, except where the terms themselves come from a table: the searches that fill those
tables (`feeders`) are run in full, and everything else is counted. That makes a day of a million entries affordable.
"""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.spl.candidates import Classes, Need
from sandbox.spl.context import RunContext
from sandbox.spl.tables import Table
from sandbox.splunkd.cleanup import PRUNE
from sandbox.splunkd.division import tables_written
from sandbox.splunkd.engine import SplEngine, as_search_event
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearch
from sandbox.splunkd.scheduler import Outcome

BATCH = 10_000
SAMPLE = 100
"""Rows of a collection whose size is looked at each time: its oldest."""
_READ = re.compile(r"\binputlookup\s+(?:\w+=\S+\s+)*(\w+)")


@dataclass
class Cost:
    """What the runs of one search cost in the measured day. `rows` is None where nothing was run."""

    runs: int = 0
    reads: int = 0
    rows: int | None = 0


@dataclass
class Kept:
    """A collection of the KV store: most rows in the measured day, their mean size as JSON, writes in that day."""

    rows: int
    bytes_a_row: float
    writes: int


class Scan(NamedTuple):
    """A run that is to be counted: what it asks the index for."""

    now: float
    name: str
    need: Need | None
    bounds: Mapping[str, float | None]


class CountingEngine(SplEngine):
    """Notes what each run between two moments reads, and runs it."""

    def __init__(self, app: Path, begin: float, end: float, searches: Sequence[SavedSearch], **given: Any) -> None:
        super().__init__(app, **given)
        self._reads: list[int] | None = None
        self._searches: Sequence[SavedSearch] = searches
        self._is_prepared = False
        self._weighed_at = 0.0
        self._versions: dict[str, int] = {}
        self._writes: dict[str, int] = {}
        self._most, self._sizes, self._sized = Counter[str](), Counter[str](), Counter[str]()
        self.begin, self.end = begin, end
        self.costs: dict[str, Cost] = {}
        self.each: list[tuple[float, str, int]] = []

    def add(self, events: Sequence[IndexedEvent]) -> None:
        super().add(events)
        if not self._is_prepared:
            # The store looks for whole words in what comes after it was asked for them; in what came before, for
            # letters alone, which lets more through.
            self._is_prepared = True
            for search in self._searches:
                found = self._plan(search).scan(self._context(search, self.begin))
                if found is not None:
                    self._store.is_empty(wanted=found[0])

    def run(self, search: SavedSearch, now: float) -> Outcome:
        counted = self.begin <= now < self.end
        if counted and now >= self._weighed_at + 900:
            self._weighed_at = now
            self._weigh()
        self._reads = [] if counted else None
        outcome = super().run(search, now)
        if counted and self._reads is not None:
            self.note(now, search.name, sum(self._reads), len(outcome.rows))
        return outcome

    def note(self, now: float, name: str, reads: int, rows: int | None) -> None:
        """Add a run to the costs."""
        cost = self.costs.setdefault(name, Cost())
        cost.runs += 1
        cost.reads += reads
        cost.rows = None if rows is None or cost.rows is None else cost.rows + rows
        self.each.append((now, name, reads))

    def kept(self) -> dict[str, Kept]:
        """Return what the KV store held in the measured day."""
        return {
            name: Kept(self._most[name], self._sizes[name] / max(1, self._sized[name]), writes)
            for name, writes in self._writes.items()
        }

    def _weigh(self) -> None:
        """Once a quarter of an hour: sample the collections."""
        for name, table in self._collections():
            self._most[name] = max(self._most[name], len(table))
            self._writes[name] = table.version - self._versions.setdefault(name, table.version)
            for row in table.rows()[:SAMPLE]:
                self._sizes[name] += len(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
                self._sized[name] += 1

    def _collections(self) -> Iterator[tuple[str, Table]]:
        for definition in self.tables.definitions().values():
            if definition.kind == "kvstore":
                yield definition.target, self.tables.table(definition)

    def _context(self, search: SavedSearch, now: float) -> RunContext:
        context = super()._context(search, now)
        context.reads = self._reads
        return context


class IndexAloneEngine(CountingEngine):
    """Runs the feeders, and of every other run keeps what it asks the index for; `count` then says how much that is."""

    def __init__(self, app: Path, begin: float, end: float, searches: Sequence[SavedSearch], **given: Any) -> None:
        super().__init__(app, begin, end, searches, **given)
        self._feeders = self.feeders(searches)
        self._scans: list[Scan] = []
        self.terms: dict[str, int] = {}
        """Most index terms that a search took from a table."""

    def feeders(self, searches: Sequence[SavedSearch]) -> frozenset[str]:
        """Names of the searches that fill a table of which another makes its index terms, and of those that prune."""
        asked: set[str] = set()
        for search in searches:
            for text in self._plan(search).subsearches_of_fetch:
                asked.update(_READ.findall(text))
        return frozenset(
            search.name
            for search in searches
            if PRUNE in search.action_names or asked.intersection(tables_written(self.expanded(search)))
        )

    def run(self, search: SavedSearch, now: float) -> Outcome:
        if search.name in self._feeders:
            return super().run(search, now)
        if self.begin <= now < self.end:
            scan = self._plan(search).scan(self._context(search, now))
            if scan is None:  # it asks tables, or the index for numbers: no entry is read
                self.note(now, search.name, 0, None)
            else:
                wanted, bounds = scan
                if wanted is not None and wanted.need is not None and self._plan(search).subsearches_of_fetch:
                    self.terms[search.name] = max(self.terms.get(search.name, 0), len(wanted.need.words))
                self._scans.append(Scan(now, search.name, None if wanted is None else wanted.need, bounds))
        return Outcome(())

    def count(self, events: Sequence[IndexedEvent]) -> None:
        """Count what all runs so far asked for; `events` in order of their index time."""
        index = TermIndex([scan.need for scan in self._scans if scan.need is not None], events)
        for scan in self._scans:
            self.note(scan.now, scan.name, index.count(scan), None)
        self._scans.clear()
        self.each.sort()


class TermIndex:
    """The times of all events, by their class: which of the asked index terms they hold, and their metadata."""

    def __init__(self, needs: Sequence[Need], events: Sequence[IndexedEvent]) -> None:
        self._classes = Classes()
        self._met: dict[object, list[int]] = {}
        for need in needs:
            self._classes.learn(need)
        self._indextimes: dict[int, array[float]] = {}
        self._times: dict[int, array[float]] = {}
        numbers = self._classes.numbers
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            self._classes.take([as_search_event(event) for event in batch])
            for number, event in zip(numbers, batch):
                self._indextimes.setdefault(number, array("d")).append(event.indextime)
                self._times.setdefault(number, array("d")).append(event.time)
            numbers.clear()

    def count(self, scan: Scan) -> int:
        """Return how many of the events that had arrived pass the terms and lie in both windows."""
        bounds = scan.bounds
        earliest, latest = _low(bounds["earliest"]), _high(bounds["latest"])
        first, end = _low(bounds["index_earliest"]), _high(bounds["index_latest"])
        found = 0
        for number in self._meeting(scan.need):
            arrived = self._indextimes[number]
            # Nothing arrives before it happens, so what arrived before `earliest` need not be looked at.
            low = bisect_left(arrived, max(first, earliest))
            high = min(bisect_left(arrived, end), bisect_right(arrived, scan.now))
            found += sum(earliest <= time < latest for time in self._times[number][low:high])
        return found

    def _meeting(self, need: Need | None) -> list[int]:
        if need is None:
            return list(self._times)
        found = self._met.get(need.formula)
        if found is None:
            found = self._met[need.formula] = [n for n in self._times if self._classes.meets(n, need)]
        return found


def _low(bound: float | None) -> float:
    return float("-inf") if bound is None else bound


def _high(bound: float | None) -> float:
    return float("inf") if bound is None else bound
