"""Finds out what each search costs, by running a few hours of the time beforehand.

Whether a search is dear shows in no text: some ask every entry, some a table that grows with them, most find nothing.
The rehearsal runs in a process of its own, a copy of this one, and leaves nothing behind but the figures.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import Connection

from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.index import IndexedEvent
from sandbox.splunkd.saved_searches import SavedSearch
from sandbox.splunkd.scheduler import Scheduler

SECONDS, MOST_EVENTS = 4 * 3600, 12_000
"""Of the rehearsed time, whose second half is measured; of more events in it, each second or third stands for all."""
_DAY = 86_400


def rehearse(searches: Sequence[SavedSearch], engine: SplEngine, events: Sequence[IndexedEvent]) -> dict[str, float]:
    """Return the processor seconds that each search costs in a day; without those that were not due in it.

    Empty when it failed: why, the real run will say.
    """
    if not events:
        return {}
    forked = multiprocessing.get_context("fork")
    ours, theirs = forked.Pipe(duplex=False)
    process = forked.Process(target=_work, args=(theirs, searches, engine, in_the_middle(events)), daemon=True)
    process.start()
    theirs.close()
    try:
        found: dict[str, float] = ours.recv()
    except EOFError:
        found = {}
    finally:
        process.terminate()
        process.join()
    return found


def in_the_middle(events: Sequence[IndexedEvent]) -> Sequence[IndexedEvent]:
    """Return the events around the middle one, thinned out."""
    times = [event.indextime for event in events]
    middle = times[len(times) // 2]
    first, last = (bisect_left(times, middle + sign * SECONDS / 2) for sign in (-1, 1))
    return events[first:last][:: 1 + (last - first) // MOST_EVENTS]


def _work(told: Connection, searches: Sequence[SavedSearch], engine: SplEngine, events: Sequence[IndexedEvent]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the one that listens ends the others
    seconds, runs = dict.fromkeys((search.name for search in searches), 0.0), Counter[str]()
    begun = time.process_time()
    measured_from = events[0].indextime + SECONDS / 2

    def ran(search: SavedSearch, due: int, results: int) -> None:
        nonlocal begun
        now = time.process_time()
        if due >= measured_from:  # before, tables are empty, and first runs pay for what is made once
            seconds[search.name] += now - begun
            runs[search.name] += 1
        begun = now

    try:
        Scheduler(searches, engine, run_on=0.0).run(events, on_run=ran)
    except Exception:  # noqa: BLE001 - the real run meets it again, and says it
        return
    told.send(
        {
            search.name: seconds[search.name] / runs[search.name] * _DAY / search.schedule.period_seconds()
            for search in searches
            if runs[search.name]
        }
    )
