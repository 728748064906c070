"""The stand-in's index: events for the search engine, kept in SQLite over restarts.

A batch is on disk when `add` returns (one transaction, `synchronous = FULL`), so that
what the input was told is taken survives a kill of the stand-in. Knows events as the
input gave them; fields are the engine's business.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Callable, NamedTuple

from sandbox.splunkd.inputs import InputEvent

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    indextime REAL NOT NULL,
    host TEXT NOT NULL,
    source TEXT NOT NULL,
    sourcetype TEXT NOT NULL,
    index_name TEXT NOT NULL,
    raw TEXT NOT NULL
)
"""


class IndexedEvent(NamedTuple):
    """One event as it stands in the index; times are epoch seconds."""

    raw: str
    time: float
    indextime: float
    host: str
    source: str
    sourcetype: str
    index: str  # type: ignore[assignment] # hides tuple.index, which nobody asks


# Gives an event's index time from its event time and text.
ArrivalClock = Callable[[float, str], float]


class Index:
    """Events of one stand-in, in one SQLite file (or in memory for `None`).

    Args:
        parse: gives events the times that stand in their texts; what has none then gets the clock's.
    """

    def __init__(
        self,
        path: Path | None,
        arrival: ArrivalClock,
        clock: Callable[[], float],
        parse: Callable[[Sequence[InputEvent]], Sequence[InputEvent]] = lambda events: events,
    ) -> None:
        self._parse = parse
        self._lock = threading.Lock()
        self._arrival = arrival
        self._clock = clock
        self._connection = sqlite3.connect(str(path) if path else ":memory:", check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_SCHEMA)
        self._connection.commit()
        self._count: int = self._connection.execute("SELECT count(*) FROM events").fetchone()[0]

    def __len__(self) -> int:
        return self._count

    def add(self, events: Sequence[InputEvent]) -> None:
        """Keep a batch. Raises sqlite3.Error (a full disk, say): then nothing of the batch is kept."""
        rows = [self._row(event) for event in self._parse(events)]
        with self._lock, self._connection:
            self._connection.executemany(
                "INSERT INTO events (raw, time, indextime, host, source, sourcetype, index_name)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._count += len(rows)

    def events(self) -> Iterator[IndexedEvent]:
        """All events in order of their index time."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT raw, time, indextime, host, source, sourcetype, index_name"
                " FROM events ORDER BY indextime, number"
            ).fetchall()
        return (IndexedEvent(*row) for row in rows)

    def since(self, number: int) -> list[tuple[int, IndexedEvent]]:
        """Events behind a number that an earlier call gave (0: all), in the order in which they came."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT number, raw, time, indextime, host, source, sourcetype, index_name"
                " FROM events WHERE number > ? ORDER BY number",
                (number,),
            ).fetchall()
        return [(row[0], IndexedEvent(*row[1:])) for row in rows]

    def summary(self) -> dict[str, tuple[int, float, float, int]]:
        """Index name -> events, first and last event time, bytes of text."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT index_name, count(*), min(time), max(time), sum(length(raw)) FROM events GROUP BY index_name"
            ).fetchall()
        return {name: (count, first, last, size) for name, count, first, last, size in rows}

    def delete(self, index_name: str) -> None:
        """Drop the events of one index, as its removal does."""
        with self._lock, self._connection:
            self._connection.execute("DELETE FROM events WHERE index_name = ?", (index_name,))
            self._count = self._connection.execute("SELECT count(*) FROM events").fetchone()[0]

    def newest(self) -> int:
        """The number of the event that came last, for `since`; 0 for none."""
        with self._lock:
            number: int = self._connection.execute("SELECT coalesce(max(number), 0) FROM events").fetchone()[0]
        return number

    def raws(self) -> list[str]:
        """The texts alone, in the order in which they came."""
        with self._lock:
            return [raw for (raw,) in self._connection.execute("SELECT raw FROM events ORDER BY number")]

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _row(self, event: InputEvent) -> IndexedEvent:
        when = self._clock() if event.time is None else event.time
        return IndexedEvent(
            event.data,
            when,
            self._arrival(when, event.data),
            event.host,
            event.source,
            event.sourcetype,
            event.index,
        )
