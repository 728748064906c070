"""The living scheduler and what it triggers, on a clock of the test's own.

Expectations are those of savedsearches.conf.spec, alert_actions.conf.spec and the Alerting Manual.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sandbox.splunkd.daemon import Splunkd
from tests.sandbox import live_stand, stand_app
from tests.sandbox.live_stand import NOON, PER_RESULT, Make, search

# The stand-in asks nothing of Python's version; test_splunkd_inputs, _rest, _client_* and _scheduler run on each.
pytestmark = pytest.mark.once


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with live_stand.stands(tmp_path) as made:
        yield made


# -- when


def test_slots_are_those_of_the_cron_line_from_the_start_on(make: Make) -> None:
    stand = make(search("A"))
    assert stand.tick_at(NOON) == 0  # seen first: from now on
    assert stand.tick_at(NOON + 299) == 0
    assert stand.tick_at(NOON + 300) == 1
    assert stand.tick_at(NOON + 301) == 0
    assert stand.runs("A") == [5]


def test_a_cron_line_is_read_in_the_zone_in_which_its_search_runs(tmp_path: Path) -> None:
    app = stand_app.build(tmp_path / "app", savedsearches=search("A", cron_schedule="45 6 * * *"))
    zone = ZoneInfo("America/New_York")
    winter = datetime(2026, 1, 15, 6, 45, tzinfo=zone).timestamp()
    splunkd = Splunkd.open(tmp_path / "home", app, clock=lambda: winter - 60, zone=zone)
    try:
        (only,) = splunkd.scheduler.scheduled()
        assert only.schedule.next_after(winter - 60) == winter
        service = stand_app.connect(splunkd.uri, splunkd.admin_password)
        assert service.saved_searches["A"]["next_scheduled_time"] == "2026-01-15T11:45:00.000+00:00"
    finally:
        splunkd.close()


def test_several_searches_of_one_minute_run_by_name(make: Make) -> None:
    stand = make(search("B") + search("A") + search("C", cron_schedule="*/3 * * * *"))
    stand.tick_at(NOON)
    for minute in range(1, 16):
        stand.tick_at(NOON + 60 * minute)
    names = [line.split(";")[2].split('"')[0] for line in stand.log("SavedSplunker")]
    assert names == ["C", "A", "B", "C", "C", "A", "B", "C", "A", "B", "C"]


def test_continuous_scheduling_makes_up_for_a_downtime(make: Make) -> None:
    stand = make(search("A", realtime_schedule="0"))
    stand.tick_at(NOON)
    stand.tick_at(NOON + 300)
    stand.restart()
    stand.event("ana", NOON + 420)
    stand.restart(after=1500)  # until 12:30
    stand.now = NOON + 1830
    assert stand.scheduler.tick(stand.now) == 5
    assert stand.runs("A") == [10, 15, 20, 25, 30]
    assert stand.fired() == [("A", 10, ["ana"])]  # with the window of its own period


def test_real_time_scheduling_leaves_out_what_a_downtime_missed(make: Make) -> None:
    stand = make(search("A", realtime_schedule="1"))
    stand.tick_at(NOON)
    stand.restart()
    assert stand.tick_at(NOON + 1690) == 0  # 12:25 is three minutes ago
    assert sum("status=skipped" in line for line in stand.log("SavedSplunker")) == 5
    assert stand.tick_at(NOON + 1800) == 1
    assert stand.runs("A") == [30]


@pytest.mark.parametrize(("window", "runs"), [("0", []), ("2", []), ("4", [25]), ("auto", [])])
def test_a_schedule_window_lets_the_latest_run_start_late(make: Make, window: str, runs: list[int]) -> None:
    stand = make(search("A", schedule_window=window))
    stand.tick_at(NOON)
    stand.tick_at(NOON + 1690)
    assert stand.runs("A") == runs


def test_what_is_disabled_does_not_run_and_misses_nothing_when_it_is_enabled(make: Make) -> None:
    stand = make(search("A", realtime_schedule="0", disabled="1"))
    service = stand_app.connect(stand.splunkd.uri, stand.splunkd.admin_password)
    assert stand.tick_at(NOON) == 0 and stand.tick_at(NOON + 900) == 0
    service.saved_searches["A"].enable()
    assert stand.tick_at(NOON + 910) == 0
    assert stand.tick_at(NOON + 1200) == 1
    assert stand.runs("A") == [20]


@pytest.mark.parametrize(
    "settings",
    [{"allow_skew": "50 %"}, {"schedule_window": "soon"}, {"cron_schedule": "* * *"}, {"alert.supress": "1"}],
)
def test_a_stanza_that_cannot_be_read_is_logged_once_and_the_others_run(make: Make, settings: dict[str, str]) -> None:
    stand = make(search("A", **settings) + search("B", allow_skew="100%"))
    for minute in range(11):
        stand.tick_at(NOON + 60 * minute)
    assert stand.runs("B") == [5, 10]
    assert sum("[A]" in line for line in stand.log("SavedSplunker")) == 1


def test_a_search_that_fails_is_logged_and_does_not_hold_up_others(make: Make) -> None:
    stand = make(search("A", search="`source` | florp") + search("B"))
    stand.tick_at(NOON)
    stand.tick_at(NOON + 300)
    assert stand.runs("B") == [5]
    assert any("florp" in line and line.startswith("ERROR") for line in stand.log("SavedSplunker"))


# -- whether


def test_rises_by_and_drops_by_compare_with_the_run_before(make: Make) -> None:
    stand = make(
        search("Drops", relation="drops by", quantity="2") + search("Rises", relation="rises by", quantity="2")
    )
    stand.tick_at(NOON)
    fired = []
    for step, count in enumerate([1, 3, 4, 1, 1], start=1):  # +1 +2 +1 -3 0
        for number in range(count):
            stand.event("ana", NOON + 300 * step - 10 - number)
        if step == 3:
            stand.restart()  # the last count outlives it
        stand.tick_at(NOON + 300 * step)
        fired.append([name for name, minute, _ in stand.fired() if minute == 5 * step])
    assert fired == [[], ["Rises"], [], ["Drops"], []]


@pytest.mark.parametrize(
    ("relation", "quantity", "fires"),
    [
        ("greater than", "2", False),
        ("greater than", "1", True),
        ("less than", "3", True),
        ("less than", "2", False),
        ("equal to", "2", True),
        ("not equal to", "2", False),
    ],
)
def test_relations(make: Make, relation: str, quantity: str, fires: bool) -> None:
    stand = make(search("A", relation=relation, quantity=quantity))
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.event("zoe", NOON + 200)
    stand.tick_at(NOON + 300)
    assert bool(stand.fired()) is fires


def test_number_of_hosts_and_sources(make: Make) -> None:
    shown = "`source` | table who host source"
    stand = make(
        search("Hosts", search=shown, counttype="number of hosts", quantity="1")
        + search("Sources", search=shown, counttype="number of sources", quantity="1")
    )
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100, host="h1", source="s")
    stand.event("zoe", NOON + 200, host="h2", source="s")
    stand.tick_at(NOON + 300)
    assert [name for name, _, _ in stand.fired()] == ["Hosts"]


def test_a_condition_of_its_own(make: Make) -> None:
    stand = make(
        search("A", search="`source` | stats count BY who", counttype="custom", alert_condition="search count>1")
    )
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.tick_at(NOON + 300)
    assert stand.fired() == []
    stand.event("zoe", NOON + 400)
    stand.event("zoe", NOON + 500)
    stand.event("ana", NOON + 550)
    stand.tick_at(NOON + 600)
    assert stand.fired() == [("A", 10, ["ana", "zoe"])]  # all results, not only those that met the condition


def test_only_what_is_tracked_is_listed(make: Make) -> None:
    stand = make(search("A", alert__track="0") + search("B"))
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.tick_at(NOON + 300)
    assert [name for name, _, _ in stand.fired()] == ["B"]


def test_a_triggered_alert_expires(make: Make) -> None:
    stand = make(search("A", alert__expires="1h"))
    stand.tick_at(NOON)
    stand.event("ana", NOON + 100)
    stand.tick_at(NOON + 300)
    stand.now = NOON + 300 + 3599
    assert len(stand.fired()) == 1
    stand.now += 1
    assert stand.fired() == []


def test_suppression_by_field_and_period_outlives_a_restart(make: Make) -> None:
    stand = make(search("A", **PER_RESULT))
    stand.tick_at(NOON)
    for minute, who in [(1, "ana"), (6, "ana"), (7, "zoe"), (16, "ana"), (26, "ana")]:
        stand.event(who, NOON + 60 * minute)
    for minute in range(5, 35, 5):
        stand.tick_at(NOON + 60 * minute)
        if minute == 10:
            stand.restart()
    assert stand.fired() == [("A", 5, ["ana"]), ("A", 10, ["zoe"]), ("A", 30, ["ana"])]


def test_suppression_of_a_digest_holds_the_whole_search(make: Make) -> None:
    stand = make(search("A", alert__suppress="1", alert__suppress__period="10m"))
    stand.tick_at(NOON)
    for minute, who in [(1, "ana"), (6, "zoe"), (11, "bo")]:
        stand.event(who, NOON + 60 * minute)
    for minute in (5, 10, 15):
        stand.tick_at(NOON + 60 * minute)
    assert stand.fired() == [("A", 5, ["ana"]), ("A", 15, ["bo"])]


def test_what_an_input_writes_late_is_seen_by_the_index_time_window(make: Make) -> None:
    windows = {
        "dispatch__earliest_time": "-7d",
        "dispatch__index_earliest": "-5m@m",
        "dispatch__index_latest": "now",
    }
    stand = make(search("A", **windows))
    stand.tick_at(NOON)
    stand.now = NOON + 200.0
    stand.event("ana", NOON - 86_400)  # two days old, indexed now
    stand.tick_at(NOON + 300)
    stand.tick_at(NOON + 600)
    assert stand.fired() == [("A", 5, ["ana"])]
