"""The lease and the log behind it, with members whose copies of the store lag and whose clocks disagree."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slack_audit_monitor.errors import FatalError, KvStoreUnavailable, LeaseLost, SlackAuditError, Stopped
from slack_audit_monitor.kvstore import SplunkdRest
from slack_audit_monitor.lease import Lease, lasts_seconds
from slack_audit_monitor.log import Log
from slack_audit_monitor.shared_log import KEPT_ROWS, SharedLog


class Captain:
    """All writes, in order; members read their own copies of it."""

    def __init__(self) -> None:
        self.rows = {}
        self.history = []

    def write(self, key, row):
        self.history.append((key, row))
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row


class Copy:
    """The store as one member sees it: writes go to the captain, reads come from what has arrived here."""

    def __init__(self, captain):
        self._captain = captain
        self._rows, self._arrived = {}, 0
        self.lags = False
        self.is_down = False

    def catch_up(self, upto=None):
        for key, row in self._captain.history[self._arrived : upto]:
            if row is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = row
            self._arrived += 1

    def _read(self):
        if self.is_down:
            raise KvStoreUnavailable("not ready")
        if not self.lags:
            self.catch_up()
        return self._rows

    def insert(self, row):
        self._read()
        if row["_key"] in self._captain.rows:
            return False
        self._captain.write(row["_key"], dict(row))
        return True

    def save(self, rows):
        self._read()
        for row in rows:
            self._captain.write(row["_key"], dict(row))

    def row(self, key):
        return self._read().get(key)

    def rows(self, query):
        def fits(row):
            wanted = dict(query)
            low = wanted.pop("seq", {"$gte": -1})["$gte"]
            return all(row.get(name) == value for name, value in wanted.items()) and row.get("seq", 0) >= low

        return [dict(row) for row in self._read().values() if fits(row)]

    def delete(self, query):
        wanted = dict(query)
        below = wanted.pop("seq")["$lt"]
        for key, row in list(self._captain.rows.items()):
            if all(row.get(name) == value for name, value in wanted.items()) and row["seq"] < below:
                self._captain.write(key, None)

    def delete_row(self, key):
        self._captain.write(key, None)


class Member:
    """One host: its clock (wrong by `offset`, but as fast as the others), its copy, its note."""

    def __init__(self, name, captain, folder, world, offset=0.0):
        self.name, self.copy, self._folder, self._world, self._offset = name, Copy(captain), folder, world, offset

    def clock(self):
        return self._world.now + self._offset, self._world.now

    def lease(self, lasts=45.0, patience=480.0):
        shared = SharedLog(self.copy, "prod-1", Log("prod"), sleep=self._slept)
        note = str(self._folder / f"{self.name}.lease")
        lease = Lease(shared, self.copy, self.name, note, lasts, patience, Log("prod"), clock=self.clock)
        lease._beat_on = lambda: None  # beats are given by the test
        return lease, shared

    def _slept(self, seconds):
        self._world.now += seconds
        self.copy.catch_up()

    def run(self):
        """Take the lease as a poll does; return whether this member collects."""
        lease, _ = self.lease()
        try:
            lease.take()
        except Stopped:
            return False
        lease.end(hand_over=False)
        return True


class World:
    now = 1_700_000_000.0


@pytest.fixture
def world():
    return World()


@pytest.fixture
def captain():
    return Captain()


@pytest.mark.parametrize("offset", [0.0, 86_400.0 * 365, -86_400.0 * 365, 44.0])
def test_clocks_of_members_are_never_compared(offset, captain, world, tmp_path):
    one, two = Member("one", captain, tmp_path, world), Member("two", captain, tmp_path, world, offset)
    for _ in range(5):
        assert one.run() is True
        world.now += 30
        assert two.run() is False  # the holder beats once a minute: never old enough
        world.now += 30
    world.now += 30  # the holder is dead since the last round
    assert two.run() is True
    assert one.run() is False


def test_a_dead_holder_is_followed_at_the_second_look(captain, world, tmp_path):
    one, two = Member("one", captain, tmp_path, world), Member("two", captain, tmp_path, world)
    assert one.run()
    world.now += 59
    assert two.run() is False
    world.now += 60
    assert two.run() is True  # 119 seconds after the death, the interval being 60


def test_a_holder_that_died_before_its_first_beat_is_followed_too(captain, world, tmp_path):
    one, two, three = (Member(name, captain, tmp_path, world) for name in ("one", "two", "three"))
    assert one.run()
    world.now += 1
    assert two.run() is False
    world.now += 60
    lease, shared = two.lease()
    shared.read()
    shared.append('{"t":{"owner":"two","lasts":45.0}}')  # took it, and died
    world.now += 1
    assert three.run() is False
    world.now += 60
    assert three.run() is False
    world.now += 60
    assert three.run() is True


def test_a_clock_that_is_set_back_or_forward_between_looks_is_harmless(captain, world, tmp_path):
    one, two = Member("one", captain, tmp_path, world), Member("two", captain, tmp_path, world)
    assert one.run() and not two.run()
    two._offset = -10_000.0
    world.now += 60
    assert two.run() is False  # cannot know; looks anew
    world.now += 60
    assert two.run() is True


def test_the_holder_gives_up_before_another_may_follow(captain, world, tmp_path):
    one, two = Member("one", captain, tmp_path, world), Member("two", captain, tmp_path, world)
    lease, _ = one.lease()
    lease.take()
    assert two.run() is False
    world.now += 44.9
    lease.may_write()
    assert two.run() is False
    world.now += 0.1
    with pytest.raises(LeaseLost, match="has taken over"):
        lease.may_write()
    assert two.run() is True
    with pytest.raises(LeaseLost):  # for good, whatever the clock says next
        lease.may_write()


def test_a_suspended_machine_knows_from_either_clock(captain, world, tmp_path):
    one = Member("one", captain, tmp_path, world)
    lease, _ = one.lease()
    lease.take()
    one._offset = 50.0  # the steady clock stood still, the other one was set right after waking
    with pytest.raises(LeaseLost):
        lease.may_write()


def test_a_late_holder_cannot_add_to_the_log_and_hands_nothing_over(captain, world, tmp_path):
    one, two = Member("one", captain, tmp_path, world), Member("two", captain, tmp_path, world)
    lease, log = one.lease()
    lease.take()
    two.run()
    world.now += 46
    assert two.run() is True
    with pytest.raises(LeaseLost):
        log.append("late")
    lease._lost = False  # even if it has not noticed
    lease.end(hand_over=True)
    assert captain.rows["prod-1.beat"]["owner"] == "two" and captain.rows["prod-1.beat"]["free"] is False


def test_handing_over_lets_the_next_one_in_at_once(captain, world, tmp_path):
    one, two = Member("one", captain, tmp_path, world), Member("two", captain, tmp_path, world)
    lease, _ = one.lease()
    lease.take()
    lease.end(hand_over=True)
    assert two.run() is True


def test_a_member_whose_copy_lags_cannot_take_over_by_mistake(captain, world, tmp_path):
    one, two = Member("one", captain, tmp_path, world), Member("two", captain, tmp_path, world)
    lease, log = one.lease()
    lease.take()
    assert two.run() is False
    two.copy.lags = True  # sees nothing of what follows
    for _ in range(3):
        log.append("batch")
    world.now += 100
    assert two.run() is False  # thinks that the holder is dead, but is refused
    log.append("batch")


def test_a_member_that_lags_behind_removed_rows_notices_it(captain, world, tmp_path):
    one, two = Member("one", captain, tmp_path, world), Member("two", captain, tmp_path, world)
    lease, log = one.lease()
    lease.take()
    assert two.run() is False
    two.copy.lags = True
    for _ in range(KEPT_ROWS + 10):
        log.append("batch")
    log.forget_before(log.last)
    world.now += 100
    assert two.run() is False  # finds a free number, waits for its own row, and sees later ones
    log.append("batch")
    assert [number for number, _, _ in log.read()] == list(range(log.last - KEPT_ROWS - 1, log.last + 1))


def test_beats_end_when_the_run_stands_still(captain, world, tmp_path, monkeypatch):
    one = Member("one", captain, tmp_path, world)
    lease, _ = one.lease(lasts=45.0, patience=100.0)
    lease.take()
    beats = iter([False] * 20)

    def wait(seconds):
        world.now += seconds
        return next(beats, True)

    monkeypatch.setattr(lease._over, "wait", wait)
    Lease._beat_on(lease)
    assert captain.rows["prod-1.beat"]["beat"] == 6  # at 15, 30 ... 90 seconds
    with pytest.raises(LeaseLost):
        lease.may_write()


def test_beats_go_on_after_a_short_outage_and_the_lease_is_lost_after_a_long_one(captain, world, tmp_path, monkeypatch):
    one = Member("one", captain, tmp_path, world)
    lease, _ = one.lease()
    lease.take()
    downs = iter([True, False, True, True, True])

    def wait(seconds):
        world.now += seconds
        if not one.copy.is_down:
            lease.may_write()
        one.copy.is_down = next(downs)
        return False

    monkeypatch.setattr(lease._over, "wait", wait)
    Lease._beat_on(lease)
    assert captain.rows["prod-1.beat"]["beat"] == 1
    with pytest.raises(LeaseLost):
        lease.may_write()


def test_how_long_a_beat_counts():
    assert lasts_seconds("60") == 45 and lasts_seconds("10") == 7.5 and lasts_seconds("86400") == 45
    for text in ("*/5 * * * *", "", "nan", "-1", "inf"):
        assert lasts_seconds(text) == 45


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whoever_lags_dies_or_sleeps_each_batch_is_recorded_once_and_in_order(tmp_path_factory, seed):
    """Members at any point of their runs, in any order. What is out twice is bounded by changes of hands."""
    rng = random.Random(seed)  # noqa: S311 - imagined trouble
    world, captain = World(), Captain()
    folder = tmp_path_factory.mktemp("members")
    members = [Member(str(n), captain, folder, world, rng.choice([0, 3_600, -7])) for n in range(3)]
    out, changes = Counter(), 0

    def process(member):
        """One run: read how far others came, then send and record numbers from there on."""
        lease, log = member.lease()
        lease.take()
        position = max((int(body) for _, _, body in log.read() if body.isdigit()), default=0)
        for number in range(position + 1, position + 1 + rng.randrange(1, 8)):
            yield
            if rng.random() < 0.7:  # or it slept just behind this look
                lease.may_write()
            out[number] += 1
            yield
            log.append(str(number))
        lease.end(hand_over=rng.random() < 0.3)

    running = {}
    for _ in range(rng.randrange(20, 200)):
        world.now += rng.choice([0, 1, 20, 50])
        member = rng.choice(members)
        member.copy.lags = rng.random() < 0.3
        if rng.random() < 0.05:
            running.pop(member, None)  # killed
        elif rng.random() < 0.8:
            try:
                next(running.setdefault(member, process(member)))
            except StopIteration:
                del running[member]
            except SlackAuditError:
                del running[member]
                changes += 1
    recorded = [
        int(row["body"])
        for row in sorted(captain.rows.values(), key=lambda r: r["seq"])
        if row["kind"] == "log" and row["body"].isdigit()
    ]
    assert recorded == list(range(1, len(recorded) + 1))
    takes = sum(row["kind"] == "log" and not row["body"].isdigit() for row in captain.rows.values())
    assert sum(out.values()) - len(recorded) <= takes


class Answer:
    def __init__(self, status, body=None):
        self.status_code, self._body = status, body

    def json(self):
        if self._body is None:
            raise ValueError
        return self._body


def test_waiting_for_the_store_is_bounded():
    waits = []
    rest = SplunkdRest("https://127.0.0.1:8089", "key", sleep=waits.append)
    rest._session.request = lambda *a, **k: Answer(503, {"messages": [{"text": "KV Store is initializing."}]})
    with pytest.raises(KvStoreUnavailable, match=r"status 503 \(KV Store is initializing\.\).*waited for"):
        rest.call("GET", "/x")
    assert 60 <= sum(waits) <= 66 and max(waits) <= 5


def test_what_waiting_cannot_mend_ends_at_once():
    rest = SplunkdRest("https://127.0.0.1:8089", "key", sleep=lambda seconds: pytest.fail("waited"))
    rest._session.request = lambda *a, **k: Answer(403, {"messages": [{"text": "no"}]})
    with pytest.raises(FatalError, match="403"):
        rest.call("GET", "/x")


@pytest.mark.parametrize(
    ("uri", "checked"),
    [
        ("https://127.0.0.1:8089", False),
        ("https://[::1]:8089", False),
        ("https://localhost:8089", False),
        ("https://192.0.2.7:8089", True),
        ("https://splunk.example:8089", True),
        ("https://127.0.0.1.example:8089", True),
    ],
)
def test_a_certificate_is_taken_unchecked_on_loopback_only(uri, checked):
    assert SplunkdRest(uri, "key")._session.verify is checked
