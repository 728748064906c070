"""A short soak: kills at random moments under mixed faults, and a few kinds of trouble by themselves.

The long one, 200 kills and every kind of trouble, is `bench/soak_delivery.py`; its figures are in docs/delivery.md.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import soak_faults, soak_kills
from bench.ledger import Ledger
from bench.world import build

# What ships is tested on each Python elsewhere; this watches over the soak itself.
pytestmark = pytest.mark.once

KILLS = 5


def test_kills_under_mixed_faults_lose_nothing_and_repeat_at_most_a_batch_each(tmp_path):
    world = build(5_000, 900, seed=3)
    killed = soak_kills.soak(
        world, KILLS, tmp_path / "kills", pace_factor=60, share=0.5, seed=3, tell=lambda done: None, poll_seconds=900
    )
    assert killed.kills == KILLS and killed.kills_after_output > 0 and sum(killed.faults.values()) > 0
    assert killed.lost == killed.changed == killed.foreign == killed.repeats_unexplained == 0
    assert killed.most_repeats_a_kill <= soak_kills.BATCH_ENTRIES
    assert killed.impolite_calls == 0 and not killed.bad_exits
    assert killed.holds


@pytest.mark.parametrize("name", ["entries of the page before", "everything at once"])
def test_without_kills_nothing_is_lost_and_nothing_comes_twice(name, tmp_path):
    case = replace(next(case for case in soak_faults.cases() if name in case.name), poll_seconds=900.0)
    outcome = soak_faults.play(case, 1_000, tmp_path, pace_factor=60, seed=3)
    assert outcome.met > 0
    assert outcome.lost == outcome.repeats == outcome.changed == outcome.foreign == 0, outcome
    assert not outcome.bad_exits


def test_the_ledger_notices_what_it_is_there_for():
    world = build(100, 60, seed=1)
    payloads = [payload.decode() for payload in world.journal._payloads]

    def event(data: str) -> bytes:
        escaped = data.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<event><data>{escaped}</data><done/></event>\n".encode()

    wanted = [text for text in payloads if text.split('"')[3] in world.expected]
    unwanted = [text for text in payloads if text not in wanted]
    ledger = Ledger(world.expected)
    assert ledger.take(b"".join(map(event, wanted[1:]))) == (len(wanted) - 1, 0)
    assert (ledger.lost, ledger.repeats, ledger.changed, ledger.foreign) == (1, 0, 0, 0)
    ledger.take(event(wanted[5]) + event(unwanted[0]) + event(wanted[0].replace("bulk", "bulky")))
    assert (ledger.lost, ledger.repeats, ledger.changed, ledger.foreign) == (0, 1, 1, 1)
    assert ledger.take(event(wanted[7])[:-5]) == (0, 0)  # half an event is none


def test_the_ledger_excuses_the_last_batch_of_a_killed_run_once_and_nothing_else():
    def events(*numbers: int) -> bytes:
        return b"".join(b'<event><data>{"id":"%d"}</data><done/></event>' % number for number in numbers)

    ledger = Ledger({str(number): hash(b'{"id":"%d"}' % number) for number in range(9)}, batch_entries=2)
    ledger.take(events(1, 2, 3, 4), was_killed=True)
    ledger.take(events(5))  # whole, and did not come to what the killed run had left
    ledger.take(events(3, 6))
    assert (ledger.repeats, dict(ledger.repeats_by_kill)) == (1, {1: 1})
    ledger.take(events(3, 2, 5, 7, 8))
    assert (ledger.repeats, dict(ledger.repeats_by_kill)) == (4, {1: 1})
    ledger.take(events(0), was_killed=True)
    ledger.take(events(0, 4))
    assert (ledger.repeats, dict(ledger.repeats_by_kill)) == (6, {1: 2, 5: 1})
