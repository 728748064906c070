"""Any number of entries at no cost, for benchmarks.

Entries are computed from their number, so two million of them need no memory. They have the size and shape of
real ones and nothing of their life: for that there is `Organisation`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from .cursors import Position
from .journal import Query, Slice

_ACTIONS = (
    "file_downloaded",
    "file_uploaded",
    "user_channel_join",
    "canvas_opened",
    "user_login",
    "user_logout",
    "huddle_participant_joined",
    "message_activity_viewed",
)
_TEMPLATES = 997  # a prime, so that action, person and file do not repeat in step


class BulkJournal:
    """`count` entries, a fixed number of them in each second, all visible.

    It can stand wherever a `Journal` can as far as pages are concerned; filters are not supported.

    Args:
        count: how many entries.
        seed: same seed, same entries.
        start: `date_create` of the first, Unix seconds.
        per_second: entries that share one second.
    """

    def __init__(self, count: int, seed: int = 1, *, start: int = 1_772_000_000, per_second: int = 3) -> None:
        self.start = start
        self.per_second = per_second
        self._count = count
        mark = f"{random.Random(f'bulk/{seed}').getrandbits(64):016x}"  # noqa: S311 - not a secret
        self._prefix = f"{mark[:8]}-{mark[8:12]}-4{mark[12:15]}-8{mark[15]}00-"
        self._head = b'{"id":"' + self._prefix.encode() + b'%012x","date_create":%d'
        self._rest = [_template(n) for n in range(_TEMPLATES)]

    def __len__(self) -> int:
        return self._count

    def entry_id(self, n: int) -> str:
        """Id of entry number `n`, oldest first."""
        return f"{self._prefix}{n:012x}"

    def payload(self, n: int) -> bytes:
        """Entry number `n` as JSON bytes."""
        return self._head % (n, self.start + n // self.per_second) + self._rest[n % _TEMPLATES]

    def cut(self, query: Query, now: float) -> Slice:
        """The newest entries that `query` allows.

        Raises:
            ValueError: the query has a filter.
        """
        if query.is_filtered:
            raise ValueError("bulk entries cannot be filtered; use a Journal")
        newest = int(now) if query.latest is None else min(int(now), query.latest)
        low = 0 if query.oldest is None else self._clip((query.oldest - self.start) * self.per_second)
        high = self._clip((newest - self.start + 1) * self.per_second)
        if query.before is not None:
            high = min(high, query.before.sequence)
        start = max(low, high - query.limit)
        if query.overfull:
            start = max(low, start - start % self.per_second)
        payloads = [self.payload(n) for n in range(high - 1, start - 1, -1)]
        if start <= low:
            return Slice(payloads, None)
        return Slice(payloads, Position(self.start + start // self.per_second, start))

    def _clip(self, n: int) -> int:
        return min(self._count, max(0, n))


def bulk_entries(count: int, seed: int = 1, **options: int) -> Iterator[dict[str, Any]]:
    """The same entries as objects, oldest first, one at a time. Options as for `BulkJournal`."""
    journal = BulkJournal(count, seed, **options)
    for n in range(count):
        entry: dict[str, Any] = json.loads(journal.payload(n))
        yield entry


def _template(n: int) -> bytes:
    action = _ACTIONS[n % len(_ACTIONS)]
    user = {
        "id": f"W0BULK{n % 311:05d}",
        "name": f"Person {n % 311}",
        "email": f"person.{n % 311}@bulk.example",
        "team": "E0BULK0001",
        "account_type": "FULL_MEMBER",
    }
    if action.startswith("file"):
        entity: dict[str, Any] = {
            "type": "file",
            "file": {
                "id": f"F0BULK{n:05d}",
                "name": f"report-{n}.pdf",
                "filetype": "application/pdf",
                "title": f"Report {n}",
            },
        }
    else:
        entity = {"type": "user", "user": user}
    rest: list[tuple[str, Any]] = [
        ("entity", entity),
        (
            "context",
            {
                "location": {"type": "workspace", "id": "T0BULK0001", "name": "Bulk", "domain": "bulk"},
                "ua": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Slack/4.46.101 Chrome/140.0.7339.133 Electron/38.1.2 Safari/537.36",
                "ip_address": f"198.51.100.{n % 254 + 1}",
                "session_id": 9_000_000_000_000 + n,
            },
        ),
        ("details", {"url_private": f"https://files.bulk.example/F0BULK{n:05d}"} if n % 2 else None),
    ]
    head = json.dumps({"action": action, "actor": {"type": "user", "user": user}}, separators=(",", ":"))
    tail = json.dumps(dict(rest), separators=(",", ":"))
    return b"," + head[1:-1].encode() + b"," + tail[1:].encode()
