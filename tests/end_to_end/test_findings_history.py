"""From a trigger to the history of findings: the alert action as splunkd starts it, each finding exactly once."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import splunklib.results

from sandbox.splunkd.daemon import Splunkd
from sandbox.splunkd.home import repository_root
from sandbox.splunkd.inputs import InputEvent
from tests.sandbox import stand_app

pytestmark = pytest.mark.once

NOON = 1_709_553_600  # 2024-03-04 12:00:00 UTC, a Monday
BURST = "Slack - Failed Sign-ins by Account - Rule"
GRANT = "Slack - Owner Granted - Rule"
COLLECTION = "slack_audit_findings"
ACTION = repository_root() / "bin" / "slack_audit_finding.py"


def person(name: str) -> dict[str, Any]:
    return {"type": "user", "user": {"id": f"W0{name.upper()}", "name": name, "email": f"{name}@corp.example"}}


def failure(number: int, at: float, name: str = "ana") -> str:
    return json.dumps(
        {
            "id": f"failure-{name}-{number}",
            "date_create": int(at),
            "action": "user_login_failed",
            "actor": person(name),
            "entity": person(name),
            "context": {"ip_address": "203.0.113.9"},
        }
    )


class World:
    """A stand-in on a clock set by hand, with some alerts switched on."""

    def __init__(self, folder: Path, settings: dict[str, dict[str, str]]) -> None:
        self._folder = folder
        self.now = float(NOON)
        self.splunkd = self._open()
        for name, more in settings.items():
            self.splunkd.conf_store.write("savedsearches", name, {"disabled": "0", **more})
        self.splunkd.scheduler.tick(self.now)

    def _open(self) -> Splunkd:
        return Splunkd.open(self._folder, repository_root(), clock=lambda: self.now, arrival=lambda at, raw: self.now)

    def restart(self, after: float = 0.0) -> None:
        self.splunkd.close()
        self.now += after
        self.splunkd = self._open()

    def add(self, *raws: str) -> None:
        self.splunkd.index.add(
            [InputEvent(raw, None, "h", "slack_audit", "slack:audit", "slack_audit") for raw in raws]
        )

    def run_until(self, end: float, step: float = 600.0) -> None:
        while self.now < end:
            self.now = min(self.now + step, end)
            self.splunkd.scheduler.tick(self.now)

    def triggers(self, name: str) -> int:
        return sum(alert.search == name for alert in self.splunkd.state.fired_at(self.now))

    def search(self, spl: str) -> list[dict[str, Any]]:
        answer = self.connect().jobs.oneshot(spl, output_mode="json", earliest_time="-30d", latest_time="+1d")
        return [row for row in splunklib.results.JSONResultsReader(answer) if isinstance(row, dict)]

    def connect(self) -> Any:
        return stand_app.connect(self.splunkd.uri, self.splunkd.admin_password)

    def written(self) -> list[dict[str, Any]]:
        """Every event of the history, repeats included."""
        rows = self.search('search index=slack_audit sourcetype="slack:audit:finding"')
        return [json.loads(row["_raw"]) for row in rows]

    def log(self) -> str:
        path = self.splunkd.home.logs / "slack_audit_monitor.log"
        return path.read_text(encoding="utf-8") if path.is_file() else ""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, {BURST: {}, GRANT: {}})
    yield made
    made.splunkd.close()


@pytest.fixture
def unthrottled(tmp_path: Path) -> Iterator[World]:
    """Throttling off: every overlapping window triggers again."""
    made = World(tmp_path, {BURST: {"alert.suppress": "0"}})
    yield made
    made.splunkd.close()


def test_a_trigger_becomes_a_record_that_is_found_by_its_fields(world: World) -> None:
    world.add(*(failure(number, NOON + 30 * number) for number in range(12)))
    world.run_until(NOON + 1200)
    (record,) = world.search("search `slack_audit_findings` | search rule_id=U01 user=ana@corp.example")
    assert record["entity"] == "W0ANA" and record["severity"] == "medium" and record["tier"] == "review"
    assert record["search_name"] == BURST and "_at_" in record["sid"]
    assert float(record["finding_time"]) == NOON + 330  # the latest failure, not the moment of the trigger
    assert record["_time"].startswith("2024-03-04T12:05:30")
    assert NOON + 330 < float(record["trigger_time"]) <= world.now
    assert sorted(record["event_ids"]) == sorted(f"failure-ana-{number}" for number in range(12))
    assert "form.account=ana@corp.example" in record["investigation"]
    kept = world.splunkd.kvstore.query(COLLECTION, {})
    assert [row["finding_id"] for row in kept] == [record["finding_id"]]
    assert f"finding_id={record['finding_id']}" in world.log()


def test_opening_the_search_by_hand_records_nothing(world: World) -> None:
    world.add(*(failure(number, NOON + 30 * number) for number in range(12)))
    world.now = NOON + 900
    job = world.connect().saved_searches[BURST].dispatch()
    while not job.is_done():
        pass
    assert int(job["resultCount"]) == 1
    assert world.written() == []


def test_overlapping_windows_write_one_record_though_the_burst_grows(unthrottled: World) -> None:
    world = unthrottled
    world.add(*(failure(number, NOON + 30 * number) for number in range(12)))
    world.run_until(NOON + 600)
    world.add(*(failure(number, NOON + 30 * number) for number in range(12, 25)))
    world.run_until(NOON + 3 * 3600)
    assert world.triggers(BURST) > 1
    assert len(world.written()) == 1


def test_another_burst_of_the_same_account_is_another_record(unthrottled: World) -> None:
    world = unthrottled
    world.add(*(failure(number, NOON + 30 * number) for number in range(12)))
    world.run_until(NOON + 4 * 3600)
    world.add(*(failure(number, world.now + 30 * (number - 100)) for number in range(100, 112)))
    world.run_until(NOON + 8 * 3600)
    assert len(world.written()) == 2
    assert len(world.search("search `slack_audit_findings`")) == 2


def test_a_day_without_the_scheduler_is_made_up_for_once(unthrottled: World) -> None:
    world = unthrottled
    world.add(*(failure(number, NOON + 30 * number) for number in range(12)))
    world.restart(after=86_400)
    world.run_until(world.now + 1200)
    assert world.triggers(BURST) > 1
    assert len(world.written()) == 1
    world.restart(after=60)
    world.run_until(world.now + 3600)
    assert len(world.written()) == 1


def test_two_accounts_of_one_run_are_two_records(world: World) -> None:
    for name in ("ana", "bo"):
        world.add(*(failure(number, NOON + 30 * number, name) for number in range(12)))
    world.run_until(NOON + 1200)
    assert sorted(record["entity"] for record in world.written()) == ["W0ANA", "W0BO"]


# -- the process alone: what it says, and with which status it ends


def execute(world: World, given: str | None = None, **more: Any) -> subprocess.CompletedProcess[str]:
    payload = {
        "search_name": "By hand",
        "sid": "1709553600.1",
        "server_uri": world.splunkd.uri,
        "session_key": world.splunkd.sessions.open_for("splunk-system-user"),
        "configuration": {"index": "slack_audit"},
        "result": {"rule_id": "U99", "entity": "e", "_time": str(NOON), "event_ids": "one\ntwo"},
        **more,
    }
    return subprocess.run(
        [sys.executable, str(ACTION), "--execute"],
        input=json.dumps(payload) if given is None else given,
        capture_output=True,
        text=True,
        env={**world.splunkd.home.environment()},
        timeout=240,
        check=False,
    )


def test_a_death_between_event_and_row_repeats_but_readers_see_one(world: World) -> None:
    assert execute(world).returncode == 0
    for row in world.splunkd.kvstore.query(COLLECTION, {}):
        world.splunkd.kvstore.delete(COLLECTION, {"_key": row["_key"]})
    assert execute(world).returncode == 0
    assert len(world.written()) == 2
    assert len(world.search("search `slack_audit_findings`")) == 1
    assert execute(world).returncode == 0
    assert len(world.written()) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"configuration": {"index": "nowhere"}}, "nowhere"),
        ({"session_key": "an-expired-key"}, "status 401"),
        ({"result": {"entity": "e"}}, "has no rule_id"),
        ({"result": {}}, "no results"),
        ({"result": {}, "results_file": "/nowhere/results.csv.gz"}, "cannot be read"),
    ],
)
def test_what_cannot_be_recorded_is_one_clear_line_and_a_status(world: World, more: dict[str, Any], said: str) -> None:
    done = execute(world, **more)
    assert done.returncode == 1
    errors = [line for line in world.log().splitlines() if "level=ERROR" in line]
    assert len(errors) == 1 and said in errors[0] and "finding_not_recorded" in errors[0]
    key = str(more.get("session_key", ""))
    for text in (world.log(), done.stdout, done.stderr):
        assert "Traceback" not in text and (not key or key not in text)
    assert world.written() == []


@pytest.mark.parametrize("given", ["", "<alert/>", '{"server_uri": "http://127.0.0.1:1"}'])
def test_a_payload_that_is_none_is_one_clear_line(world: World, given: str) -> None:
    done = execute(world, given)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_row_that_is_no_finding_does_not_stop_the_others(world: World, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"rule_id,entity,_time\nU98,a,1709553600\n,b,1\nU98,c,1709553600\n"))
    done = execute(world, results_file=str(path))
    assert done.returncode == 1
    assert sorted(record["entity"] for record in world.written()) == ["a", "c"]
