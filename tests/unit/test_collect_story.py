"""The story of collecting against an imagined Slack in imagined time: late entries, downtime, kills, odd cursors."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slack_audit_monitor.checkpoint import Checkpoint
from slack_audit_monitor.checkpoint_files import CheckpointFiles
from slack_audit_monitor.client import Page
from slack_audit_monitor.clock import StopRequest
from slack_audit_monitor.collect import Collector
from slack_audit_monitor.entries import Entry
from slack_audit_monitor.errors import CursorRefused, RangeRefused, SlackUnavailable
from slack_audit_monitor.log import Log
from slack_audit_monitor.settings import read_settings

START = 1_780_000_000


@pytest.fixture(autouse=True, scope="module")
def _no_syncing():
    """A power cut cannot be imagined here, and syncing a thousand times takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        yield


class Killed(BaseException):
    """The process died here."""


class World:
    """Slack, time, and the index; outlives the collector's processes."""

    def __init__(self, folder: Path, **params: str) -> None:
        self.now = float(START)
        self.entries: list[tuple[int, int, float]] = []  # second, key, appears at
        self.index: list[tuple[int, int]] = []
        self.stem = str(folder / "prod")
        self.page_size = 9_999
        self.cursors_work = True
        self.calls = 0
        self.largest_batch = 0
        self.kill_at_flush: int | None = None
        self.dies_before_writing = False
        self.fail_at_call: int | None = None
        self.settings = read_settings("prod", {"start_time": str(START - 7_200), **params}, START)

    # Clock
    skew_seconds: float | None = 0.0
    waited_seconds = 0.0

    def slack_now(self) -> float:
        return self.now

    # Caller
    limit = 9_999

    def auth_test(self) -> dict[str, object]:
        self.skew_seconds = 0.0
        return {}

    def page(self, oldest: int, latest: int, cursor: str | None) -> Page:
        self.calls += 1
        assert latest < self.now, "a latest in the future"
        if self.fail_at_call == self.calls:
            raise SlackUnavailable("imagined")
        if cursor is not None and not self.cursors_work:
            raise CursorRefused("imagined")
        found = sorted((-s, k) for s, k, at in self.entries if oldest <= s <= latest and at <= self.now)
        if cursor is not None:
            second, key = map(int, cursor.split(":"))
            found = [entry for entry in found if entry > (-second, key)]
        page, rest = found[: self.page_size], found[self.page_size :]
        return Page(
            [Entry(-s, k, "user_login", "", b"{}") for s, k in page],
            f"{-page[-1][0]}:{page[-1][1]}" if rest else None,
            self.now,
            100 * len(page),
        )

    # Writer
    def add(self, entry: Entry) -> None:
        self._batch.append((entry.second or 0, entry.key))

    pending_bytes = 0

    def flush(self) -> None:
        if self.kill_at_flush == self.flushes + 1 and self.dies_before_writing:
            raise Killed
        self.index += self._batch
        self.largest_batch = max(self.largest_batch, len(self._batch))
        self._batch = []
        self.flushes += 1
        if self.kill_at_flush == self.flushes:
            raise Killed

    def run(self) -> Collector:
        """One process of the collector."""
        self._batch: list[tuple[int, int]] = []
        self.flushes = 0
        checkpoint = Checkpoint(CheckpointFiles(self.stem, Log("prod")))
        checkpoint.load()
        try:
            collector = Collector(self.settings, checkpoint, self, self, self, StopRequest(), Log("prod"))
            collector.collect()
            return collector
        finally:
            checkpoint.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    gaps=st.lists(st.one_of(st.integers(10, 300), st.integers(900, 40_000)), min_size=3, max_size=12),
)
def test_entries_up_to_an_hour_late_come_exactly_once_whatever_the_polls(tmp_path_factory, seed, gaps):
    rng = random.Random(seed)  # noqa: S311 - imagined traffic
    world = World(tmp_path_factory.mktemp("story"))
    world.page_size = rng.choice([3, 10, 9_999])
    end = START + sum(gaps)
    for key in range(rng.randrange(1, 120)):
        second = rng.randrange(START - 7_200, end)
        lateness = rng.choice([0, 0, rng.randrange(0, 3_601)])
        world.entries.append((second, key, max(second + 1, second + lateness)))
    for gap in gaps:
        world.now += gap
        world.run()
    for _ in range(6):  # long enough for the last late ones to show up and be looked for
        world.now += 901
        world.run()
    assert sorted(world.index) == sorted((s, k) for s, k, _ in world.entries)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_kill_repeats_at_most_one_batch_and_loses_nothing(tmp_path_factory, seed):
    rng = random.Random(seed)  # noqa: S311 - imagined traffic
    world = World(tmp_path_factory.mktemp("kill"))
    world.page_size = rng.choice([100, 700, 9_999])
    world.cursors_work = rng.random() < 0.8
    spread = rng.choice([30, 600, 7_000])  # 100 a second down to one every few
    world.entries = [(START - 10 - rng.randrange(spread), key, 0.0) for key in range(3_000)]
    if not world.cursors_work:  # without cursors a second larger than a page cannot be read
        world.page_size = 9_999
    world.now = START + 1.0
    kills = rng.randrange(1, 6)
    for _ in range(kills):
        world.kill_at_flush = rng.randrange(1, 6)
        world.dies_before_writing = rng.random() < 0.5
        world.now += rng.randrange(1, 100)
        try:
            world.run()
        except Killed:
            pass
    world.kill_at_flush = None
    world.now += 60
    world.run()
    assert set(world.index) == {(s, k) for s, k, _ in world.entries}
    assert len(world.index) - len(set(world.index)) <= kills * 500
    assert world.largest_batch <= 500


def test_a_failed_call_in_the_middle_repeats_nothing(tmp_path):
    world = World(tmp_path)
    world.page_size = 500
    world.entries = [(START - 100 - key // 2, key, 0.0) for key in range(4_000)]
    world.now = START + 1.0
    for call in (3, 6, 9):
        world.fail_at_call = call
        with pytest.raises(SlackUnavailable):
            world.run()
    world.fail_at_call = None
    world.run()
    assert sorted(world.index) == sorted((s, k) for s, k, _ in world.entries)


def test_a_backlog_of_100000_takes_eleven_calls_and_half_a_million_hardly_more_than_its_pages(tmp_path):
    world = World(tmp_path, start_time=str(START - 30 * 86_400))
    world.entries = [(START - 5 - key * 25, key, 0.0) for key in range(100_000)]
    world.now = START + 1.0
    world.run()
    assert len(world.index) == 100_000 and world.calls <= 11


def test_steady_state_of_10000_an_hour_takes_at_most_two_calls_a_poll(tmp_path):
    world = World(tmp_path, start_time=str(START - 3_600))
    rng = random.Random(1)  # noqa: S311 - imagined traffic
    for key in range(20_000):
        second = START - 3_600 + int(key * 0.36)
        world.entries.append((second, key, second + (rng.randrange(3_600) if key % 50 == 0 else 0)))
    world.now = START + 1.0
    world.run()
    before, polls = world.calls, 60
    for _ in range(polls):
        world.now += 60
        world.run()
    assert (world.calls - before) / polls <= 2
    assert len(world.index) == len(set(world.index))


def test_each_page_survives_a_power_cut_before_the_next_is_asked_for(tmp_path, monkeypatch):
    world = World(tmp_path)
    world.page_size = 100
    world.entries = [(START - 10 - key, key, 0.0) for key in range(350)]
    world.now = START + 1.0
    synced = []
    monkeypatch.setattr("os.fsync", lambda handle: synced.append((world.calls, os.readlink(f"/proc/self/fd/{handle}"))))
    world.run()
    assert {call for call, path in synced if path.endswith(".journal")} >= {1, 2, 3, 4}


def test_cursors_that_never_work_do_not_stop_the_collector(tmp_path):
    world = World(tmp_path)
    world.page_size, world.cursors_work = 50, False
    world.entries = [(START - 10 - key // 3, key, 0.0) for key in range(1_000)]
    world.now = START + 1.0
    world.run()
    assert sorted(world.index) == sorted((s, k) for s, k, _ in world.entries)


def test_a_second_larger_than_a_page_without_working_cursors_is_said_and_not_skipped(tmp_path):
    world = World(tmp_path)
    world.page_size, world.cursors_work = 50, False
    world.entries = [(START - 10, key, 0.0) for key in range(200)]
    world.now = START + 1.0
    with pytest.raises(Exception, match="cursors lead nowhere"):
        world.run()
    world.cursors_work = True
    world.run()
    assert sorted(world.index) == sorted((s, k) for s, k, _ in world.entries)


def test_the_position_only_moves_when_a_window_is_done(tmp_path):
    world = World(tmp_path)
    world.page_size = 100
    world.entries = [(START - 100 - key, key, 0.0) for key in range(1_000)]
    world.now = START + 1.0
    world.fail_at_call = 5
    with pytest.raises(SlackUnavailable):
        world.run()
    checkpoint = Checkpoint(CheckpointFiles(world.stem, Log("prod")))
    checkpoint.load()
    checkpoint.close()
    assert checkpoint.state.position is None
    assert checkpoint.state.window is not None and checkpoint.state.window.reached == START - 100 - 399


def test_the_memory_of_repeats_is_bounded(tmp_path):
    world = World(tmp_path)
    for day in range(20):
        world.entries += [(START + day * 7_200 + k, day * 1_000 + k, 0.0) for k in range(1_000)]
    sizes = []
    for _ in range(20):
        world.now += 7_200
        world.run()
        checkpoint = Checkpoint(CheckpointFiles(world.stem, Log("prod")))
        checkpoint.load()
        checkpoint.close()
        sizes.append(len(checkpoint.seen))
    assert max(sizes) <= 2_100 and len(world.index) == 20_000


class WrongClock(World):
    """A machine whose clock may have been set between two runs: Slack's time is known again after one answer.

    Attributes:
        ahead: how far this machine's clock is ahead of Slack's.
        refuses: whether Slack refuses a `latest` in its future; else it answers with what there is.
    """

    ahead = 0.0
    refuses = True

    def slack_now(self) -> float:
        return self.now + self.ahead + (self.skew_seconds or 0.0)

    def page(self, oldest: int, latest: int, cursor: str | None) -> Page:
        self.skew_seconds = -self.ahead
        if latest >= self.now and self.refuses:
            raise RangeRefused("imagined")
        return super().page(oldest, min(latest, int(self.now) - 1), cursor)


@pytest.mark.parametrize("refuses", [True, False])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_clock_that_jumps_between_runs_costs_no_late_entry(tmp_path_factory, refuses, seed):
    rng = random.Random(seed)  # noqa: S311 - imagined traffic
    world = WrongClock(tmp_path_factory.mktemp("clock"))
    world.refuses = refuses
    world.page_size = rng.choice([10, 9_999])
    for key in range(80):
        second = rng.randrange(START - 7_200, START + 9_000)
        world.entries.append((second, key, second + rng.choice([1, 3_600, rng.randrange(1, 3_601)])))
    for _ in range(40):
        world.now += rng.choice([60, 300, 900])
        world.ahead = rng.choice([0.0, 300.0, -300.0])
        world.run()
    world.ahead = 0.0
    for _ in range(6):
        world.now += 3_601
        world.run()
    assert sorted(world.index) == sorted((s, k) for s, k, _ in world.entries)


class Stammering(World):
    """Each page begins with the last entries of the page before."""

    def page(self, oldest: int, latest: int, cursor: str | None) -> Page:
        page = super().page(oldest, latest, cursor)
        again = self.last_entries if cursor is not None else []
        self.last_entries = page.entries[-30:]
        return replace(page, entries=again + page.entries)


def test_entries_of_the_page_before_that_come_once_more_are_dropped(tmp_path):
    world = Stammering(tmp_path)
    world.page_size = 100
    world.entries = [(START - 6_000 - key // 2, key, 0.0) for key in range(1_000)]  # before the look-back
    world.now = START + 1.0
    world.run()
    assert sorted(world.index) == sorted((s, k) for s, k, _ in world.entries)


class Holding(World):
    """Looks, at each page, whether the one before was let go."""

    def page(self, oldest: int, latest: int, cursor: str | None) -> Page:
        assert cursor is None or not self.last_page.entries, "two pages in memory"
        self.last_page = super().page(oldest, latest, cursor)
        return self.last_page


def test_one_page_at_a_time_is_held(tmp_path):
    world = Holding(tmp_path)
    world.page_size = 100
    world.entries = [(START - 10 - key, key, 0.0) for key in range(1_000)]
    world.now = START + 1.0
    world.run()
    assert sorted(world.index) == sorted((s, k) for s, k, _ in world.entries)
