"""The scheduler of simulated time and the living one trigger the same for the same rows, whatever the settings.

The living stand-in is ticked through three hours; then the simulation is given the events as its index holds them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.confs import AppConfs
from sandbox.splunkd.alert_memory import AlertMemory
from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.engine import SplEngine
from sandbox.splunkd.fired_alerts import FiredAlert
from sandbox.splunkd.inputs import InputEvent
from sandbox.splunkd.saved_searches import read_saved_searches
from sandbox.splunkd.scheduler import RUN_ON_SECONDS, History, Scheduler
from tests.sandbox import stand_app

# The stand-in asks nothing of Python's version; test_splunkd_inputs, _rest, _client_* and _scheduler run on each.
pytestmark = pytest.mark.once

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC
SLOT = 1800

# (minutes after noon, who, host, source) of each event: bursts, silences, repetitions, letters of both cases.
EVENTS = [
    (1, "ana", "h1", "s1"),
    (2, "ana", "h2", "s1"),
    (3, "Ana", "h1", "s1"),
    (35, "zoe", "h1", "s1"),
    (36, "zoe", "h2", "s2"),
    (37, "ana", "h3", "s3"),
    (38, "bo", "h3", "s3"),
    (95, "ana", "h1", "s1"),
    (125, "ana", "h1", "s2"),
    (126, "zoe", "h2", "s1"),
]

RELATIONS = ["greater than", "less than", "equal to", "not equal to", "rises by", "drops by"]
COUNTS = ["number of events", "number of results", "number of hosts", "number of sources"]
CONDITIONS = ["search who=zoe", "stats count | where count>2", "search host=h2", "where source=\"s3\"", "head 0"]
THROTTLES: dict[str, dict[str, str]] = {
    "free": {},
    "period": {"alert.suppress": "1", "alert.suppress.period": "70m"},
    "field": {"alert.suppress": "1", "alert.suppress.period": "61m", "alert.suppress.fields": "who"},
    "fields": {"alert.suppress": "1", "alert.suppress.period": "2h", "alert.suppress.fields": "who, host"},
    "all": {"alert.suppress": "1", "alert.suppress.period": "1h", "alert.suppress.fields": "*"},
    "group": {
        "alert.suppress": "1",
        "alert.suppress.period": "1h",
        "alert.suppress.fields": "who",
        "alert.suppress.group_name": "us",
    },
}


def settings() -> dict[str, dict[str, str]]:
    """Every condition alone; every way to throttle, in both modes, with a condition that holds and one that varies."""
    found: dict[str, dict[str, str]] = {"always": {}}
    for counttype in COUNTS:
        for relation in RELATIONS:
            found[f"{counttype} {relation}"] = {"counttype": counttype, "relation": relation, "quantity": "2"}
    for condition in CONDITIONS:
        found[f"custom {condition}"] = {"counttype": "custom", "alert_condition": condition}
    for throttle, keys in THROTTLES.items():
        for digest in ("1", "0"):
            if digest == "0" and throttle == "period":
                continue  # refused: results one by one are throttled by fields
            for name, condition in (
                ("any", {}),
                ("rising", {"counttype": "number of events", "relation": "rises by", "quantity": "1"}),
            ):
                found[f"{throttle} {digest} {name}"] = {**keys, **condition, "alert.digest_mode": digest}
    for severity in ("1", "2", "3", "4", "5", "6"):
        found[f"severity {severity}"] = {"alert.severity": severity, "alert.expires": f"{severity}d"}
    found["untracked"] = {"alert.track": "0"}
    found["actions"] = {"action.nosuch": "1", "alert.digest_mode": "0"}
    return found


BASE = {
    "search": "`source` | table who host source",
    "cron_schedule": "*/30 * * * *",
    "enableSched": "1",
    "dispatch.earliest_time": "-30m",
    "dispatch.latest_time": "now",
    "alert.track": "1",
}


def judged(alert: FiredAlert) -> tuple[Any, ...]:
    """All of a triggered alert; its job's id without the number of the run."""
    rows = [sorted(row.items()) for row in alert.results]
    sid = alert.sid.rpartition("_")[0]
    return (
        alert.search, alert.triggered_at, alert.expires_at, alert.severity, alert.digest, alert.actions, sid, rows,
    )  # fmt: skip


class Both:
    """What the two schedulers made of the same searches and events."""

    def __init__(self, folder: Path) -> None:
        text = "".join(
            f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in {**BASE, **own}.items())
            for name, own in settings().items()
        )
        app = stand_app.build(folder / "app", savedsearches=text)
        self._now = float(NOON)
        with Splunkd.open(folder / "home", app, clock=lambda: self._now) as splunkd:
            self._live(splunkd)
            self.live = [judged(alert) for alert in splunkd.state.fired_at(self._now)]
            self.lines = [line.text for line in splunkd.log.lines(component="SavedSplunker")]
            events = list(splunkd.index.events())
        searches = read_saved_searches(AppConfs(app).conf("savedsearches"))
        self.memory = AlertMemory()
        self.history: History = Scheduler(searches, SplEngine(app), memory=self.memory).run(events)
        self.simulated = [judged(alert) for alert in self.memory.fired.shown_at(self._now)]

    def _live(self, splunkd: Splunkd) -> None:
        waiting = list(EVENTS)
        end = NOON + 60 + RUN_ON_SECONDS
        splunkd.scheduler.tick(self._now)
        for slot in range(NOON + SLOT, end + 60 * EVENTS[-1][0], SLOT):
            while waiting and NOON + 60 * waiting[0][0] <= slot:
                minute, who, host, source = waiting.pop(0)
                self._now = float(NOON + 60 * minute)
                event = InputEvent(f'{{"who": "{who}"}}', self._now, host, source, "fake:json", "fake")
                splunkd.index.add([event])
            self._now = float(slot)
            splunkd.scheduler.tick(self._now)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("both"))


@pytest.mark.parametrize("name", settings())
def test_the_same_triggers(both: Both, name: str) -> None:
    live = [alert for alert in both.live if alert[0] == name]
    assert [alert for alert in both.simulated if alert[0] == name] == live
    lines = [line for line in both.lines if f';{name}"' in line]
    assert len(lines) == both.history.runs // len(settings())
    assert _sum("triggered", lines) == len(live) or name == "untracked"
    assert _sum("suppressed", lines) == 0 or "alert.suppress" in settings()[name]


def _sum(word: str, lines: list[str]) -> int:
    return sum(int(line.split(f"{word}=")[1].split(",")[0]) for line in lines)


def test_the_table_is_worth_its_name(both: Both) -> None:
    """Each condition holds in some runs and not in others; each way to throttle holds something back."""
    runs = both.history.runs // len(settings())
    fired = {name: sum(alert[0] == name for alert in both.live) for name in settings()}
    for name in settings():
        if name.startswith(("number of", "custom")) and name != "custom head 0":
            assert 0 < fired[name] < runs, name
    assert fired["always"] == runs and fired["custom head 0"] == 0 and fired["untracked"] == 0
    untracked = [finding for finding in both.history.findings if finding["search"] == "untracked"]
    assert len(untracked) == len(EVENTS)
    assert fired["period 1 any"] < runs and fired["field 0 any"] < fired["free 0 any"]
    assert both.history.suppressed == _sum("suppressed", both.lines)


def test_both_remember_the_same(both: Both, tmp_path: Path) -> None:
    """A living stand-in that goes on from a simulation throttles and compares as that one would have."""
    app = stand_app.build(tmp_path / "app")
    now = float(NOON + 130 * 60)
    with Splunkd.open(tmp_path / "home", app, clock=lambda: now) as splunkd:
        splunkd.go_on_from(both.memory, now)
        assert [judged(alert) for alert in splunkd.state.fired_at(now)] == [
            judged(alert) for alert in both.memory.fired.shown_at(now)
        ]
        assert splunkd.alerting.throttle.holding(now) == both.memory.throttle().holding(now) != {}
        assert {name: splunkd.state.count(name) for name in both.memory.counts} == both.memory.counts
