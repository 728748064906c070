"""What alerting remembers over a restart: triggers, throttling, the last count and the last slot of each search.

One SQLite file. The spec of savedsearches.conf says that a real splunkd forgets its list of
triggered alerts when it restarts; here it is kept, since the stand-in is started and stopped
far more often.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.splunkd.alert_memory import AlertMemory
from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.saved_searches import SavedSearch
from sandbox.splunkd.throttle import Throttle, throttle_key

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS fired (id TEXT PRIMARY KEY, search TEXT, triggered_at REAL, expires_at REAL,"
    " severity INTEGER, digest INTEGER, sid TEXT, actions TEXT, results TEXT)",
    "CREATE TABLE IF NOT EXISTS throttle (key TEXT PRIMARY KEY, until REAL)",
    "CREATE TABLE IF NOT EXISTS searches (name TEXT PRIMARY KEY, slot REAL, count INTEGER)",
)


class AlertState:
    """The alerting memory of one stand-in; `None` keeps it in memory."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(str(path) if path else ":memory:", check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        with self._connection:
            for statement in _SCHEMA:
                self._connection.execute(statement)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    # -- triggered alerts

    def add_fired(self, alert: FiredAlert) -> None:
        with self._lock, self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO fired VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    alert.id,
                    alert.search,
                    alert.triggered_at,
                    alert.expires_at,
                    alert.severity,
                    int(alert.digest),
                    alert.sid,
                    json.dumps(list(alert.actions)),
                    json.dumps(list(alert.results), ensure_ascii=False, default=str),
                ),
            )

    def fired_at(self, now: float) -> list[FiredAlert]:
        """What is listed at that time, in the order in which it fired; what has expired is dropped."""
        with self._lock:
            with self._connection:
                self._connection.execute("DELETE FROM fired WHERE expires_at <= ?", (now,))
            rows = self._connection.execute(
                "SELECT id, search, triggered_at, expires_at, severity, digest, sid, actions, results FROM fired"
                " ORDER BY triggered_at, rowid"
            ).fetchall()
        alerts = [
            FiredAlert(
                search=search,
                triggered_at=at,
                expires_at=expires,
                severity=severity,
                digest=bool(digest),
                results=tuple(json.loads(results)),
                id=identity,
                sid=sid,
                actions=tuple(json.loads(actions)),
            )
            for identity, search, at, expires, severity, digest, sid, actions, results in rows
        ]
        return [alert for alert in alerts if alert.shown_at(now)]

    def remove_fired(self, identity: str) -> bool:
        with self._lock, self._connection:
            return self._connection.execute("DELETE FROM fired WHERE id = ?", (identity,)).rowcount > 0

    # -- throttling

    def throttle(self) -> Throttle:
        """A throttle that goes on where an earlier one stood."""
        with self._lock:
            rows = self._connection.execute("SELECT key, until FROM throttle").fetchall()
        return _KeptThrottle(self, {tuple(json.loads(key)): until for key, until in rows})

    def keep_throttle(self, key: tuple[str, ...], until: float, now: float) -> None:
        with self._lock, self._connection:
            self._connection.execute("DELETE FROM throttle WHERE until <= ?", (now,))
            self._connection.execute("INSERT OR REPLACE INTO throttle VALUES (?, ?)", (json.dumps(key), until))

    def drop_throttle(self, owner: str) -> None:
        """Forget the throttling of one search or group."""
        with self._lock, self._connection:
            keys = [
                (key,) for (key,) in self._connection.execute("SELECT key FROM throttle") if json.loads(key)[0] == owner
            ]
            self._connection.executemany("DELETE FROM throttle WHERE key = ?", keys)

    # -- a simulation's memory

    def go_on_from(self, memory: AlertMemory, now: float) -> None:
        """Take over what a simulation that ended at `now` remembers and still matters."""
        for alert in memory.fired.shown_at(now):
            self.add_fired(alert)
        for key, until in memory.throttle().holding(now).items():
            self.keep_throttle(key, until, now)
        for name, count in memory.counts.items():
            self.set_count(name, count)

    # -- searches

    def slot(self, name: str) -> float | None:
        """The last slot that was run, or since when the search is scheduled."""
        with self._lock:
            row = self._connection.execute("SELECT slot FROM searches WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def set_slot(self, name: str, slot: float | None) -> None:
        """Remember the slot; None: the search is not scheduled any more. Its last count stays."""
        if self.slot(name) == slot:
            return
        with self._lock, self._connection:
            self._connection.execute("INSERT OR IGNORE INTO searches VALUES (?, NULL, NULL)", (name,))
            self._connection.execute("UPDATE searches SET slot = ? WHERE name = ?", (slot, name))

    def count(self, name: str) -> int:
        """What the trigger counted in the run before; 0 before the first."""
        with self._lock:
            row = self._connection.execute("SELECT count FROM searches WHERE name = ?", (name,)).fetchone()
        return 0 if row is None or row[0] is None else int(row[0])

    def set_count(self, name: str, count: int) -> None:
        with self._lock, self._connection:
            self._connection.execute("INSERT OR IGNORE INTO searches VALUES (?, NULL, NULL)", (name,))
            self._connection.execute("UPDATE searches SET count = ? WHERE name = ?", (count, name))


class _KeptThrottle(Throttle):
    """Writes down what it remembers."""

    def __init__(self, state: AlertState, until: dict[tuple[str, ...], float]) -> None:
        super().__init__()
        self._until = until
        self._state = state

    def passes(self, search: SavedSearch, row: Mapping[str, Any], at: float) -> bool:
        passed = super().passes(search, row, at)
        if passed and search.suppression is not None:
            key = throttle_key(search, row)
            self._state.keep_throttle(key, self._until[key], at)
        return passed

    def forget(self, search: SavedSearch) -> None:
        super().forget(search)
        self._state.drop_throttle(throttle_key(search, {})[0])
