"""Entries to collect, with the trouble that Slack's own data brings.

A backlog whose first second is a busy one, then life that goes on while the collector reads: some entries
become visible up to an hour after their time, some hold markup, other scripts and emoji.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from sandbox.slack_api import Journal, bulk_entries
from sandbox.slack_api.journal import serialise

#: Where every invented collection begins: 2026-03-02 09:00:00 UTC.
BEGIN = 1_772_442_000
LATEST_SECONDS = 3_600
_NAMES = ("R&D <ops>", "Zoë Ångström", "財務部", "🎉 party ]]>", 'quote " and \\ slash', "line\u2028end\u0007")


@dataclass(frozen=True)
class World:
    """What happens.

    Attributes:
        journal: for the simulator.
        expected: id to hash of the bytes, for all entries from `start_at` on.
        start_at: first second to collect, a busy one; entries stand in the second before it too.
        begins_at, ends_at: when the collector starts, when the last entry happens.
        quiet_at: when the last late one has arrived.
    """

    journal: Journal
    expected: dict[str, int]
    start_at: int
    begins_at: int
    ends_at: int
    quiet_at: int


def build(
    entries: int, live_seconds: int, *, live_share: float = 0.4, late_share: float = 0.05, seed: int = 1
) -> World:
    """Invent a world of so many entries, `live_share` of them during the `live_seconds` after the beginning."""
    rng = random.Random(f"world/{seed}")  # noqa: S311 - a repeatable play, not a secret
    start_at, ends_at = BEGIN - 6 * 3_600, BEGIN + live_seconds
    busy, live = entries // 50, int(entries * live_share)
    seconds = [start_at] * busy + [rng.randint(BEGIN, ends_at) for _ in range(live)]
    # A second with hundreds of entries in the live part as well.
    seconds += [BEGIN + live_seconds // 2] * (entries // 200)
    seconds += [rng.randint(start_at, BEGIN) for _ in range(entries - len(seconds))]
    before = min(200, entries // 50)
    seconds = sorted([start_at - 1] * before + seconds)
    journal, expected, quiet_at = Journal(), {}, ends_at
    for second, entry in zip(seconds, bulk_entries(len(seconds), seed)):
        entry["date_create"] = second
        if rng.random() < 0.02:
            entry["actor"]["user"]["name"] = rng.choice(_NAMES)
        arrives_at = None
        if second >= start_at and rng.random() < late_share:
            # Every tenth of them as late as is promised, to the second.
            arrives_at = second + (LATEST_SECONDS if rng.random() < 0.1 else rng.randint(1, LATEST_SECONDS))
            quiet_at = max(quiet_at, arrives_at)
        journal.add(entry, arrives_at)
        if second >= start_at:
            expected[entry["id"]] = hash(serialise(entry))
    return World(journal, expected, start_at, BEGIN, ends_at, quiet_at)
