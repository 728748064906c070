"""The log itself: entries in Slack's order, ready to be sent.

Knows which entries exist, when each became visible, and how to cut a page out of them, newest first. It keeps
each entry as the bytes that go over the wire, written once. It knows nothing of HTTP, tokens or faults.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .cursors import Position

Entry = Mapping[str, Any]

_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Query:
    """What a page may hold. Bounds are Unix seconds, both inclusive; None means unbounded."""

    oldest: int | None = None
    latest: int | None = None
    before: Position | None = None
    limit: int = 200
    actions: frozenset[str] = field(default_factory=frozenset)
    actor: str | None = None
    entity: str | None = None
    overfull: bool = False

    @property
    def is_filtered(self) -> bool:
        return bool(self.actions or self.actor or self.entity)


@dataclass(frozen=True)
class Slice:
    """Entries of one page as JSON bytes, newest first, and where to go on (None: nothing older is left)."""

    payloads: list[bytes]
    next: Position | None


def serialise(entry: Entry) -> bytes:
    """One entry as it goes over the wire: compact JSON, UTF-8."""
    try:
        return _write(entry).encode()
    except UnicodeEncodeError:  # half of a surrogate pair has no UTF-8 form; as an escape it can travel
        return json.dumps(entry, separators=(",", ":")).encode()


def entity_id(entry: Entry) -> str:
    """Id of the thing acted on; empty where the entity has none (messages)."""
    entity = entry.get("entity") or {}
    inner = entity.get(entity.get("type")) or {}
    return str(inner.get("id", "")) if isinstance(inner, dict) else ""


class Journal:
    """All entries of one organisation, in memory.

    Args:
        entries: Slack entries in any order.
        arrivals: entry id -> Unix seconds at which the entry becomes visible. Entries without a row are
            visible from their own `date_create` on. Rows may stand for entries that are added later.
    """

    def __init__(self, entries: Iterable[Entry] = (), arrivals: Mapping[str, float] | None = None) -> None:
        self._lock = threading.RLock()
        self._arrivals = dict(arrivals or {})
        self._seconds: list[int] = []
        self._sequences: list[int] = []
        self._payloads: list[bytes] = []
        self._facets: list[tuple[str, str, str]] = []
        self._ids: dict[str, int] = {}
        self._late: dict[int, float] = {}
        self._load(entries)

    def __len__(self) -> int:
        return len(self._seconds)

    def ids(self) -> frozenset[str]:
        """Ids of all entries, visible or not."""
        with self._lock:
            return frozenset(self._ids)

    def visible_ids(self, now: float) -> frozenset[str]:
        """Ids of the entries that a reader can get at `now`."""
        with self._lock:
            return frozenset(
                id
                for id, seq in self._ids.items()
                if self._late.get(seq, 0.0) <= now and self._second_of[seq] <= now
            )

    def add(self, entry: Entry, arrives_at: float | None = None) -> None:
        """Add one entry; it becomes visible at `arrives_at` (default: at its `date_create`)."""
        with self._lock:
            if arrives_at is not None:
                self._arrivals[str(entry["id"])] = arrives_at
            second = int(entry["date_create"])
            at = bisect_right(self._seconds, second)
            sequence = self._register(entry, second)
            self._seconds.insert(at, second)
            self._sequences.insert(at, sequence)
            self._payloads.insert(at, serialise(entry))
            self._facets.insert(at, _facets(entry))

    def cut(self, query: Query, now: float) -> Slice:
        """The newest entries that `query` allows and that are visible at `now`."""
        with self._lock:
            low, high = self._bounds(query, now)
            picked: Sequence[int]
            if query.is_filtered or self._late:
                picked, more = self._pick(query, low, high, now)
            else:
                start = max(low, high - query.limit)
                if query.overfull and start < high:
                    start = max(low, bisect_left(self._seconds, self._seconds[start]))
                picked, more = range(high - 1, start - 1, -1), start > low
            payloads = [self._payloads[i] for i in picked]
            if not more or not payloads:
                return Slice(payloads, None)
            last = picked[-1]
            return Slice(payloads, Position(self._seconds[last], self._sequences[last]))

    def _load(self, entries: Iterable[Entry]) -> None:
        ordered = sorted(entries, key=lambda entry: int(entry["date_create"]))
        self._second_of: list[int] = []
        for entry in ordered:
            second = int(entry["date_create"])
            self._sequences.append(self._register(entry, second))
            self._seconds.append(second)
            self._payloads.append(serialise(entry))
            self._facets.append(_facets(entry))

    def _register(self, entry: Entry, second: int) -> int:
        entry_id = str(entry["id"])
        if entry_id in self._ids:
            raise ValueError(f"entry id {entry_id} is in the journal already; ids are unique")
        sequence = len(self._second_of)
        self._second_of.append(second)
        self._ids[entry_id] = sequence
        arrives_at = self._arrivals.get(entry_id, second)
        if arrives_at > second:
            self._late[sequence] = arrives_at
        return sequence

    def _bounds(self, query: Query, now: float) -> tuple[int, int]:
        newest = int(now) if query.latest is None else min(int(now), query.latest)
        low = 0 if query.oldest is None else bisect_left(self._seconds, query.oldest)
        high = bisect_right(self._seconds, newest)
        if query.before is not None:
            first = bisect_left(self._seconds, query.before.second)
            behind = bisect_right(self._seconds, query.before.second)
            high = min(high, bisect_left(self._sequences, query.before.sequence, first, behind))
        return low, max(low, high)

    def _pick(self, query: Query, low: int, high: int, now: float) -> tuple[list[int], bool]:
        picked: list[int] = []
        for i in range(high - 1, low - 1, -1):
            if not self._matches(query, i, now):
                continue
            full = len(picked) >= query.limit
            if full and not (query.overfull and self._seconds[i] == self._seconds[picked[-1]]):
                return picked, True
            picked.append(i)
        return picked, False

    def _matches(self, query: Query, i: int, now: float) -> bool:
        if self._late and self._late.get(self._sequences[i], 0.0) > now:
            return False
        action, actor, entity = self._facets[i]
        return (
            (not query.actions or action in query.actions)
            and (query.actor is None or actor == query.actor)
            and (query.entity is None or entity == query.entity)
        )


def _facets(entry: Entry) -> tuple[str, str, str]:
    user = (entry.get("actor") or {}).get("user") or {}
    return str(entry["action"]), str(user.get("id", "")), entity_id(entry)
